import {
  absent,
  addMirror,
  blankRow,
  bridgesOf,
  defineModule,
  listColumn,
  mapColumn,
  mirrorState,
  needBridge,
  numberColumn,
  ovsDatabase,
  refuse,
  sh,
  snippet,
  sortedSet,
  type OvsMap,
  type OvsMirrorState,
  type Step,
} from '../../src/sdk/index.ts';
import { OvsMirror } from './params.ts';

type State = {
  select_all: boolean;
  select_src_port: readonly string[];
  select_dst_port: readonly string[];
  select_vlan: readonly (string | number)[];
  output_port: string | null;
  output_vlan: number | null;
  snaplen: number | null;
  external_ids: OvsMap;
  /** Others of the same name on the same bridge. */
  stale: readonly OvsMirrorState[];
};
type Goal = Partial<State>;

export const ovsMirror = defineModule({
  name: 'ovs_mirror',
  summary: 'Copies of frames for a port or a VLAN that listens',
  params: OvsMirror,
  examples: [
    {
      title: 'All that a virtual machine sends and gets, for an analyser',
      params: {
        bridge: 'ovs-br0',
        name: 'tap-web1',
        select_src_port: ['vnet0'],
        select_dst_port: ['vnet0'],
        output_port: 'ids0',
      },
    },
    {
      title: 'Headers of two VLANs, into a VLAN of their own',
      params: {
        bridge: 'ovs-br0',
        name: 'span',
        select_all: true,
        select_vlan: [10, 20],
        output_vlan: 999,
        snaplen: 128,
      },
    },
    { title: 'No such mirror', params: { bridge: 'ovs-br0', name: 'span', state: 'absent' } },
  ],
  requires: 'openvswitch-switch (openvswitch on RHEL), running; the bridge and its ports',
  probes: () => ({ ovs: ovsDatabase }),
  state: (seen, p): State | null => {
    const bridge = bridgesOf(seen.ovs, p.state).find((item) => item.name === p.bridge);
    const [mirror, ...stale] = (bridge?.mirrors ?? []).filter((item) => item.name === p.name).map(mirrorState);
    if (mirror === undefined) return absent;
    const { select_all, select_vlan, output_vlan, snaplen, external_ids } = mirror.columns;
    return {
      select_all: select_all === true,
      select_src_port: mirror.select_src_port,
      select_dst_port: mirror.select_dst_port,
      select_vlan: listColumn(select_vlan),
      output_port: mirror.output_port,
      output_vlan: numberColumn(output_vlan),
      snaplen: numberColumn(snaplen),
      external_ids: mapColumn(external_ids),
      stale,
    };
  },
  want: (p, _, seen) => {
    if (p.state === 'absent') return null;
    const bridge = needBridge(bridgesOf(seen.ovs, p.state), p.bridge);
    const [src, dst] = [sortedSet(p.select_src_port ?? []), sortedSet(p.select_dst_port ?? [])];
    const ports = bridge.ports.map(({ name }) => name);
    const unknown = [...src, ...dst, ...(p.output_port === undefined ? [] : [p.output_port])].find(
      (name) => !ports.includes(name),
    );
    if (unknown !== undefined) {
      throw refuse(
        `${unknown} is no port of ${p.bridge}`,
        `add it first: ovs_port: { bridge: ${p.bridge}, name: ${unknown} }`,
      );
    }
    const [twin] = bridge.mirrors.flatMap(({ name, output }) =>
      name !== p.name && output !== null && (src.includes(output) || dst.includes(output)) ? [{ name, output }] : [],
    );
    if (twin !== undefined) {
      throw refuse(
        `${twin.output} gets the copies of the mirror ${twin.name}, and carries nothing else`,
        'leave it out of what is selected',
      );
    }
    return {
      select_all: p.select_all ?? false,
      select_src_port: src,
      select_dst_port: dst,
      select_vlan: p.select_vlan ?? [],
      output_port: p.output_port ?? null,
      output_vlan: p.output_vlan ?? null,
      snaplen: p.snaplen ?? null,
      external_ids: p.external_ids,
      stale: [],
    };
  },
  steps: (from, to, p) => mirrorSteps(p, from, to),
  // A port that gets copies carries nothing else from then on.
  touches: (from, to) => {
    const links = [from?.output_port, to?.output_port].filter((port) => typeof port === 'string');
    return links.length === 0 || from?.output_port === to?.output_port ? 'none' : { links };
  },
  settle: { timeout: 5 },
});

/** A mirror has no name that Open vSwitch would hold unique: all of that name go, and what is wanted is made, in one transaction. */
function mirrorSteps(p: OvsMirror, from: Goal | null, to: Goal | null): readonly Step[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  const wanted = to === null ? [] : [rowsOf(p.name, to), ...(to.stale ?? [])];
  const make = wanted.flatMap((mirror, i) => addMirror(p.bridge, mirror, `${i}`));
  return [snippet(replaceScript, [p.bridge, JSON.stringify(p.name), ...make.flatMap((command) => ['--', ...command])])];
}

const rowsOf = (name: string, state: Goal): OvsMirrorState => ({
  name,
  columns: {
    ...blankRow('Mirror'),
    select_all: state.select_all ?? false,
    select_vlan: state.select_vlan ?? [],
    output_vlan: state.output_vlan ?? null,
    snaplen: state.snaplen ?? null,
    external_ids: state.external_ids ?? {},
  },
  select_src_port: state.select_src_port ?? [],
  select_dst_port: state.select_dst_port ?? [],
  output_port: state.output_port ?? null,
});

// "$1" bridge, "$2" name as JSON, then the commands that make new ones. Identifiers have no white space in them.
const replaceScript = sh`b=$1
all=$(ovs-vsctl --timeout=10 get Bridge "$b" mirrors) || exit
named=$(ovs-vsctl --timeout=10 --bare --columns=_uuid find Mirror "name=$2") || exit
shift 2
for u in $named; do
  case $all in *"$u"*) set -- -- remove Bridge "$b" mirrors "$u" "$@" ;; esac
done
[ "$#" -gt 0 ] || exit 0
ovs-vsctl --timeout=30 "$@" >/dev/null || [ $? -eq 142 ]`;
