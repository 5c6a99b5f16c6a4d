import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { recordedReading, replay } from '../../src/sdk/testing/recorded.ts';
import { link } from './index.ts';
import type { State } from './read.ts';
import { linkSteps } from './steps.ts';

const mac = '02:00:00:00:00:01';
/** What a host answers that has such a link, with what lies above and below it. */
const host = (fields: object = {}, routes: readonly object[] = [], more: readonly string[] = []) => ({
  seen: {
    stdout: [
      ...more,
      `link ${JSON.stringify([{ ifindex: 2, ifname: 'eth0', flags: ['UP'], mtu: 1500, address: mac, addr_info: [], ...fields }])}`,
      `routes ${JSON.stringify(routes)}`,
      '',
    ],
  },
});
const nothing = { seen: { stdout: [''] } };
const kind = (info_kind: string) => ({ linkinfo: { info_kind } });

describe('parameters', () => {
  it.each([
    [{ to: '10.0.0.0/8', table: 254 }, { table: 'main' }],
    [{ to: '10.0.0.0/8', table: '100' }, { table: '100' }],
  ])('route %j becomes canonical', (route, expected) => {
    expect(link.params.parse({ name: 'eth0', routes: [route] }).routes).toMatchObject([expected]);
  });
  it.each([
    [{ to: 'default', via: '224.0.0.5' }, '224.0.0.5 is a multicast address'],
    [{ to: 'default6', via: '10.0.0.1' }, '10.0.0.1 is of another family than default6'],
  ])('route %j: %s', (route, message) => {
    expect(messageOf(link.params, { name: 'eth0', routes: [route] })).toBe(message);
  });
});

describe('a host is refused', () => {
  it.each<[string, object, ReturnType<typeof host> | typeof nothing, string]>([
    [
      'that has several links of one address',
      { mac },
      host({}, [], ['rival br0']),
      `several links have the MAC address ${mac}: br0, eth0`,
    ],
    ['that has no link of the address', { mac }, nothing, `the link with MAC address ${mac} does not exist`],
    [
      'whose link takes no small MTU',
      { name: 'eth0', mtu: 1279 },
      host({ ...kind('ip6tnl'), min_mtu: 1280 }),
      'eth0 takes no MTU below 1280',
    ],
    [
      'whose link takes no large MTU',
      { name: 'eth0', mtu: 9000 },
      host({ min_mtu: 68, max_mtu: 1986 }),
      'eth0 takes no MTU above 1986',
    ],
    [
      'where the VLAN would be larger than what carries it',
      { name: 'eth0', mtu: 9000 },
      host(kind('vlan'), [], ['lower 1500 eth1 ']),
      'an MTU of 9000 for eth0 is too large: eth1 below it has 1500',
    ],
  ])('%s', (_name, params, outputs, message) => {
    expect(replay(link, { params }, outputs).refused).toBe(message);
  });
});

