import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { vxlan } from './index.ts';
import { carriedMtu } from './mtu.ts';
import type { State } from './read.ts';
import { vxlanSteps } from './steps.ts';

const parse = (params: object) => vxlan.params.parse({ name: 'vx', vni: 1, ...params });

describe('parameters', () => {
  it.each(vxlan.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(vxlan.params.safeParse(params).error).toBeUndefined();
  });
  it('become canonical', () => {
    expect(parse({ vni: '100', local: '2001:DB8::0:1', learning: 'off', ttl: 'auto', mtu: '1400' })).toMatchObject({
      vni: 100,
      local: '2001:db8::1',
      learning: false,
      ttl: 0,
      mtu: 1400,
      dstport: 4789,
    });
  });
  it.each([
    [{ vni: 16_777_216 }, 'expected a VNI: a whole number from 0 to 16777215'],
    [{ vni: undefined }, 'a VXLAN needs a vni'],
    [{ name: 'vxlan-of-tenant-1' }, '"vxlan-of-tenant-1" has 17 bytes, an interface name has at most 15: shorten it'],
    [{ group: '10.0.0.1', dev: 'eth0' }, '10.0.0.1 is no multicast address: give it as one of remotes'],
    [{ group: '239.1.1.1' }, 'a multicast group needs dev: the link on which it is joined'],
    [{ group: '239.1.1.1', dev: 'eth0', remotes: ['10.0.0.2'] }, 'give group or remotes, not both'],
    [{ remotes: ['239.1.1.1'] }, '239.1.1.1 is a multicast address: give it as group'],
    [{ remote: '10.0.0.1', remotes: ['10.0.0.2'] }, 'give remote or remotes, not both'],
    [
      { local: '10.0.0.1', remotes: ['10.0.0.2', '10.0.0.1'] },
      '10.0.0.1 is this host itself (local): leave it out of remotes',
    ],
    [{ local: '10.0.0.1', remotes: ['fd00::1'] }, 'IPv4 and IPv6 ends are mixed: a VXLAN has one family'],
    [{ bridge: 'br0', addresses: ['10.0.0.1/24'] }, 'a port of a bridge has no addresses: give them to br0'],
    [{ bridge: 'vx' }, 'vx cannot lie on itself'],
    [
      { fdb: [{ mac: '01:00:5e:00:00:01', dst: '10.0.0.1' }] },
      '"01:00:5e:00:00:01" is a multicast address, an interface needs a unicast one: make the first byte even',
    ],
  ])('refuses %j', (params, message) => {
    expect(messageOf(vxlan.params, { name: 'vx', vni: 1, ...params })).toBe(message);
  });
});

describe('MTU', () => {
  const mtus = new Map([
    ['eth0', 1500],
    ['eth1', 9000],
    ['lo', 65_536],
  ]);
  it.each([
    [{}, ['eth0', 'eth1'], 1450],
    [{ local: 'fd00::1' }, ['eth1'], 8930],
    [{ dev: 'eth1' }, ['eth0'], 8950],
    [{}, ['lo'], undefined],
    [{}, [], undefined],
    [{ dev: 'gone' }, [], undefined],
  ])('%j over %j: %s', (params, links, expected) => {
    expect(carriedMtu(parse(params), links, mtus)).toBe(expected);
  });
});

describe('steps', () => {
  const state: State = {
    vni: 1,
    dstport: 4789,
    local: '10.0.0.1',
    group: null,
    dev: null,
    learning: true,
    ttl: 0,
    tos: 0,
    df: 'unset',
    ageing: 300,
    mtu: 1450,
    up: true,
    bridge: null,
    remotes: ['10.0.0.2', '10.0.0.3'],
    fdb: [],
    addresses: [],
  };
  const lines = (from: Partial<State> | null, to: Partial<State> | null) =>
    vxlanSteps('vx', from, to).map((step) =>
      step.kind === 'exec'
        ? [...step.argv, ...(step.stdin === undefined ? [] : ['<', step.stdin])].join(' ')
        : step.kind,
    );
  it.each<[string, Partial<State> | null, Partial<State> | null, string[]]>([
    ['nothing', state, state, []],
    ['nothing of nothing', null, null, []],
    ['removal', state, null, ['ip link del dev vx']],
    [
      'new',
      null,
      { vni: 1, dstport: 4789, up: true },
      ['ip link add name vx type vxlan id 1 dstport 4789', 'ip link set dev vx up'],
    ],
    [
      'all options at once',
      state,
      { ...state, ttl: 8, learning: false, local: null },
      ['ip link set dev vx type vxlan local 0.0.0.0 ttl 8 nolearning'],
    ],
    [
      'other ends in two programs, whatever their number',
      { ...state, dev: 'eth0' },
      { ...state, dev: 'eth0', remotes: ['10.0.0.3', '10.0.0.4', '10.0.0.5'] },
      [
        'bridge -force -batch - < fdb del 00:00:00:00:00:00 dev vx dst 10.0.0.2 self\nfdb del 00:00:00:00:00:00 dev vx dst 10.0.0.2 via eth0 self\n',
        'bridge -batch - < fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.4 self permanent\nfdb append 00:00:00:00:00:00 dev vx dst 10.0.0.5 self permanent\n',
      ],
    ],
    ['out of a bridge', { ...state, bridge: 'br0' }, state, ['ip link set dev vx nomaster', 'snippet']],
  ])('%s', (_name, from, to, expected) => {
    expect(lines(from, to)).toEqual(expected);
  });
  it('says what it passes over', () => {
    const p = parse({});
    expect(vxlan.touches?.(null, { ...state }, p)).toBe('none');
    expect(vxlan.touches?.(null, { ...state, bridge: 'br0' }, p)).toEqual({
      links: ['br0'],
      routes: [],
      effect: 'flap',
    });
    expect(vxlan.touches?.(null, { ...state, addresses: ['10.9.0.1/24'] }, p)).toMatchObject({
      routes: ['10.9.0.0/24'],
    });
    expect(vxlan.touches?.({ ...state, addresses: ['10.9.0.1/24'] }, null, p)).toEqual({
      links: ['vx'],
      addresses: ['10.9.0.1/24'],
    });
    expect(vxlan.touches?.(state, { ...state, vni: 2 }, p)).toMatchObject({ links: ['vx'], effect: 'flap' });
  });
  it('comes back at boot with its link', () => {
    expect(vxlan.boot?.(parse({ dev: 'eth1' }))).toMatchObject({ id: 'vx', state: null, anchor: { device: 'eth1' } });
    expect(vxlan.boot?.(parse({ state: 'absent' }))).toMatchObject({ id: 'vx' });
  });
});
