import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { ovsBond } from './index.ts';
import type { Goal, State } from './read.ts';
import { bondSteps } from './steps.ts';

const two = { interfaces: ['eth1', 'eth2'] };

describe('parameters', () => {
  it.each(ovsBond.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(ovsBond.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{}, 'a bond needs at least two interfaces: for one link use ovs_port'],
    [{ interfaces: ['eth1'] }, 'a bond needs at least two interfaces: for one link use ovs_port'],
    [{ interfaces: ['eth1', { name: 'eth1' }] }, 'eth1 is named twice'],
    [{ interfaces: ['eth1', 'bond0'] }, 'the bond bond0 cannot be a member of itself'],
    [
      { ...two, bond_mode: 'balance-tcp', lacp: 'off' },
      'balance-tcp works with LACP only: set lacp to active or passive',
    ],
    [
      { ...two, tag: 5, vlan_mode: 'trunk' },
      'a tag has no meaning with vlan_mode trunk: use native-untagged, or leave tag out',
    ],
    [{ state: 'absent' }, undefined],
  ])('%j: %s', (params, message) => {
    expect(messageOf(ovsBond.params, { bridge: 'br0', name: 'bond0', ...params })).toBe(message);
  });
});

const state: State = {
  bridge: 'br0',
  interfaces: ['eth1', 'eth2'].map((name) => ({ name, type: null, options: {}, mtu_request: null, more: {} })),
  bond_mode: null,
  lacp: null,
  bond_updelay: 0,
  bond_downdelay: 0,
  tag: null,
  trunks: [],
  vlan_mode: null,
  other_config: {},
  external_ids: {},
  error: null,
  more: {},
};

describe('steps', () => {
  const line = (from: Goal | null, to: Goal | null): string => {
    const [first] = bondSteps('bond0', from, to);
    return first?.kind === 'exec' ? first.argv.slice(3).join(' ') : '';
  };
  const members = (...names: string[]) => ({ interfaces: names.map((name) => ({ name })) });
  it.each<[string, Goal | null, Goal | null, string]>([
    ['nothing', state, state, ''],
    ['nothing of nothing', null, null, ''],
    ['removal', state, null, '--if-exists del-port br0 bond0'],
    [
      'new',
      null,
      { bridge: 'br0', ...members('eth1', 'eth2'), lacp: 'active' },
      '--id=@i_0 create Interface name="eth1" -- --id=@i_1 create Interface name="eth2" -- --id=@p create Port name="bond0" lacp="active" interfaces=[@i_0,@i_1] -- add Bridge br0 ports @p',
    ],
    [
      'other members, new ones first',
      state,
      { ...state, ...members('eth2', 'eth3') },
      'add-bond-iface bond0 eth3 -- del-bond-iface bond0 eth1',
    ],
    [
      'mode',
      state,
      { ...state, bond_mode: 'balance-slb', bond_updelay: 100 },
      'set Port bond0 bond_mode="balance-slb" bond_updelay=100',
    ],
  ])('%s', (_name, from, to, expected) => {
    expect(line(from, to)).toBe(expected);
  });
  const p = ovsBond.params.parse({ bridge: 'br0', name: 'bond0', ...two });
  it.each<[string, Goal | null, Goal | null, unknown]>([
    ['new', null, state, { links: ['eth1', 'eth2'] }],
    ['removal', state, null, { links: ['eth1', 'eth2', 'br0'] }],
    ['move', state, { ...state, bridge: 'br1' }, { links: ['eth1', 'eth2', 'br0', 'br1'] }],
    ['mode', state, { ...state, lacp: 'active' }, { links: ['eth1', 'eth2', 'br0'] }],
    ['marks', state, { ...state, external_ids: { a: 'b' } }, 'none'],
  ])('touches: %s', (_name, from, to, expected) => {
    expect(ovsBond.touches?.(from as State | null, to as State | null, p)).toEqual(expected);
  });
});
