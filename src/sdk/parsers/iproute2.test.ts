import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ProbeOutput } from '../probe.ts';
import { parseBridgeVlans, parseFdb } from './bridge.ts';
import { parseAddresses } from './ip-address.ts';
import { parseLinks } from './ip-link.ts';
import { parseRoutes } from './ip-route.ts';

const output = (stdout: string, more: Partial<ProbeOutput> = {}): ProbeOutput => ({
  stdout,
  stderr: '',
  code: 0,
  bytes: Buffer.from(stdout),
  ...more,
});
const recorded = (name: string): ProbeOutput => output(readFileSync(new URL(`cases/${name}`, import.meta.url), 'utf8'));

describe('ip link', () => {
  const links = new Map(parseLinks(recorded('ip-links.json')).map((link) => [link.name, link]));

  it('reads what all links have', () => {
    expect([...links.keys()]).toEqual(['lo', 'br0', 'v1', 'v0', 'vx0', 'vx6', 'vx4m']);
    expect(links.get('br0')).toMatchObject({
      up: true,
      mtu: 1400,
      kind: 'bridge',
      alias: "uplink's bridge",
      altnames: ['bridge-of-all-tenants'],
      data: { ageing_time: 30_000, stp_state: 0 },
    });
    expect(links.get('v0')).toMatchObject({ master: 'br0', slaveKind: 'bridge', lower: 'v1', kind: 'veth' });
    expect(links.get('v0')?.slaveData).toMatchObject({ hairpin: false });
    expect(links.get('lo')).toMatchObject({ kind: undefined, data: {}, mac: '00:00:00:00:00:00' });
  });
  it('reads tunnels', () => {
    expect(links.get('vx0')?.data).toMatchObject({ id: 100, remote: '10.0.0.2', port: 4789, learning: true });
    expect(links.get('vx4m')?.data).toMatchObject({ group: '239.1.1.1', link: 'br0', tos: '0x1', df: 'set' });
    expect(links.get('vx6')?.data).toMatchObject({ group6: 'ff05::100' });
  });
  // Written after iproute2's ipaddress.c: no device here has virtual functions.
  it('reads virtual functions, new and old form', () => {
    const vfs = [
      {
        vf: 0,
        link_type: 'ether',
        address: '52:54:00:6D:90:02',
        broadcast: 'ff:ff:ff:ff:ff:ff',
        vlan_list: [{ vlan: 100, qos: 3, protocol: '802.1ad' }],
        rate: { max_tx: 1000, min_tx: 0 },
        spoofchk: true,
        link_state: 'enable',
        trust: false,
        query_rss_en: false,
      },
      { vf: 1, mac: 'x', vlan_list: [{}], link_state: 'auto' },
      { vf: 2, address: '02:00:00:00:00:01', vlan: 7, qos: 1, tx_rate: 50, spoofchk: false, link_state: 'disable' },
    ];
    const [pf] = parseLinks(output(JSON.stringify([{ ifindex: 1, ifname: 'eth0', mtu: 1500, vfinfo_list: vfs }])));
    expect(pf?.vfs).toEqual([
      {
        id: 0,
        mac: '52:54:00:6d:90:02',
        vlan: 100,
        qos: 3,
        vlanProtocol: '802.1ad',
        minTxRate: 0,
        maxTxRate: 1000,
        linkState: 'enable',
        spoofCheck: true,
        trust: false,
      },
      {
        id: 1,
        mac: '00:00:00:00:00:00',
        vlan: 0,
        qos: 0,
        vlanProtocol: '802.1Q',
        minTxRate: 0,
        maxTxRate: 0,
        linkState: 'auto',
        spoofCheck: undefined,
        trust: undefined,
      },
      {
        id: 2,
        mac: '02:00:00:00:00:01',
        vlan: 7,
        qos: 1,
        vlanProtocol: '802.1Q',
        minTxRate: 0,
        maxTxRate: 50,
        linkState: 'disable',
        spoofCheck: false,
        trust: undefined,
      },
    ]);
  });
  it('leaves out the empty objects that a filter leaves behind', () => {
    expect(parseLinks(output('[{},{"ifindex":1,"ifname":"lo","mtu":65536},{}]')).map((link) => link.name)).toEqual([
      'lo',
    ]);
    expect(parseLinks(output(''))).toEqual([]);
  });
});

