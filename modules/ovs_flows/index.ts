import {
  absent,
  bridgesOf,
  defineModule,
  missing,
  needBridge,
  ovsDatabase,
  refuse,
  snippet,
  type OvsBridge,
  type Step,
} from '../../src/sdk/index.ts';
import { chainWarnings } from './chain.ts';
import { readFlow, type FlowText } from './flow-text.ts';
import { flowScript, look, type Look } from './look.ts';
import { OvsFlows } from './params.ts';
import type { Flow } from './parse.ts';

type State = {
  /** What each flow does, by what it matches: those that were asked for, and those that are ours. */
  flows: { readonly [match: string]: string | null };
  /** Never wanted: interfaces of the bridge, over all of which a change passes. */
  links: readonly string[];
};
type Prepared = OvsFlows & { readonly texts: readonly FlowText[] };

export const ovsFlows = defineModule({
  name: 'ovs_flows',
  summary: 'OpenFlow flows of an Open vSwitch bridge: service chains',
  params: OvsFlows,
  examples: [
    {
      title: 'A chain through one virtual network function, and back',
      params: {
        bridge: 'br-sfc',
        flows: [
          'in_port=port1,actions=output:port2',
          'in_port=port3,actions=output:port4',
          'in_port=port4,actions=output:port3',
          'in_port=port2,actions=output:port1',
        ],
      },
    },
    {
      title: 'All flows with a cookie of ours, and no others with it',
      params: {
        bridge: 'br-sfc',
        state: 'exact',
        cookie: '0x6b76',
        flows: ['priority=100,tcp,tp_dst=80,actions=output:port2', 'priority=0,actions=drop'],
      },
    },
    { title: 'None of our flows', params: { bridge: 'br-sfc', cookie: '0x6b76', state: 'absent' } },
  ],
  requires: 'openvswitch-switch (openvswitch on RHEL), running; the bridge and its ports',
  prepare: async (p, files): Promise<Prepared> => {
    const lines = p.src === undefined ? (p.flows ?? []) : await readLines(p.src, files);
    return { ...p, texts: readTexts(p, lines) };
  },
  probes: (p) => ({
    ovs: ovsDatabase,
    look: look(
      p.bridge,
      p.protocols ?? '',
      p.texts.map(({ text }) => text),
    ),
  }),
  state: (seen, p): State | null => {
    const bridge = bridgesOf(seen.ovs, p.state === 'absent' ? 'absent' : 'present').find(
      ({ name }) => name === p.bridge,
    );
    if (bridge === undefined || seen.look === null) return absent;
    const asked = new Set(seen.look.wanted.map(({ match }) => match));
    const all = p.state === 'exact' || (p.state === 'absent' && p.texts.length === 0);
    const ours = (flow: Flow): boolean =>
      asked.has(flow.match) || (all && (p.owned || flow.cookie === p.cookie) && (p.table ?? flow.table) === flow.table);
    const flows = byMatch(seen.look.current.filter(ours));
    if (p.state === 'absent' && Object.keys(flows).length === 0) return absent;
    return { flows, links: bridge.ports.flatMap((port) => port.interfaces.map(({ name }) => name)) };
  },
  want: (p, now, seen) => {
    if (p.state === 'absent') return null;
    const bridge = needBridge(bridgesOf(seen.ovs, 'present'), p.bridge);
    const controller = bridge.controllers.find(({ connected }) => connected);
    if (p.state === 'exact' && controller !== undefined) {
      throw refuse(
        `the controller ${controller.target} is connected to ${p.bridge} and owns its flows`,
        'use state: present, or take the controller away: ovs_bridge with controllers: []',
      );
    }
    if (seen.look === null)
      throw missing(
        'ovs-ofctl is not installed',
        'install it: package: { name: openvswitch-switch } (openvswitch on RHEL)',
      );
    checkWanted(p, bridge, seen.look);
    const wanted = byMatch(seen.look.wanted);
    const others = p.state === 'exact' ? Object.keys({ ...now?.flows }).filter((match) => !(match in wanted)) : [];
    return { flows: { ...wanted, ...Object.fromEntries(others.map((match) => [match, null])) } };
  },
  steps: (from, to, p) => flowSteps(p, from, to),
  touches: (from, to, p) => {
    const same = flowSteps(p, from ?? { flows: {} }, to).length === 0;
    return same ? 'none' : { links: [...new Set([p.bridge, ...(from?.links ?? to?.links ?? [])])] };
  },
  // All flows are gone when ovs-vswitchd restarts.
  boot: (p) => ({
    id: [
      p.bridge,
      ...(p.cookie === undefined ? [] : [p.cookie]),
      ...(p.table === undefined ? [] : [`table${p.table}`]),
    ].join('-'),
    state: null,
    anchor: { unit: 'ovs-vswitchd.service' },
    after: ['ovs-vswitchd.service'],
    partOf: ['ovs-vswitchd.service'],
  }),
  warnings: (p, _, seen) => {
    const bridge = seen.ovs?.bridges.find(({ name }) => name === p.bridge);
    return bridge === undefined || p.state === 'absent' ? [] : chainWarnings(bridge, p.texts);
  },
});

