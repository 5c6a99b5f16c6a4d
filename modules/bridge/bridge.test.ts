import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { bridge } from './index.ts';
import { wantedVlans, type State } from './read.ts';
import { bridgeSteps } from './steps.ts';

describe('parameters', () => {
  it.each(bridge.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(bridge.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{ name: 'br0', ports: ['br0'] }, 'br0 cannot be its own port'],
    [{ name: 'br0', move_ip_from: 'eth0' }, 'eth0 has to be one of ports'],
    [{ name: 'br0', stp: true, forward_delay: 1 }, 'with stp the forward delay is at least 2 seconds'],
    [{ name: 'br0', vlans: [{ port: 'eth0', vlan: '20-10' }] }, '20-10 is no range of VLAN ids from 1 to 4094'],
    [{ name: 'br0', vlans: [{ port: 'eth0', vlan: '10-20', pvid: true }] }, 'only one VLAN can be the pvid of a port'],
    [{ name: 'br0', ports: ['eth1'], vlans: [{ port: 'eth0', vlan: 10 }] }, 'eth0 is not among ports'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(bridge.params, params)).toBe(message);
  });
});

const state: State = {
  up: true,
  stp: false,
  forward_delay: 15,
  ageing_time: 300,
  vlan_filtering: false,
  mcast_snooping: true,
  mac: null,
  mtu: 1500,
  ports: ['eth1'],
  down: [],
  vlans: ['br0 1 pvid untagged', 'eth1 1 pvid untagged'],
  addresses: [],
  routes: [],
  nic: { addresses: [], routes: [] },
};

// The kernel of the sandbox has no VLAN filtering: what is sent to it is compared here.
describe('VLANs', () => {
  const p = bridge.params.parse({
    name: 'br0',
    vlans: [
      { port: 'eth1', vlan: '10-12' },
      { port: 'eth1', vlan: 1, untagged: true },
    ],
  });
  it('of ports that are named are exact, others stay', () => {
    expect(wantedVlans(p, state.vlans)).toEqual([
      'br0 1 pvid untagged',
      'eth1 1 untagged',
      'eth1 10',
      'eth1 11',
      'eth1 12',
    ]);
  });
  it('go to the kernel in two programs', () => {
    const to = { ...state, vlans: ['br0 10', 'eth1 1 untagged', 'eth1 10'] };
    expect(bridgeSteps('br0', undefined, state, to)).toMatchObject([
      { argv: ['bridge', '-force', '-batch', '-'], stdin: 'vlan del dev br0 vid 1 self\n' },
      {
        argv: ['bridge', '-batch', '-'],
        stdin: 'vlan add dev br0 vid 10 self\nvlan add dev eth1 vid 1 untagged\nvlan add dev eth1 vid 10\n',
      },
    ]);
  });
});

describe('touches', () => {
  const p = bridge.params.parse({ name: 'br0', ports: ['eth1'] });
  it.each<[string, State | null, State | null, unknown]>([
    ['a new bridge', null, state, { links: ['eth1'], addresses: [], routes: [], effect: 'flap' }],
    ['nothing', state, { ...state, ageing_time: 60 }, 'none'],
    ['a port less', state, { ...state, ports: [] }, { links: ['eth1'], addresses: [], routes: [], effect: 'flap' }],
    ['removal', { ...state, addresses: ['10.0.0.1/24'] }, null, { links: ['br0', 'eth1'], addresses: ['10.0.0.1/24'] }],
    [
      'moving addresses',
      { ...state, ports: [], nic: { addresses: ['10.0.0.1/24'], routes: [] } },
      state,
      { links: ['eth1'], addresses: ['10.0.0.1/24'], routes: [], effect: 'flap' },
    ],
  ])('%s', (_name, from, to, expected) => {
    expect(bridge.touches?.(from, to, p)).toEqual(expected);
  });
});