describe('errors', () => {
  const messageOf = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
  };
  it.each([
    ['not installed', output('', { code: 127 }), 'ip is not installed'],
    [
      'failed',
      output('', { code: 1, stderr: 'RTNETLINK answers: Busy\n' }),
      'ip -d -j link show failed with exit code 1: RTNETLINK answers: Busy',
    ],
    [
      'no JSON',
      output('1: lo: <LOOPBACK>'),
      'ip -d -j link show printed what kvmnet cannot read (no JSON): 1: lo: <LOOPBACK>',
    ],
    [
      'another shape',
      output('[{"ifindex":"1","ifname":"lo","mtu":1}]'),
      'ip -d -j link show printed what kvmnet cannot read (0.ifindex: Invalid input: expected number, received string): [{"ifindex":"1","ifname":"lo","mtu":1}]',
    ],
  ])('%s', (_name, printed, message) => {
    expect(messageOf(() => parseLinks(printed))).toBe(message);
  });
});

describe('ip addr', () => {
  it('reads addresses', () => {
    const addresses = parseAddresses(recorded('ip-addr.json')).filter(
      ({ dev, scope }) => dev === 'br0' && scope !== 'link',
    );
    expect(addresses.map(({ address, dynamic, label }) => [address, dynamic, label])).toEqual([
      ['10.0.0.1/24', false, 'br0'],
      ['10.9.0.1/32', true, 'br0'],
      ['fd00::1/64', false, undefined],
    ]);
  });
  it('reads a point-to-point address', () => {
    const text =
      '[{"ifname":"tun0","addr_info":[{},{"family":"inet","local":"10.1.1.1","address":"10.1.1.2","prefixlen":30,"tentative":true}]}]';
    expect(parseAddresses(output(text))).toMatchObject([
      { address: '10.1.1.1/32', peer: '10.1.1.2/30', flags: ['tentative'] },
    ]);
  });
});

