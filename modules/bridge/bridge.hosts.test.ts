import { describe, expect, it } from 'vitest';
import { replay, type RecordedCase } from '../../src/sdk/testing/recorded.ts';
import { bridge } from './index.ts';
import type { State } from './read.ts';
import { bridgeSteps } from './steps.ts';

const data = { forward_delay: 1500, ageing_time: 30000, stp_state: 0, vlan_filtering: 1, mcast_snooping: 1 };
const br0 = (fields: object = {}): string =>
  `ip br0 ${JSON.stringify([{ ifindex: 5, ifname: 'br0', flags: ['UP'], mtu: 1500, linkinfo: { info_kind: 'bridge', info_data: data }, addr_info: [], ...fields }])}`;
/** What a host answers that has the bridge, with these further lines of the probe. */
const host = (lines: readonly string[], vlans: RecordedCase['outputs'][string] = {}): RecordedCase['outputs'] => ({
  links: { stdout: [...lines, ''] },
  vlans,
});
const vlansOf = (...list: readonly object[]) => ({ stdout: [JSON.stringify(list)] });
const said = (params: object, outputs: RecordedCase['outputs']) =>
  replay(bridge, { params: { name: 'br0', ...params } }, outputs);

describe('VLANs of a host', () => {
  const one = { vlan: 1, flags: ['PVID', 'Egress Untagged'] };
  it('are those of the bridge and of its ports, not of other bridges', () => {
    const vlans = vlansOf(
      { ifname: 'br0', vlans: [one] },
      { ifname: 'eth1', vlans: [one, { vlan: 10, vlanEnd: 11 }] },
      { ifname: 'eth7', vlans: [one] },
    );
    const answer = said({ vlans: [{ port: 'br0', vlan: 10 }] }, host([br0(), 'routes br0 []', 'port eth1'], vlans));
    expect(answer.state).toMatchObject({
      vlans: ['br0 1 pvid untagged', 'eth1 1 pvid untagged', 'eth1 10', 'eth1 11'],
    });
    expect(answer.changes).toEqual([
      'vlans: ["br0 1 pvid untagged","eth1 1 pvid untagged","eth1 10","eth1 11"] -> ["br0 10","eth1 1 pvid untagged","eth1 10","eth1 11"]',
    ]);
  });
  it('are none where no bridge is', () => {
    const none = { code: 255, stderr: ['Cannot find bridge device'] };
    expect(said({ vlan_filtering: true }, host([], none))).toMatchObject({
      state: null,
      steps: [
        'sh "[ -e \\"/sys/class/net/$1/bridge\\" ] || ip link add name \\"$1\\" ${2:+address \\"$2\\"} type bridge" br0',
        'ip link set dev br0 type bridge vlan_filtering 1',
        'ip link set dev br0 up',
      ],
    });
  });
});

describe('the ageing time of a spanning tree that changes', () => {
  const info = { ...data, stp_state: 1, forward_delay: 400, ageing_time: 800 };
  const on = (params: object, fields: object) =>
    said(
      params,
      host([br0({ linkinfo: { info_kind: 'bridge', info_data: { ...info, ...fields } } }), 'routes br0 []']),
    );
  const hidden = { topology_change: 1 };
  const change = 'ageing_time: 8 -> 300';
  it.each<[string, object, object, readonly string[], string]>([
    ['is hidden', { ageing_time: 300 }, hidden, [], ''],
    ['is that of a tree at rest', { ageing_time: 300 }, { topology_change: 0 }, [change], 'ageing_time 30000'],
    [
      'was set since',
      { ageing_time: 300 },
      { ...hidden, ageing_time: 700 },
      ['ageing_time: 7 -> 300'],
      'ageing_time 30000',
    ],
    ['is written with the rest', { ageing_time: 300, mtu: 1400 }, hidden, ['mtu: 1500 -> 1400'], 'ageing_time 30000'],
    ['is left alone', { mtu: 1400 }, hidden, ['mtu: 1500 -> 1400'], 'mtu 1400'],
  ])('%s', (_what, params, fields, changes, step) => {
    const answer = on(params, fields);
    expect(answer.changes).toEqual(changes);
    expect(answer.steps?.join('\n')).toContain(step);
    expect(answer.steps?.join('\n').includes('ageing_time')).toBe(step.includes('ageing_time'));
  });
});

