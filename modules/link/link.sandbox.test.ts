import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { link } from './index.ts';
import { itWhere } from '../../src/sdk/testing/it-where.ts';

const setup = `
ip link add name eth1 type veth peer name far; ip link set far up
ip link add name br0 type bridge; ip link property add dev eth1 altname uplink-of-the-rack`;

describe.each([['sh'], ['bash'], ['busybox sh']])('link under %s', (shell) => {
  // The other shells prove the snippets, not all of the module once more.
  const all = shell === 'sh';
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' '), setup });
  });
  afterAll(() => host.close());
  const everything = (): string =>
    host.look(
      'ip -d -o link show eth1 | sed "s/ qlen.*//"; ip -o addr show dev eth1 scope global | sed "s/ tentative//"; ip route; ip -6 route show table 100 2>/dev/null || :',
    );

  it('sets everything, finds nothing to do, and takes it back', () => {
    host.look('ip link set eth1 up; ip addr add 10.9.9.9/24 dev eth1');
    const before = everything();
    const params = {
      name: 'eth1',
      up: 'yes',
      mtu: 9000,
      mac: '02:00:00:00:00:AA',
      alias: `it's "quoted" $(reboot) \`x\` größer`,
      promisc: 'on',
      addresses: ['10.0.1.1/24', 'FD00::1/64'],
      routes: [
        { to: '10.8.0.0/16', via: '10.0.1.254', metric: 50 },
        { to: 'default', via: '10.0.1.254' },
        { to: 'fd01::/64', via: 'fd00::9', table: 100 },
        { to: '10.7.0.5/16' },
      ],
    };
    const done = apply(link, params, host);
    expect(done.left).toEqual([]);
    expect(apply(link, params, host).steps).toEqual([]);
    expect(host.look('cat /sys/class/net/eth1/ifalias')).toBe(`${params.alias}\n`);
    expect(host.look('ip route')).toContain('default via 10.0.1.254 dev eth1');
    expect(host.look('ip addr show dev eth1')).toContain('10.9.9.9/24');
    done.undo();
    expect(everything().replace(/ address.*/, '')).toBe(before.replace(/ address.*/, ''));
  });

  it('is found by altname, MAC address and PCI address', () => {
    expect(read(link, { altname: 'uplink-of-the-rack' }, host).now).toMatchObject({ name: 'eth1' });
    host.look('ip link set eth1 address 02:00:00:00:00:0b');
    expect(read(link, { mac: '02:00:00:00:00:0B' }, host)).toMatchObject({ now: { name: 'eth1' }, changes: [] });
    expect(() => read(link, { pci: '05:00.0' }, host)).toThrow(
      'the link of the PCI device 0000:05:00.0 does not exist',
    );
    expect(() => read(link, { name: 'eth9' }, host)).toThrow('the link eth9 does not exist');
  });

  itWhere(all)('leaves the addresses and routes of others alone, unless it is to be exact', () => {
    host.look(
      'ip link set eth1 up; ip addr add 10.0.2.1/24 dev eth1; ip addr add 10.0.3.1/24 dev eth1 valid_lft 900 preferred_lft 900; ip route add 10.66.0.0/16 via 10.0.2.2 proto 99; ip route add 10.67.0.0/16 via 10.0.2.2',
    );
    const done = apply(
      link,
      { name: 'eth1', addresses: ['10.0.2.1/24'], exact_addresses: true, exact_routes: true },
      host,
    );
    expect(done.left).toEqual([]);
    const shown = host.look('ip addr show dev eth1; ip route');
    expect(shown).toContain('10.0.3.1/24');
    expect(shown).toContain('10.66.0.0/16');
    expect(shown).not.toContain('10.67.0.0/16');
    expect(shown).not.toContain('10.9.9.9');
    done.undo();
    expect(host.look('ip addr show dev eth1; ip route')).toMatch(/10\.9\.9\.9[^]*10\.67\.0\.0\/16/);
  });

  itWhere(all)('goes down and comes back with its routes and IPv6 addresses', () => {
    apply(
      link,
      {
        name: 'eth1',
        up: true,
        addresses: ['10.0.1.1/24', 'fd00::1/64'],
        routes: [{ to: '10.8.0.0/16', via: '10.0.1.254' }],
      },
      host,
    );
    const down = apply(link, { name: 'eth1', up: 'no' }, host);
    expect(down.left).toEqual([]);
    expect(host.look('ip route')).not.toContain('10.8.0.0/16');
    down.undo();
    expect(host.look('ip route; ip addr show dev eth1')).toMatch(/10\.8\.0\.0\/16[^]*fd00::1\/64/);
  });

  itWhere(all)('brings routes back as they were, with protocol, scope, metrics and all', () => {
    host.look(`ip link set eth1 up; ip addr replace 10.0.1.1/24 dev eth1; ip addr replace fd00::1/64 dev eth1 nodad
ip route replace default via 10.0.1.254 dev eth1 proto static mtu 1400 advmss 1300 initcwnd 20 rto_min 300ms quickack 1 realm 4
ip route replace 10.20.0.0/16 via 10.44.0.1 dev eth1 onlink metric 1024
ip route replace 10.21.0.0/16 dev eth1 tos 0x10 src 10.0.1.1 rtt 200ms congctl reno features ecn
ip route replace local 10.22.0.0/16 dev eth1 table 100
ip route replace 10.23.0.0/16 via inet6 fd00::9 dev eth1
ip route replace fd20::/64 via fd00::9 dev eth1 pref high hoplimit 9
ip route replace fd21::/64 dev eth1 from fd00::/64 table 9 metric 5
ip -6 route replace default via fd00::9 dev eth1 proto static`);
    const routes = (): string =>
      host.look('for f in -4 -6; do ip $f -d route show table all dev eth1 | grep -v "table local" | sort; done');
    const before = routes();
    const kept = {
      name: 'eth1',
      routes: [
        { to: 'default', via: '10.0.1.254' },
        { to: 'default6', via: 'fd00::9' },
      ],
    };
    expect(read(link, kept, host).changes).toEqual([]);
    const down = apply(link, { name: 'eth1', up: 'no' }, host);
    expect(down.left).toEqual([]);
    down.undo();
    expect(routes()).toBe(before);
    const exact = apply(link, { ...kept, exact_routes: true }, host);
    expect(exact.left).toEqual([]);
    expect(routes()).not.toMatch(/ (10\.2[0-3]|fd2[01])\b/);
    exact.undo();
    expect(routes()).toBe(before);
  });

  itWhere(all)('[obs] names of 16 bytes and more are told apart by none of the tools, and refused before', () => {
    const name = 'uplink-of-rack-1';
    expect(host.run(`ip link add name v7 type veth peer ${name}`).stderr).toContain(
      'Attribute failed policy validation',
    );
    // tc takes the link whose name is the first 15 of them.
    host.look(`ip link add name ${name.slice(0, 15)} type ifb; tc qdisc add dev ${name} root pfifo`);
    expect(host.look(`tc qdisc show dev ${name.slice(0, 15)}`)).toContain('pfifo');
    expect(() => read(link, { name, up: true }, host)).toThrow('an interface name has at most 15');
    host.look(`ip link del ${name.slice(0, 15)}`);
  });

  itWhere(all)('goes into a bridge and out, and away', () => {
    const done = apply(link, { name: 'eth1', master: 'br0' }, host);
    expect(done.left).toEqual([]);
    expect(read(link, { name: 'eth1', master: null }, host).changes).toEqual([
      { path: 'master', from: 'br0', to: null },
    ]);
    done.undo();
    expect(host.look('ls /sys/class/net/br0/brif')).toBe('');
    host.look('ip link add name v7 type veth peer name v8');
    const gone = apply(link, { name: 'v7', state: 'absent' }, host);
    expect(gone.left).toEqual([]);
    expect(host.look('ls /sys/class/net')).not.toContain('v7');
    expect(apply(link, { name: 'v7', state: 'absent' }, host).steps).toEqual([]);
    expect(() => read(link, { name: 'lo', state: 'absent' }, host)).toThrow(
      'lo is no virtual link, it cannot be removed',
    );
  });

  itWhere(all)('refuses an MTU that the link below or a VXLAN above cannot do with', () => {
    host.look(
      'ip link set eth1 mtu 1500; ip link add name vx1 type vxlan id 1 dstport 4789 dev eth1; ip link add name mv1 link eth1 type macvlan',
    );
    const failing = (params: object) => () => read(link, params, host);
    expect(failing({ name: 'eth1', mtu: 1400 })).toThrow(
      'an MTU of 1400 for eth1 is too small: vx1 on it has 1450 and needs 50 more',
    );
    expect(failing({ name: 'vx1', mtu: 1451 })).toThrow(
      'an MTU of 1451 for vx1 is too large: eth1 below it has 1500, of which the tunnel takes 50',
    );
    expect(failing({ name: 'mv1', mtu: 1501 })).toThrow('an MTU of 1501 for mv1 is too large: eth1 below it has 1500');
    host.look('ip link del vx1; ip link del mv1');
  });
});
