import {
  absent,
  bridgesOf,
  defineModule,
  layer3,
  linkConfigFiles,
  linkConfigWarnings,
  noProbe,
  ovsDatabase,
  parseNetwork,
  refuse,
  sh,
  sortedSet,
  wantMap,
  wantUnlessDefault,
  type Layer3Seen,
  type Touches,
} from '../../src/sdk/index.ts';
import { OvsBridge } from './params.ts';
import { linkExists, readState, type Controller, type State } from './read.ts';
import { moveWarnings, readMove, wantMove, wordsOf } from './move.ts';
import { bridgeCommands, bridgeSteps, type Goal } from './steps.ts';

export const ovsBridge = defineModule({
  name: 'ovs_bridge',
  summary: 'A bridge of Open vSwitch, with its OpenFlow controllers',
  params: OvsBridge,
  examples: [
    { title: 'A bridge for virtual machines', params: { name: 'ovs-br0' }, needs: 'vm' },
    {
      title: 'A bridge in userspace that an SDN controller runs',
      params: {
        name: 'br-sdn',
        datapath_type: 'netdev',
        fail_mode: 'secure',
        protocols: ['OpenFlow13'],
        controllers: ['tcp:10.0.0.5:6653', { target: 'tcp:10.0.0.6:6653', connection_mode: 'out-of-band' }],
      },
    },
    {
      title: 'Spanning tree and multicast snooping',
      params: {
        name: 'br-lan',
        datapath_type: 'netdev',
        rstp: true,
        mcast_snooping: true,
        other_config: { 'mcast-snooping-aging-time': 300 },
      },
    },
    {
      title: 'The uplink into a bridge, with the addresses that it has; who comes over it can still do so',
      params: { name: 'br-mgmt', datapath_type: 'netdev', move_ip_from: 'eth1' },
    },
    { title: 'No such bridge', params: { name: 'ovs-br0', state: 'absent' } },
  ],
  requires: 'openvswitch-switch (openvswitch on RHEL), running',
  probes: (p) => ({
    ovs: ovsDatabase,
    link: linkExists(p.name),
    files: p.state === 'present' ? linkConfigFiles(p.name) : noProbe<readonly string[]>([]),
    moving:
      p.move_ip_from === undefined
        ? noProbe<ReadonlyMap<string, Layer3Seen>>(new Map())
        : layer3(p.name, p.move_ip_from),
    nicFiles: p.move_ip_from === undefined ? noProbe<readonly string[]>([]) : linkConfigFiles(p.move_ip_from),
  }),
  state: (seen, p): State | null => {
    const bridges = bridgesOf(seen.ovs, p.state);
    const bridge = bridges.find((item) => item.name === p.name);
    const nic = p.move_ip_from;
    if (bridge !== undefined) {
      return readState(bridge, nic, nic === undefined ? null : readMove(seen.moving, p.name, nic));
    }
    const owner = bridges.find((item) => item.ports.some((port) => port.name === p.name));
    if (owner === undefined) return absent;
    const fake = owner.ports.find((port) => port.name === p.name)?.config['fake_bridge'] === true;
    throw refuse(
      fake ? `${p.name} is a fake bridge: a VLAN of ${owner.name}` : `${p.name} is a port of the bridge ${owner.name}`,
      fake ? 'use ports of the parent with a tag in place of it' : 'choose another name, or take that port away first',
    );
  },
  want: (p, now, seen) => {
    if (p.state === 'absent') return null;
    if (now === null && seen.link) {
      throw refuse(
        `a network interface ${p.name} exists and is none of Open vSwitch`,
        'choose another name, or remove that interface first',
      );
    }
    checkTree(p, now);
    const nic = p.move_ip_from;
    const move = nic === undefined ? undefined : wantMove(seen.moving, p.name, nic, bridgesOf(seen.ovs, p.state));
    const mac = nic === undefined || now?.other_config['hwaddr'] !== undefined ? undefined : seen.moving.get(nic)?.mac;
    // As DHCP and switches know the link.
    const config = mac === undefined ? p.other_config : { hwaddr: mac, ...p.other_config };
    return {
      datapath_type: wantUnlessDefault(p.datapath_type, now?.datapath_type, 'system', null),
      fail_mode: p.fail_mode,
      protocols: p.protocols === undefined ? undefined : sortedSet(p.protocols ?? []),
      controllers:
        p.controllers === undefined
          ? undefined
          : (p.controllers ?? []).map(wantController).toSorted((a, b) => (a.target < b.target ? -1 : 1)),
      other_config: wantMap(config, now?.other_config, p.replace),
      external_ids: wantMap(p.external_ids, now?.external_ids, p.replace),
      stp: p.stp,
      rstp: p.rstp,
      mcast_snooping: p.mcast_snooping,
      error: null,
      move,
      port: nic === undefined ? undefined : true,
    };
  },
  steps: (from, to, p, seen) =>
    bridgeSteps(p.name, from, to, {
      nic: p.move_ip_from,
      words: seen === undefined ? new Map() : wordsOf(seen.moving),
    }),
  compare: {
    protocols: 'set',
    controllers: { keyed: 'target' },
    move: { addresses: 'set', routes: 'set', nic: { addresses: 'set', routes: 'set' } },
  },
  touches: (from, to, p) => touched(p.name, from, to, p.move_ip_from),
  // The bridge and its ports come back by themselves, with the database; addresses do not.
  boot: (p) =>
    p.move_ip_from === undefined && p.state === 'present'
      ? undefined
      : {
          id: p.name,
          state: afterBoot,
          anchor: { device: p.name },
          after: ['openvswitch-switch.service', 'openvswitch.service', 'network.target'],
          keeps: (goal) => ({ ...afterBoot, move: goal.move }),
          // Each step sets what should be, whatever is there: it may run at any time.
          guard: { script: sh`false`, args: [] },
        },
  // ovs-vswitchd may take its time where ports are many.
  settle: { timeout: 10 },
  warnings: (p, now, seen) => {
    if (p.state === 'absent') {
      return now === null ? [] : [`the flows of ${p.name} go with it: undo brings back its ports, not its flows`];
    }
    return [
      ...linkConfigWarnings(p.name, seen.files),
      ...(p.move_ip_from === undefined ? [] : moveWarnings(seen.moving, p.move_ip_from, seen.nicFiles)),
    ];
  },
  returns: (_, now) => ({ ports: Object.keys(now?.ports ?? {}) }),
});