describe('warns of a loop', () => {
  const uplinks = ['link eth1 physical 1 br0', 'link eth2 physical 1 '];
  const loop = 'eth1 and eth2 in one bridge without stp: if they go to the same network, it is a loop';
  const ports = ['eth1', 'eth2'];
  const with1 = { ...data, stp_state: 1 };
  it.each<[string, object, readonly string[], readonly string[] | undefined]>([
    ['two cards', { ports }, [br0(), ...uplinks], [loop]],
    ['two cards of a bridge to come', { ports }, uplinks, [loop]],
    ['stp to come', { ports, stp: true }, [br0(), ...uplinks], undefined],
    [
      'stp to go',
      { ports, stp: false },
      [br0({ linkinfo: { info_kind: 'bridge', info_data: with1 } }), ...uplinks],
      [loop],
    ],
    [
      'stp that is there',
      { ports },
      [br0({ linkinfo: { info_kind: 'bridge', info_data: with1 } }), ...uplinks],
      undefined,
    ],
    ['one card', { ports: ['eth1'] }, [br0(), ...uplinks], undefined],
  ])('%s', (_name, params, lines, warnings) => {
    expect(said(params, host(lines)).warnings).toEqual(warnings);
  });
});

describe('ports', () => {
  it('that others have put there go, but those of machines', () => {
    const answer = said({ purge_ports: true }, host([br0(), 'port eth1', 'port tap0', 'port vnet3']));
    expect(answer).toMatchObject({
      changes: ['ports: ["eth1","tap0","vnet3"] -> ["tap0","vnet3"]'],
      steps: ['ip -batch - < "link set dev eth1 nomaster\\n"'],
    });
  });
  it('that somebody has set down come up, and go down again with an undo', () => {
    const answer = said({ ports: ['eth1'] }, host([br0(), 'port eth1', 'link eth1 virtual 0 br0']));
    expect(answer).toMatchObject({
      changes: ['down: ["eth1"] -> []'],
      steps: ['ip link set dev eth1 up'],
      undo: ['ip link set dev eth1 down'],
    });
  });
  it('that were down before go down when an undo takes them out', () => {
    const answer = said({ ports: ['eth2'] }, host([br0(), 'link eth2 virtual 0 ']));
    expect(answer.undo).toEqual(['ip -batch - < "link set dev eth2 nomaster down\\n"']);
  });
  it('come up before they enter a bridge that filters, which may take a moment', () => {
    const answer = said({ ports: ['eth2'], vlan_filtering: true }, host([br0(), 'link eth2 virtual 0 '], vlansOf()));
    expect(answer.steps).toEqual([
      'sh "lines=$(cat) try=0" 50 < "link set dev eth2 up\\nlink set dev eth2 master br0 up\\n"',
    ]);
  });
});

describe('odd answers', () => {
  it('a bridge without a MAC address', () => {
    expect(said({}, host([br0()])).state).toMatchObject({ mac: null, vlan_filtering: true });
    expect(said({}, host([br0({ address: '02:00:00:00:00:01' })])).state).toMatchObject({ mac: '02:00:00:00:00:01' });
  });
  it('a bridge of which the tool tells nothing', () => {
    const bare = br0({ linkinfo: { info_kind: 'bridge' } });
    expect(said({}, host([bare])).refused).toContain('ip -d -j link show type bridge');
  });
});

describe('steps from as much as is known', () => {
  const argv = (from: Partial<State> | null, to: Partial<State> | null) =>
    bridgeSteps('br0', undefined, from, to).map((step) => (step.kind === 'exec' ? step.argv.join(' ') : step.kind));
  it.each<[string, Partial<State> | null, Partial<State> | null, readonly string[]]>([
    [
      'a port of which nothing else is said',
      { down: ['eth1'], ports: ['eth1'] },
      { down: [] },
      ['ip link set dev eth1 up'],
    ],
    ['a port of a bridge whose ports are not known', { down: ['eth1'] }, { down: [] }, []],
    [
      'times',
      { forward_delay: 15 },
      { forward_delay: 2, ageing_time: 0.5 },
      ['ip link set dev br0 type bridge forward_delay 200 ageing_time 50'],
    ],
  ])('%s', (_name, from, to, expected) => {
    expect(argv(from, to)).toEqual(expected);
  });
});
