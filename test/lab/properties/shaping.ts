import fc from 'fast-check';
import { chance, flag, maybe, orAbsent, params, type Slot } from './slot.ts';

const unit = chance(['kbit', 'mbit', 'mibit', 'kbps', '']);
const rate = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most }), unit)
    .map(([number, name]) => (name === '' ? number * 10_000 : `${number}${name}`));

const leaf = fc.oneof(
  params({ kind: fc.constant('pfifo'), limit: maybe(fc.integer({ min: 1, max: 5000 })) }),
  params({ kind: fc.constant('bfifo'), limit: maybe(fc.integer({ min: 1500, max: 100_000 })) }),
);

const child = (id: number) =>
  params({
    classid: fc.constant(`1:${id.toString(16)}`),
    parent: fc.constant('1:1'),
    rate: rate(8, 400),
    ceil: maybe(chance(['1gbit', '2gbit', '1500mbit'])),
    burst: maybe(chance(['15k', 1600, '64kb'])),
    cburst: maybe(chance(['3k', 2000])),
    prio: maybe(fc.integer({ min: 0, max: 7 })),
    quantum: maybe(fc.integer({ min: 1500, max: 60_000 })),
    leaf: maybe(leaf),
  });

const filter = params({
  prio: maybe(fc.integer({ min: 1, max: 4 })),
  src: maybe(chance(['10.1.0.0/16', '10.2.3.4', '10.3.0.9/24'])),
  ip_proto: chance(['tcp', 'udp', 17, 'icmp']),
  dport: maybe(fc.integer({ min: 1, max: 65_535 })),
  tos: maybe(chance([16, 184])),
  flowid: fc.constant('1:10'),
});

const tree = fc
  .tuple(
    fc
      .subarray([0x10, 0x20, 0x30, 0xab], { minLength: 1 })
      .chain((ids) => fc.tuple(...[...new Set([0x10, ...ids])].map(child))),
    params({
      default: maybe(chance([10, '10'])),
      r2q: maybe(fc.integer({ min: 1, max: 1000 })),
      direct_qlen: maybe(fc.integer({ min: 1, max: 2000 })),
      filters: maybe(fc.uniqueArray(filter, { maxLength: 3, selector: (item) => JSON.stringify(item) })),
      replace: maybe(fc.constant(true)),
    }),
  )
  .map(([children, rest]) => ({
    dev: 'p4',
    classes: [...children, { classid: '1:1', rate: '10gbit' }],
    ...rest,
  }));

const chainOf = { filter: ['FORWARD', 'OUTPUT'], nat: ['POSTROUTING'], mangle: ['FORWARD'] } as const;
const match = fc.array(
  chance([
    '-s 10.1.2.3/8',
    '! -d 192.168.0.0/16',
    '-i eth1',
    '-p tcp --dport 8080',
    '-p udp -m multiport --dports 53,4789',
    '-m conntrack --ctstate ESTABLISHED,RELATED',
    '-m comment --comment "a \'b\' $(c) `d`"',
    '-m limit --limit 90/minute',
    '-m mark --mark 0x10/0xff',
  ]),
  { maxLength: 2 },
);
const onOut = (text: string): boolean => !/-i /.test(text);
const protocols = (text: string): boolean => (text.match(/-p /g) ?? []).length <= 1;
const rules = (target: string) =>
  fc.array(
    fc.oneof(
      match
        .map((parts) => [...new Set(parts), `-j ${target}`].join(' '))
        .filter((text) => onOut(text) && protocols(text)),
      fc.record({
        protocol: chance(['tcp', 'udp']),
        source: chance(['10.7.0.0/16', '10.9.9.9']),
        comment: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }),
        jump: fc.constant(target),
      }),
    ),
    { maxLength: 5 },
  );
const firewall = (table: keyof typeof chainOf, target: string): fc.Arbitrary<object> => {
  const place = { table, chain: chainOf[table][0] };
  return orAbsent(
    params({
      table: fc.constant(table),
      chain: fc.constant(place.chain),
      position: maybe(chance(['first', 'last'])),
      rules: rules(target),
    }),
    place,
  );
};

export const shapingSlots: readonly Slot[] = [
  { module: 'tc_htb', params: orAbsent(tree, { dev: 'p4' }) },
  { module: 'iptables', params: firewall('filter', 'ACCEPT') },
  { module: 'iptables', params: firewall('nat', 'ACCEPT') },
  { module: 'iptables', params: firewall('mangle', 'RETURN') },
  {
    module: 'iptables',
    params: params({
      family: fc.constant('both'),
      chain: fc.constant('OUTPUT'),
      name: fc.constant('two'),
      rules: fc.subarray(['-p tcp --dport 9999 -j KN', '-o eth1 -j RETURN', '-m conntrack --ctstate NEW -j KN']),
      chains_owned: fc.record({ KN: fc.subarray(['-p udp -j RETURN', '-j ACCEPT']) }),
      position: maybe(chance(['first', 'last'])),
      policy: maybe(fc.constant('ACCEPT')),
    }),
  },
  {
    module: 'sysctl',
    params: fc
      .record({
        'net.ipv4.conf.p5.rp_filter': chance([0, 1, 2, '0x1']),
        'net/ipv4/conf/p5/forwarding': flag(),
        'net.ipv4.tcp_rmem': chance(['4096 65536 134217728', '4096\t65536   6291456', [4096, 131_072, 33_554_432]]),
        'net.ipv4.ip_local_port_range': chance(['32768 60999', '1024 65000']),
        'net.ipv6.conf.p5.accept_ra': chance([0, 1, 2]),
      })
      .chain((all) => fc.subarray(Object.entries(all), { minLength: 1 }))
      .map((entries) => ({ settings: Object.fromEntries(entries) })),
  },
  {
    module: 'sysctl',
    params: orAbsent(
      fc.record({
        name: fc.constant('net.ipv4.tcp_keepalive_time'),
        value: fc.integer({ min: 1, max: 30_000 }),
        file: fc.constant('/etc/sysctl.d/95-own.conf'),
      }),
      { name: 'net.ipv4.tcp_keepalive_time', file: '/etc/sysctl.d/95-own.conf' },
    ),
  },
];