describe('a host is taken as it is', () => {
  it.each<[string, object, ReturnType<typeof host> | typeof nothing, object]>([
    ['without a link that should be absent', { name: 'v7', state: 'absent' }, nothing, { state: null, changes: [] }],
    [
      'whose link has no MAC address: a tun',
      { name: 'eth0' },
      host({ ...kind('tun'), address: undefined }),
      { state: { mac: null } },
    ],
    // DSA ports of older kernels have no kind, and their uplink to the switch chip is below them.
    [
      'whose link is of no kind, above another',
      { name: 'eth0', mtu: 9000 },
      host({}, [], ['lower 1500 eth1 ']),
      { changes: ['mtu: 1500 -> 9000'] },
    ],
    [
      'that says 0 for no limit',
      { name: 'eth0', mtu: 9000 },
      host({ min_mtu: 0, max_mtu: 0 }),
      { changes: ['mtu: 1500 -> 9000'] },
    ],
    [
      'with routes of which none is wanted',
      { name: 'eth0', exact_routes: true },
      host({}, [{ dst: '10.8.0.0/16', protocol: 'static', gateway: '10.0.0.2', flags: [] }]),
      {
        steps: ['ip route del 10.8.0.0/16 via 10.0.0.2 dev eth0 metric 0 table main'],
        touches: { links: [], addresses: [], routes: ['10.8.0.0/16'] },
      },
    ],
    [
      'with a default route of each family to come',
      { name: 'eth0', routes: [{ to: 'default' }, { to: 'default6' }, { to: '10.9.0.0/16', via: '10.0.0.2' }] },
      host(),
      {
        steps: [
          'ip route replace 10.9.0.0/16 via 10.0.0.2 dev eth0 metric 0 table main',
          'ip route replace default dev eth0 metric 0 table main',
          'ip route replace ::/0 dev eth0 metric 1024 table main',
        ],
      },
    ],
  ])('%s', (_name, params, outputs, expected) => {
    expect(replay(link, { params }, outputs)).toMatchObject(expected);
  });
});

describe('before anything is known', () => {
  const params = { name: 'eth0', mtu: 9000, addresses: ['10.0.0.1/24'], exact_routes: true };
  const { p, seen } = recordedReading(link, { params: { ...params, state: 'absent' }, outputs: nothing });

  it('is wanted what was asked for, and nothing else', () => {
    const want = link.want(link.params.parse(params), null, seen as never);
    expect(want).toMatchObject({ mtu: 9000, addresses: ['10.0.0.1/24'], routes: [] });
  });
  it.each<[string, Partial<State> | null, Partial<State> | null, unknown]>([
    ['nothing of nothing', null, null, { links: [], addresses: [] }],
    ['up', null, { up: true }, 'none'],
    ['down', { name: 'eth0', up: true }, { up: false }, { links: ['eth0'], addresses: [], routes: [], effect: 'cut' }],
    [
      'an address',
      {},
      { addresses: ['10.0.0.1/24'] },
      { links: [], addresses: ['10.0.0.1/24'], routes: ['10.0.0.0/24'] },
    ],
    ['what says nothing of addresses', { up: true, addresses: ['10.0.0.1/24'] }, { alias: 'x' }, 'none'],
  ])('touches %s', (_name, from, to, expected) => {
    expect(link.touches?.(from as State | null, to as State | null, p as never)).toEqual(expected);
  });
  it('steps go from as much as is known', () => {
    const route = { to: 'default', family: 4 as const, via: null, metric: 0, table: 'main', source: null };
    const argv = (from: Partial<State> | null, to: Partial<State> | null) =>
      linkSteps('eth0', from, to).map((step) => (step.kind === 'exec' ? step.argv.join(' ') : step.kind));
    expect(argv(null, null)).toEqual([]);
    expect(argv({ up: true }, { up: true, addresses: ['10.0.0.1/24'], routes: [route] })).toEqual([
      'ip addr replace 10.0.0.1/24 dev eth0',
      'ip route replace default dev eth0 metric 0 table main',
    ]);
    expect(argv({ up: true, routes: [route] }, { up: true, alias: 'x' })).toEqual(['ip link set dev eth0 alias x']);
    expect(argv({ up: true }, { up: false })).toEqual(['ip link set dev eth0 down']);
  });
  it('goes by the name in the state, else by that of the task', () => {
    const named = (params: object, from: Partial<State> | null) =>
      link.steps(from as State | null, { up: false } as State, link.params.parse(params));
    expect(named({ mac }, { name: 'eth7' })).toMatchObject([{ argv: ['ip', 'link', 'set', 'dev', 'eth7', 'down'] }]);
    expect(named({ name: 'eth0' }, null)).toMatchObject([{ argv: ['ip', 'link', 'set', 'dev', 'eth0', 'down'] }]);
    expect(link.steps(null, null, link.params.parse({ mac }))).toEqual([]);
  });
});
