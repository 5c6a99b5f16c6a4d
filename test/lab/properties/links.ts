import fc from 'fast-check';
import { anyText, chance, flag, mac, maybe, orAbsent, params, type Slot } from './slot.ts';

/** What has to be there first: sh, run in the host from outside. */
export const linksSetup = `for i in 0 1 2 3 4 5 6 7; do ip link add p$i type veth peer name q$i; ip link set q$i up; done
ip link set eth1 up mtu 9000; ip address add 10.0.1.1/24 dev eth1; ip -6 address add fd01::1/64 dev eth1 nodad
ip link set p3 up`;

const addresses = (net: number): fc.Arbitrary<string[]> =>
  fc.subarray([
    `10.${net}.0.1/24`,
    `10.${net}.1.7/16`,
    `10.${net}.2.1/32`,
    `fd00:${net}::1/64`,
    `FD00:${net}:0:1::2/128`,
  ]);
const v4 = (net: number): fc.Arbitrary<string[]> => fc.subarray([`10.${net}.0.1/24`, `10.${net}.1.7/16`]);

const link: fc.Arbitrary<object> = fc.boolean().chain((up) =>
  params({
    name: fc.constant('p0'),
    up: fc.constant(up),
    mtu: maybe(fc.integer({ min: 1280, max: 9000 })),
    // The kernel takes those of IPv6 off a link that goes down.
    addresses: maybe(up ? addresses(20) : v4(20)),
    exact_addresses: fc.constant(true),
    alias: maybe(anyText({ max: 40 })),
    promisc: maybe(flag()),
    mac: maybe(mac()),
  }),
);

const routed: fc.Arbitrary<object> = params({
  name: fc.constant('p3'),
  up: fc.constant(true),
  addresses: fc.constant(['10.21.0.1/24']),
  routes: fc.subarray([
    { to: '10.99.0.0/16', via: '10.21.0.9' },
    { to: '10.98.7.5/24', via: '10.21.0.9', metric: 50 },
    { to: '10.94.128.0/17', metric: 7 },
    { to: '10.96.0.0/16', via: '10.21.0.8', table: 100 },
    { to: '10.95.0.1/32', via: '10.21.0.8', source: '10.21.0.1' },
    { to: 'fd95::/48', metric: 12 },
  ]),
  exact_routes: fc.constant(true),
});

const bridge = params({
  name: fc.constant('br-a'),
  ports: maybe(fc.subarray(['p1', 'p2'])),
  purge_ports: maybe(flag()),
  stp: maybe(flag()),
  forward_delay: maybe(fc.integer({ min: 2, max: 30 })),
  ageing_time: maybe(fc.integer({ min: 0, max: 100_000 })),
  mcast_snooping: maybe(flag()),
  mac: maybe(mac()),
  mtu: maybe(fc.integer({ min: 1280, max: 1500 })),
  addresses: maybe(addresses(22)),
});

const vxlan4 = params({
  name: fc.constant('vx-a'),
  // Those of the other tunnel lie between.
  vni: fc.oneof(fc.constant(0), fc.integer({ min: 4001, max: 16_777_215 })),
  local: maybe(chance(['10.0.1.1', null])),
  remotes: maybe(fc.subarray(['10.0.1.2', '10.0.1.3', '10.0.9.9'])),
  dev: maybe(chance(['eth1'])),
  dstport: maybe(chance([4789, 8472, '4790'])),
  mtu: maybe(fc.oneof(fc.constant('auto'), fc.integer({ min: 1280, max: 8950 }))),
  learning: maybe(flag()),
  ttl: maybe(chance(['inherit', 'auto', 0, 7, '255'])),
  tos: maybe(chance(['inherit', 0, 16])),
  df: maybe(chance(['unset', 'set', 'inherit'])),
  ageing: maybe(fc.integer({ min: 1, max: 100_000 })),
  fdb: maybe(
    fc.subarray([
      { mac: '52:54:00:00:00:01', dst: '10.0.1.2' },
      { mac: '52:54:00:00:00:0A', dst: '10.0.1.3' },
    ]),
  ),
  bridge: maybe(chance(['br-vx', null, 'br-vy'])),
  up: maybe(flag()),
});
const vxlan6 = params({
  name: fc.constant('vx-b'),
  vni: fc.integer({ min: 1, max: 4000 }),
  local: maybe(chance(['fd01::1'])),
  remotes: maybe(fc.subarray(['fd01::2', 'FD01:0::3'])),
  mtu: maybe(fc.oneof(fc.constant('auto'), fc.integer({ min: 1280, max: 1400 }))),
  addresses: maybe(v4(23)),
});
const group = params({
  name: fc.constant('vx-b'),
  vni: fc.integer({ min: 1, max: 4000 }),
  group: chance(['239.1.1.1', '239.1.1.2']),
  dev: fc.constant('eth1'),
  learning: maybe(flag()),
});

export const linkSlots: readonly Slot[] = [
  { module: 'link', params: link },
  { module: 'link', params: routed },
  { module: 'bridge', params: orAbsent(bridge, { name: 'br-a' }) },
  { module: 'vxlan', params: orAbsent(vxlan4, { name: 'vx-a' }) },
  { module: 'vxlan', params: orAbsent(fc.oneof(vxlan6, group), { name: 'vx-b' }) },
  {
    module: 'ethtool',
    params: fc.subarray(['gro', 'gso', 'tso', 'rx-checksumming'], { minLength: 1 }).chain((names) =>
      fc.record({
        dev: fc.constant('p3'),
        features: fc.record(Object.fromEntries(names.map((name) => [name, flag()]))),
      }),
    ),
  },
];