function wantController(controller: NonNullable<OvsBridge['controllers']>[number]): Controller {
  return Object.fromEntries(Object.entries(controller).filter(([, value]) => value !== undefined)) as Controller;
}

function checkTree(p: OvsBridge, now: State | null): void {
  const [stp, rstp] = [p.stp ?? now?.stp, p.rstp ?? now?.rstp];
  if (stp !== true || rstp !== true) return;
  const other = p.stp === true ? 'rstp' : 'stp';
  if (p.stp === undefined && p.rstp === undefined) return;
  throw refuse(`${p.name} has ${other} on, and both exclude each other`, `set ${other}: no with it`);
}

/** A bridge whose addresses are not there yet. */
const afterBoot: State = {
  datapath_type: null,
  fail_mode: null,
  protocols: [],
  controllers: [],
  other_config: {},
  external_ids: {},
  stp: false,
  rstp: false,
  mcast_snooping: false,
  error: null,
  ports: {},
  mirrors: [],
  more: {},
  move: { up: false, addresses: [], routes: [], nic: { addresses: [], routes: [] } },
  port: true,
};

function touched(name: string, from: Goal | null, to: Goal | null, nic: string | undefined): Touches | 'none' {
  const [was, will] = [from?.move ?? undefined, to?.move ?? undefined];
  if (nic !== undefined && JSON.stringify([was, from?.port]) !== JSON.stringify([will, to?.port])) {
    const ports = Object.values(from?.ports ?? {}).flatMap((port) => Object.keys(port.interfaces));
    const addresses = [...new Set([was, will].flatMap((move) => move?.addresses ?? []))];
    return { links: [...new Set([name, nic, ...ports])], addresses, routes: addresses.map(parseNetwork) };
  }
  if (from === null) return 'none';
  const links = [
    ...new Set([name, ...Object.values(from.ports ?? {}).flatMap((port) => Object.keys(port.interfaces))]),
  ];
  if (to === null) return { links };
  // Marks for other programs change nothing that is carried.
  const silent = (state: Goal): Goal => ({ ...state, external_ids: {} });
  if (bridgeCommands(name, silent(from), silent(to)).length === 0) return 'none';
  const rules = (state: Goal): Goal => ({ fail_mode: state.fail_mode ?? null, controllers: state.controllers ?? [] });
  const cuts = bridgeCommands(name, rules(from), rules(to)).length > 0;
  return cuts ? { links } : { links, effect: 'flap' };
}
