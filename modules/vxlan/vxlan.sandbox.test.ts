import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { vxlan } from './index.ts';
import { itWhere } from '../../src/sdk/testing/it-where.ts';

const underlay = `
ip link add name eth1 type veth peer name far; ip link set eth1 up; ip link set far up
ip addr add 10.0.1.1/24 dev eth1; ip -6 addr add fd00::1/64 dev eth1 nodad`;
const base = { name: 'vxlan100', vni: 100, local: '10.0.1.1', remotes: ['10.0.1.3', '10.0.1.2'] };

describe.each([['sh'], ['bash'], ['busybox sh']])('vxlan under %s', (shell) => {
  // The other shells prove the snippets, not all of the module once more.
  const all = shell === 'sh';
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' '), setup: underlay });
  });
  afterAll(() => host.close());
  const info = (name = 'vxlan100'): Record<string, unknown> =>
    (
      JSON.parse(host.look(`ip -d -j link show dev ${name}`)) as [{ linkinfo: { info_data: Record<string, unknown> } }]
    )[0].linkinfo.info_data;
  const everything = (): string =>
    host.look(
      // An IPv6 address is tentative for a moment.
      'ip -d -j link show type vxlan | sed s/\\"address[^,]*,//g; ls /sys/class/net; bridge fdb show; ip -o addr | sed "s/ tentative//"',
    );

  it('makes a tunnel with its bridge, finds nothing to do, and takes it back', () => {
    const before = everything();
    const done = apply(vxlan, { ...base, bridge: 'br-blue' }, host);
    expect(done.left).toEqual([]);
    expect(info()).toMatchObject({ id: 100, port: 4789, local: '10.0.1.1' });
    expect(host.look('bridge fdb show dev vxlan100 | grep -c "00:00:00:00:00:00 dst 10.0.1.[23] self permanent"')).toBe(
      '2\n',
    );
    expect(host.look('cat /sys/class/net/vxlan100/mtu /sys/class/net/br-blue/mtu')).toBe('1450\n1450\n');
    expect(host.look('ip -br link show master br-blue')).toMatch(/^vxlan100/);
    const again = apply(vxlan, { ...base, bridge: 'br-blue' }, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    done.undo();
    expect(everything()).toBe(before);
  });

  itWhere(all)('[obs] changes in place what the kernel lets it, without a new link', () => {
    host.look(
      'ip link add vxlan100 type vxlan id 100 dstport 4789 local 10.0.1.1 remote 10.0.1.2; ip link set vxlan100 type vxlan remote 10.0.1.3 local 10.0.1.9 ttl 4 nolearning',
    );
    expect(info()).toMatchObject({ remote: '10.0.1.3', local: '10.0.1.9', ttl: 4, learning: false });
    host.look('ip link del vxlan100');
    apply(vxlan, base, host);
    const index = host.look('cat /sys/class/net/vxlan100/ifindex');
    const more = {
      ttl: 8,
      tos: 'inherit',
      df: 'set',
      ageing: 60,
      learning: 'no',
      local: '10.0.1.9',
      remotes: ['10.0.1.4'],
    };
    const before = everything();
    const done = apply(vxlan, { ...base, ...more, addresses: ['10.9.9.1/24'] }, host);
    expect(done.left).toEqual([]);
    expect(info()).toMatchObject({ ttl: 8, tos: '0x1', df: 'set', ageing: 60, learning: false, local: '10.0.1.9' });
    expect(host.look('bridge fdb show dev vxlan100')).toMatch(/^00:00:00:00:00:00 dst 10.0.1.4 self permanent\s*$/);
    expect(host.look('cat /sys/class/net/vxlan100/ifindex')).toBe(index);
    done.undo();
    expect(everything()).toBe(before);
    apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
  });

  itWhere(all)('[obs] makes a new link for another VNI or port, as the kernel cannot change them', () => {
    apply(vxlan, { ...base, bridge: 'br-blue' }, host);
    expect(host.run('ip link set dev vxlan100 type vxlan id 101').stderr).toContain('Cannot change VNI');
    expect(host.run('ip link set dev vxlan100 type vxlan dstport 4790').stderr).toContain('Cannot change port');
    const mac = (): string => host.look('cat /sys/class/net/vxlan100/address');
    const before = mac();
    const done = apply(vxlan, { ...base, vni: 101, dstport: 4790, bridge: 'br-blue' }, host);
    expect(done.left).toEqual([]);
    expect(mac()).toBe(before);
    expect(info()).toMatchObject({ id: 101, port: 4790, local: '10.0.1.1' });
    expect(host.look('bridge fdb show dev vxlan100 | grep -c dst')).toBe('2\n');
    done.undo();
    expect(info()).toMatchObject({ id: 100, port: 4789 });
    expect(read(vxlan, { ...base, bridge: 'br-blue' }, host).changes).toEqual([]);
    const gone = apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
    expect(host.look('ls /sys/class/net')).not.toMatch(/br-blue|vxlan/);
    gone.undo();
    // Its neighbours know it by that address.
    expect(mac()).toBe(before);
    apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
  });

  it('keeps a bridge that was there, and one that others use', () => {
    host.look('ip link add name br-own type bridge; ip link add name p0 type veth peer name p1');
    apply(vxlan, { ...base, bridge: 'br-own' }, host).undo();
    expect(host.look('ls /sys/class/net')).toContain('br-own');
    apply(vxlan, { ...base, bridge: 'br-new' }, host);
    host.look('ip link set p0 master br-new');
    apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
    expect(host.look('ls /sys/class/net')).toContain('br-new');
    host.look('ip link del br-new; ip link del br-own; ip link del p0');
  });

  itWhere(all)('sees and repairs what others changed', () => {
    apply(vxlan, { ...base, bridge: 'br-blue' }, host);
    host.look(
      'ip link set vxlan100 down nomaster mtu 1300; bridge fdb append 0:0:0:0:0:0 dev vxlan100 dst 10.0.1.66; bridge fdb del 0:0:0:0:0:0 dev vxlan100 dst 10.0.1.2',
    );
    const done = apply(vxlan, { ...base, bridge: 'br-blue' }, host);
    expect(done.changes.map((change) => change.path).toSorted()).toEqual(['bridge', 'mtu', 'remotes', 'up']);
    expect(done.left).toEqual([]);
    apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
  });

  itWhere(all)('[obs] takes over a link with `remote` of its own, whose entry the kernel keeps apart', () => {
    host.look(
      'ip link add vxlan100 type vxlan id 100 dstport 4789 local 10.0.1.1 dev eth1 remote 10.0.1.7; bridge fdb append 0:0:0:0:0:0 dev vxlan100 dst 10.0.1.7',
    );
    expect(host.look('bridge fdb show dev vxlan100 | grep -c 10.0.1.7')).toBe('2\n');
    expect(read(vxlan, base, host).now).toMatchObject({ remotes: ['10.0.1.7'], dev: 'eth1' });
    expect(apply(vxlan, { ...base, ttl: 3 }, host).left).toEqual([]);
    expect(host.look('bridge fdb show dev vxlan100')).not.toContain('10.0.1.7');
    apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
  });

  itWhere(all)('[obs] appending an entry twice is no error', () => {
    const twice =
      'ip link add vxlan5 type vxlan id 5 dstport 4789; for i in 1 2; do bridge fdb append 0:0:0:0:0:0 dev vxlan5 dst 10.0.1.7; echo $?; done; ip link del vxlan5';
    expect(host.look(twice)).toBe('0\n0\n');
  });

  itWhere(all)('[obs] MTU: 1500 without dev is wrong, the kernel keeps what it took from dev, and refuses more', () => {
    host.look('ip link add vxlan8 type vxlan id 8 dstport 4789 local 10.0.1.1 remote 10.0.1.2');
    expect(host.look('cat /sys/class/net/vxlan8/mtu; ip link del vxlan8')).toBe('1500\n');
    // Without dev, too, it is what the link with the address of the tunnel can carry.
    apply(vxlan, base, host);
    expect(host.look('cat /sys/class/net/vxlan100/mtu')).toBe('1450\n');
    apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
    host.look('ip link set eth1 mtu 9000; ip link set far mtu 9000');
    expect(apply(vxlan, { ...base, dev: 'eth1' }, host).left).toEqual([]);
    expect(host.look('cat /sys/class/net/vxlan100/mtu')).toBe('8950\n');
    host.look('ip link set eth1 mtu 2000; ip link set vxlan100 mtu 1450; ip link set eth1 mtu 9000');
    expect(host.look('cat /sys/class/net/vxlan100/mtu')).toBe('1450\n');
    expect(apply(vxlan, { ...base, dev: 'eth1' }, host).changes).toEqual([{ path: 'mtu', from: 1450, to: 8950 }]);
    expect(host.run('ip link set vxlan100 mtu 8951').stderr).toContain('Invalid argument');
    expect(() => read(vxlan, { ...base, dev: 'eth1', mtu: 8951 }, host)).toThrow('an MTU of 8951 is too large');
    apply(vxlan, { name: 'vxlan100', state: 'absent' }, host);
    host.look('ip link set eth1 mtu 1500; ip link set far mtu 1500');
  });

  itWhere(all)('[obs] a port left out would be 8472, so it is always given', () => {
    host.look('ip link add vxlan9 type vxlan id 9 local 10.0.1.1 2>/dev/null');
    expect(info('vxlan9')).toMatchObject({ port: 8472 });
    apply(vxlan, { name: 'vxlan9', vni: 9, local: '10.0.1.1', remotes: ['10.0.1.2'] }, host);
    expect(info('vxlan9')).toMatchObject({ port: 4789 });
    host.look('ip link del vxlan9');
  });

  itWhere(all)('works over IPv6 and with a multicast group', () => {
    const six = {
      name: 'vx6',
      vni: 6,
      local: 'fd00::1',
      remotes: ['fd00::2'],
      fdb: [{ mac: '02:00:00:00:00:0A', dst: 'fd00:0::2' }],
    };
    const one = apply(vxlan, six, host);
    expect(one.left).toEqual([]);
    expect(host.look('cat /sys/class/net/vx6/mtu')).toBe('1430\n');
    expect(info('vx6')).toMatchObject({ local6: 'fd00::1' });
    // Another family needs a new link.
    expect(apply(vxlan, { ...six, local: '10.0.1.1', remotes: ['10.0.1.2'], fdb: [] }, host).left).toEqual([]);
    one.undo();
    const many = apply(vxlan, { name: 'vxm', vni: 7, group: '239.1.1.1', dev: 'eth1', ttl: 'inherit' }, host);
    expect(many.left).toEqual([]);
    expect(info('vxm')).toMatchObject({ group: '239.1.1.1', link: 'eth1' });
    expect(host.look('ip -d link show dev vxm')).toContain('ttl inherit');
    expect(apply(vxlan, { name: 'vxm', vni: 7, group: '239.1.1.2', dev: 'eth1', ttl: 4 }, host).left).toEqual([]);
    expect(info('vxm')).toMatchObject({ group: '239.1.1.2', ttl: 4 });
    many.undo();
    expect(host.look('ls /sys/class/net')).not.toContain('vx');
  });

  itWhere(all)('[obs] has no VNI above 24 bits, nor one twice', () => {
    expect(host.run('ip link add vxlan5 type vxlan id 16777216 dstport 4789')).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('invalid id') as unknown,
    });
    expect(() => read(vxlan, { ...base, vni: 16_777_216 }, host)).toThrow('16777215');
    host.look('ip link add vxlan5 type vxlan id 100 dstport 4789');
    expect(host.run('ip link add vxlan6 type vxlan id 100 dstport 4789 remote 10.0.1.8').stderr).toContain(
      'A VXLAN device with the specified VNI already exists',
    );
    // On another link as well; but not where the other one is of IPv6.
    host.look('ip link add name dumb type ifb');
    expect(() => read(vxlan, { ...base, dev: 'eth1' }, host)).toThrow('vxlan5 already has VNI 100 on port 4789');
    expect(() => read(vxlan, { ...base, dev: 'dumb' }, host)).toThrow('vxlan5 already has VNI 100 on port 4789');
    const six = apply(vxlan, { name: 'vxlan6', vni: 100, local: 'fd00::1', remotes: ['fd00::2'] }, host);
    expect(six.left).toEqual([]);
    six.undo();
    host.look('ip link del vxlan5; ip link del dumb');
  });

  itWhere(all)('refuses what cannot be', () => {
    host.look('ip link add vxlan5 type vxlan id 100 dstport 4789; ip link add name dumb type ifb');
    const failing = (params: object) => () => read(vxlan, { ...base, ...params }, host);
    expect(failing({})).toThrow('vxlan5 already has VNI 100 on port 4789');
    expect(failing({ vni: 5, name: 'dumb' })).toThrow('dumb exists and is no VXLAN');
    expect(failing({ vni: 5, dev: 'eth7' })).toThrow('the link eth7 (dev) does not exist');
    expect(failing({ vni: 5, bridge: 'dumb' })).toThrow('dumb is no Linux bridge');
    expect(failing({ vni: 5, dev: 'eth1', mtu: 1480 })).toThrow(
      'an MTU of 1480 is too large: eth1 carries 1500, the tunnel needs 50 of it',
    );
    host.look('ip link del vxlan5; ip link del dumb');
  });
});

describe('a host without iproute2', () => {
  it('says what is missing', async () => {
    const host = await createSandbox({ setup: 'rm -f /sbin/ip /usr/sbin/ip /bin/ip /usr/bin/ip' });
    try {
      expect(() => read(vxlan, base, host)).toThrow('ip is not installed');
    } finally {
      host.close();
    }
  });
});