describe('ip route', () => {
  it('reads routes of all kinds', () => {
    const routes = parseRoutes(recorded('ip-routes.json')).filter(
      (route) => route.table !== 'local' && route.protocol !== 'kernel',
    );
    expect(
      routes.map(({ to, via, dev, metric, table, type, nexthops }) => ({
        to,
        via,
        dev,
        metric,
        table,
        type,
        nexthops,
      })),
    ).toEqual([
      { to: 'default', via: '10.0.0.254', dev: 'br0', metric: undefined, table: '100', type: 'unicast', nexthops: [] },
      {
        to: '10.7.0.0/16',
        via: undefined,
        dev: undefined,
        metric: undefined,
        table: 'main',
        type: 'unicast',
        nexthops: [
          { via: '10.0.0.253', dev: 'br0', weight: 1 },
          { via: '10.0.0.254', dev: 'br0', weight: 2 },
        ],
      },
      { to: '10.8.0.0/16', via: '10.0.0.254', dev: 'br0', metric: 50, table: 'main', type: 'unicast', nexthops: [] },
      {
        to: '10.66.0.0/16',
        via: undefined,
        dev: undefined,
        metric: undefined,
        table: 'main',
        type: 'blackhole',
        nexthops: [],
      },
      { to: 'default', via: 'fd00::2', dev: 'br0', metric: 1024, table: 'main', type: 'unicast', nexthops: [] },
    ]);
  });
  // As iproute2 6.1 writes what the words after it have made.
  it.each<[string, string]>([
    ['{"dst":"10.0.0.0/8","flags":[]}', ''],
    [
      '{"dst":"default","gateway":"10.0.0.254","protocol":"static","flags":["onlink","linkdown"]}',
      'proto static onlink',
    ],
    ['{"dst":"10.9.0.0/16","tos":"0x10","protocol":"77","scope":"link","flags":[]}', 'tos 0x10 proto 77 scope link'],
    [
      '{"dst":"default","gateway":"10.0.0.254","flow":{"to":"4"},"flags":[],"metrics":[{"mtu":1400,"rtt":200,"rto_min":300,"ecn":null,"congestion":"reno","quickack":1}]}',
      'realm 4 mtu 1400 rtt 200ms rto_min 300ms features ecn congctl reno quickack 1',
    ],
    [
      '{"dst":"fd03::/64","from":"fd01::/64","table":"9","metric":5,"flags":[],"pref":"high"}',
      'from fd01::/64 pref high',
    ],
    ['{"dst":"fd04::/64","flags":[],"metrics":[{"hoplimit":9}],"pref":"medium"}', 'hoplimit 9'],
    ['{"dst":"10.5.0.0/16","encap":"ip","id":5,"dst":"10.0.0.9","gateway":"10.0.0.9","flags":[]}', 'unknown'],
  ])('tells what %s has beside', (route, words) => {
    expect(parseRoutes(output(`[${route}]`)).map((item) => item.words?.join(' ') ?? 'unknown')).toEqual([words]);
  });
  it.each<[string, 4 | 6]>([
    ['"dst":"10.0.0.0/8"', 4],
    ['"dst":"fd00::/64"', 6],
    ['"dst":"default","gateway":"10.0.0.1","metric":1024', 4],
    ['"dst":"default","metric":1024,"pref":"medium"', 6],
    ['"dst":"default","gateway":"fd00::1"', 6],
    ['"dst":"default","via":{"family":"inet6","host":"fd00::1"}', 4],
    ['"dst":"default","via":{"family":"inet","host":"10.0.0.1"}', 6],
  ])('knows the family of %s', (route, family) => {
    expect(parseRoutes(output(`[{${route},"flags":[]}]`))).toMatchObject([{ family }]);
  });
  it('reads ip route get', () => {
    const text =
      '[{"dst":"10.0.0.2","gateway":"10.9.9.9","dev":"eth1","prefsrc":"10.0.0.1","flags":[],"uid":0,"cache":[]}]';
    expect(parseRoutes(output(text))).toMatchObject([
      { to: '10.0.0.2/32', dev: 'eth1', via: '10.9.9.9', source: '10.0.0.1' },
    ]);
  });
});

describe('bridge', () => {
  it('reads forwarding entries', () => {
    expect(parseFdb(recorded('bridge-fdb.json'))).toMatchObject([
      { mac: '00:00:00:00:00:00', dst: '10.0.0.2', state: 'permanent', flags: ['self'] },
      { mac: '00:00:00:00:00:00', dst: '10.0.0.3', state: 'permanent', flags: ['self'] },
    ]);
    expect(parseFdb(output('', { code: 255, stderr: 'Cannot find device "nope"\n' }))).toEqual([]);
  });
  // Written after the manual page: this kernel has no VLAN filtering.
  it('reads VLANs', () => {
    const text =
      '[{"ifname":"eth0","vlans":[{"vlan":1,"flags":["PVID","Egress Untagged"]},{"vlan":10,"vlanEnd":20}]},{"ifname":"br0"}]';
    expect(parseBridgeVlans(output(text))).toEqual([
      { dev: 'eth0', from: 1, to: 1, pvid: true, untagged: true },
      { dev: 'eth0', from: 10, to: 20, pvid: false, untagged: false },
    ]);
    expect(parseBridgeVlans(output('[', { code: 1, stderr: 'RTNETLINK answers: Operation not supported\n' }))).toEqual(
      [],
    );
  });
});