async function readLines(
  src: string,
  files: { resolve(path: string, kind: 'files'): string; read(path: string): Promise<Uint8Array> },
): Promise<readonly string[]> {
  const text = new TextDecoder().decode(await files.read(files.resolve(src, 'files')));
  return text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
}

/** @throws KvmnetError `refused` */
function readTexts(p: OvsFlows, lines: readonly string[]): readonly FlowText[] {
  try {
    return lines.map((line) => readFlow(line, { cookie: p.cookie, table: p.table, byName: p.by_name }));
  } catch (error) {
    if (error instanceof RangeError)
      throw refuse(error.message, 'flows are written as ovs-ofctl(8) and ovs-fields(7) say');
    throw error;
  }
}

const byMatch = (flows: readonly Flow[]): { readonly [match: string]: string } =>
  Object.fromEntries(flows.map(({ match, rest }) => [match, rest]));

/** @throws KvmnetError */
function checkWanted(p: Prepared, bridge: OvsBridge, { wanted, problem }: Look): void {
  const interfaces = bridge.ports.flatMap((port) => port.interfaces.map(({ name }) => name));
  const unknown = p.texts.flatMap(({ ports }) => ports).find((name) => !interfaces.includes(name));
  if (unknown !== undefined) {
    throw missing(
      `${p.bridge} has no port ${unknown}`,
      `add it first: ovs_port: { bridge: ${p.bridge}, name: ${unknown} }`,
    );
  }
  switch (problem?.kind) {
    case 'port':
      throw missing(
        `the port ${problem.text} has no OpenFlow number yet`,
        `bring it up, or give it one: ovs_port with ofport_request`,
      );
    case 'normalized':
      throw refuse(
        `a flow asks for less than it says: ${problem.text}`,
        'name what the field belongs to, e.g. tcp with tp_dst',
      );
    case 'protocol':
      throw refuse(
        `ovs-ofctl cannot say these flows: ${problem.text}`,
        'pop_vlan and strip_vlan need a match on the VLAN (vlan_tci=0x1000/0x1000); enqueue and the like may be of OpenFlow 1.0 only',
      );
    case 'flow':
      throw refuse(
        `ovs-ofctl does not take a flow (line:word): ${problem.text}`,
        'flows are written as ovs-ofctl(8) and ovs-fields(7) say',
      );
    default:
  }
  const matches = wanted.map(({ match }) => match);
  const twice = matches.find((match, i) => matches.indexOf(match) !== i);
  if (twice !== undefined)
    throw refuse(
      `two flows have the same match ${twice}`,
      'a bridge keeps one of them: give them priorities, or take one out',
    );
}

function flowSteps(p: Prepared, from: Partial<State> | null, to: Partial<State> | null): readonly Step[] {
  // At boot numbers may be others than they were: names say it.
  const anew = from === null && p.state !== 'absent';
  const lines = anew ? p.texts.map(({ text }) => `add ${text}`) : changes(from?.flows ?? {}, to?.flows ?? {});
  if (lines.length === 0 || (from === null && to === null)) return [];
  return [
    snippet(flowScript, [p.bridge, p.protocols ?? '', 'change'], { stdin: lines.map((line) => `${line}\n`).join('') }),
  ];
}

const changes = (from: State['flows'], to: State['flows']): readonly string[] => [
  ...Object.entries(from).flatMap(([match, rest]) =>
    rest !== null && (to[match] ?? null) === null ? [`delete_strict ${match}`] : [],
  ),
  ...Object.entries(to).flatMap(([match, rest]) =>
    rest !== null && from[match] !== rest ? [`add ${match},${rest}`] : [],
  ),
];
