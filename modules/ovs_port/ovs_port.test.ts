import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { ovsPort } from './index.ts';
import type { State } from './read.ts';
import { portSteps, type Goal } from './steps.ts';

describe('parameters', () => {
  it.each(ovsPort.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(ovsPort.params.safeParse(params).error).toBeUndefined();
  });
  it('become canonical', () => {
    const given = { bridge: 'br0', name: 'p0', trunks: ['20-21', 10, '5-5'], tag: '3', ofport_request: '7' };
    expect(ovsPort.params.parse(given)).toMatchObject({ trunks: [5, 10, 20, 21], tag: 3, ofport_request: 7 });
  });
  it.each([
    [{ tag: 4095 }, 'expected a VLAN id: a whole number from 0 to 4094'],
    [
      { tag: 5, vlan_mode: 'trunk' },
      'a tag has no meaning with vlan_mode trunk: use native-untagged, or leave tag out',
    ],
    [{ trunks: [5], vlan_mode: 'access' }, 'trunks have no meaning with vlan_mode access: leave them out'],
    [{ trunks: ['20-10'] }, '"20-10" is no range of VLAN ids: write e.g. "10-19", up to 4094'],
    [{ trunks: ['4090-4095'] }, '"4090-4095" is no range of VLAN ids: write e.g. "10-19", up to 4094'],
    [{ ofport_request: 65_280 }, 'expected an OpenFlow port: a whole number from 1 to 65279'],
    [
      { name: 'a-port-of-the-kernel' },
      '"a-port-of-the-kernel" has 20 bytes, an interface name has at most 15: shorten it',
    ],
    [{ name: 'a-patch-to-another-bridge', type: 'patch', options: { peer: 'x' } }, undefined],
    [{ name: '@p' }, '"@p" is no port name: 1 to 63 bytes, no white space or /, and no - or @ at its beginning'],
    [{ type: 'patch' }, 'a patch port needs options: { peer: NAME }: the port at its other end'],
    [{ type: 'patch', options: { peer: 'p0' } }, 'p0 cannot be its own peer'],
    [
      { type: 'vxlan', options: { key: 5 } },
      'a vxlan port needs options: { remote_ip: ADDRESS }, or flow as its value',
    ],
    [{ type: 'VXLAN' }, 'a type is a word such as internal, patch or vxlan'],
    [
      { mac: '02:00:00:00:00:01' },
      'only a port of type internal takes a MAC address: others have that of their device',
    ],
    [
      { name: 'br0', mac: '02:00:00:00:00:01' },
      'give the MAC address to the bridge: ovs_bridge: { name: br0, other_config: { hwaddr: "02:00:00:00:00:01" } }',
    ],
  ])('%j: %s', (params, message) => {
    expect(messageOf(ovsPort.params, { bridge: 'br0', name: 'p0', ...params })).toBe(message);
  });
});

const state: State = {
  bridge: 'br0',
  type: null,
  options: {},
  tag: null,
  trunks: [],
  vlan_mode: null,
  lacp: null,
  ofport_request: null,
  mtu_request: null,
  mac: null,
  external_ids: {},
  other_config: {},
  interface_external_ids: {},
  interface_other_config: {},
  ofport: 1,
  mtu: 1500,
  mac_in_use: null,
  error: null,
  more: { port: {}, interface: {} },
};

describe('steps', () => {
  const line = (from: Goal | null, to: Goal | null): string => {
    const [first] = portSteps('p0', from, to);
    return first?.kind === 'exec' ? first.argv.slice(3).join(' ') : '';
  };
  it.each<[string, Goal | null, Goal | null, string]>([
    ['nothing', state, state, ''],
    ['nothing of nothing', null, null, ''],
    ['what only reports', state, { ...state, ofport: 7, error: 'x', mtu: 1400 }, ''],
    ['removal', state, null, '--if-exists del-port br0 p0'],
    ['new', null, { bridge: 'br0' }, 'add-port br0 p0'],
    [
      'with all at once',
      null,
      {
        bridge: 'br0',
        type: 'internal',
        tag: 0,
        interface_external_ids: { 'iface-id': 'a b' },
        mac: '02:00:00:00:00:01',
      },
      'add-port br0 p0 -- set Port p0 tag=0 -- set Interface p0 type="internal" mac="02:00:00:00:00:01" external_ids:"iface-id"="a b"',
    ],
    [
      'change',
      { ...state, tag: 5, options: { a: '1' } },
      { ...state, trunks: [1, 2], vlan_mode: 'trunk', options: { b: '2' } },
      'clear Port p0 tag -- set Port p0 trunks=[1,2] vlan_mode="trunk" -- remove Interface p0 options "a" -- set Interface p0 options:"b"="2"',
    ],
    [
      'move',
      { ...state, tag: 5, more: { port: { qos: '0b4b9bf1-a77b-4b46-bbb4-4d5a37d6c9e2' }, interface: {} } },
      {
        ...state,
        bridge: 'br1',
        tag: 5,
        more: { port: { qos: '0b4b9bf1-a77b-4b46-bbb4-4d5a37d6c9e2' }, interface: {} },
      },
      '--if-exists del-port br0 p0 -- add-port br1 p0 -- set Port p0 qos=0b4b9bf1-a77b-4b46-bbb4-4d5a37d6c9e2 tag=5',
    ],
  ])('%s', (_name, from, to, expected) => {
    expect(line(from, to)).toBe(expected);
  });
});

describe('what a change passes over', () => {
  const p = ovsPort.params.parse({ bridge: 'br0', name: 'p0' });
  it.each<[string, Goal | null, Goal | null, unknown]>([
    ['the uplink that may carry our session', null, { bridge: 'br0' }, { links: ['p0'] }],
    ['a port that Open vSwitch makes itself', null, { bridge: 'br0', type: 'internal' }, 'none'],
    ['a port that goes', state, null, { links: ['p0', 'br0'] }],
    ['a move', state, { ...state, bridge: 'br1' }, { links: ['p0', 'br0', 'br1'] }],
    ['another VLAN', state, { ...state, tag: 5 }, { links: ['p0', 'br0'] }],
    ['marks for others', state, { ...state, interface_external_ids: { a: 'b' } }, 'none'],
  ])('%s', (_name, from, to, expected) => {
    expect(ovsPort.touches?.(from as State | null, to as State | null, p)).toEqual(expected);
  });
});

describe('warnings', () => {
  const uplink = (name: string) => ({ name, config: {}, interfaces: [] });
  const seen = (config: object) => ({
    ovs: {
      bridges: [{ name: 'br0', config, ports: [uplink('eth0'), uplink('vnet0')], controllers: [], mirrors: [] }],
      interfaceTypes: [],
    },
    around: { addresses: [], devices: ['eth0', 'eth1'] },
    files: ['/etc/network/interfaces'],
  });
  const warnings = (name: string, config: object = {}): readonly string[] =>
    ovsPort.warnings?.(ovsPort.params.parse({ bridge: 'br0', name }), null, seen(config) as never) ?? [];
  it('tell of a second uplink without a spanning tree, and of who else manages the link', () => {
    expect(warnings('eth1')).toEqual([
      '/etc/network/interfaces defines eth1 too: take it out there, or it will be changed back',
      'eth0 and eth1 are both uplinks of br0, which has no spanning tree: a loop where they lead to one switch; use ovs_bond, or ovs_bridge: { name: br0, rstp: yes }',
    ]);
    expect(warnings('eth1', { rstp_enable: true })).toHaveLength(1);
    expect(warnings('vnet1')).toHaveLength(1);
    expect(warnings('eth0')).toHaveLength(1);
  });
});
