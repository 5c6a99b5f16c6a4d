import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { imitatedPci } from '../../src/sdk/testing/imitated-pci.ts';
import type { Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { sriov } from './index.ts';

const tree = (sandbox: Sandbox): string =>
  sandbox.look(`cd /sys/devices/pci0000:00; for f in 0000:05:00.0/virtfn*; do [ -e $f ] || continue
a=$(readlink $f); a=\${a##*/}; d=$(readlink $a/driver); echo "$a \${d##*/} $(sed 's/(null)//' $a/driver_override) $(ls $a/net 2>/dev/null)"; done
cat 0000:05:00.0/sriov_numvfs 0000:05:00.0/net/eth0/mtu; cd /run/vf 2>/dev/null && grep -rs . . | sort; :`);
const resets = (sandbox: Sandbox): number => Number(sandbox.look('cat /run/resets'));

/** The watcher needs a moment where the kernel is done at once. */
const converges = async (sandbox: Sandbox, params: unknown): Promise<void> => {
  apply(sriov, params, sandbox);
  await sleep(300);
  expect(read(sriov, params, sandbox).changes).toEqual([]);
};

// The card, its driver and the kernel are imitated: see imitatedPci.
describe.each(testShells)('against an imitated card, $name', ({ shell, setup }) => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await imitatedPci({ shell });
    sandbox.look(setup);
    sandbox.look('cp -f --remove-destination /opt/imitated/ip /opt/busybox/ip');
  });
  afterEach(() => sandbox.close());

  it('makes them, sets them, and leaves them alone once they are right', async () => {
    const params = {
      pf: 'eth0',
      num_vfs: 4,
      mtu: 9000,
      vfs: [
        {
          id: 0,
          mac: '52-54-00-6D-90-02',
          vlan: 100,
          qos: 3,
          vlan_proto: '802.1ad',
          spoof_check: 'on',
          max_tx_rate: 1000,
          min_tx_rate: 10,
        },
        { range: '1-2', trust: true, link_state: 'enable', mtu: 4000 },
      ],
    };
    await converges(sandbox, params);
    expect(tree(sandbox)).toContain('4\n9000\n');
    expect(
      sandbox.look(
        'cd /run/vf/0; grep . mac vlan qos proto spoofchk max_tx_rate min_tx_rate; cat /sys/class/net/eth0v2/mtu /run/eth0.up',
      ),
    ).toBe(
      'mac:52:54:00:6d:90:02\nvlan:100\nqos:3\nproto:802.1ad\nspoofchk:on\nmax_tx_rate:1000\nmin_tx_rate:10\n4000\nup\n',
    );
    expect(resets(sandbox)).toBe(1);
    // Only what differs is written, and never 0 first.
    sandbox.look('echo 0 >/run/vf/1/vlan; echo off >/run/vf/1/trust');
    const again = apply(sriov, params, sandbox);
    expect(again.steps.map((step) => ('stdin' in step ? step.stdin : ''))).toEqual(['1 trust on\n']);
    expect(again.left).toEqual([]);
    expect(resets(sandbox)).toBe(1);
  });

  it('binds some to vfio-pci, and back', async () => {
    await converges(sandbox, { pf: '05:00.0', num_vfs: 2 });
    const before = tree(sandbox);
    expect(before).toContain('0000:05:10.1 ixgbevf  eth0v1\n');
    const params = { pf: '0000:05:00.0', vfs: [{ id: 1, mac: '02:00:00:00:00:05', driver: 'vfio-pci' }] };
    const { undo } = apply(sriov, params, sandbox);
    await sleep(300);
    expect(read(sriov, params, sandbox).changes).toEqual([]);
    expect(tree(sandbox)).toContain('0000:05:10.1 vfio-pci vfio-pci \n');
    undo();
    await sleep(300);
    expect(tree(sandbox)).toBe(before);
    expect(resets(sandbox)).toBe(1);
  });

  it('takes all away and undoes it', async () => {
    const params = { pf: 'eth0', num_vfs: 3, vfs: [{ id: 2, mac: '02:00:00:00:00:07', vlan: 7 }] };
    await converges(sandbox, params);
    const before = tree(sandbox);
    const { undo } = apply(sriov, { pf: 'eth0', state: 'absent' }, sandbox);
    await sleep(100);
    expect(tree(sandbox)).toBe('0\n1500\n');
    expect(read(sriov, { pf: 'eth0', state: 'absent' }, sandbox)).toMatchObject({ now: null, changes: [] });
    undo();
    await sleep(300);
    expect(tree(sandbox)).toBe(before);
  });
});

describe('what is in use', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await imitatedPci();
    await converges(sandbox, { pf: 'eth0', num_vfs: 4 });
  });
  afterEach(() => sandbox.close());
  const change = { pf: 'eth0', num_vfs: 2 };
  const begin = 'from 4 to 2 virtual functions, all are taken away first, and of those of eth0 some are in use: ';

  it.each([
    [
      'a bridge',
      'mkdir -p /sys/class/net/eth0v1; ln -s ../br0 /sys/class/net/eth0v1/master',
      '1 (eth0v1) is a port of br0',
    ],
    [
      'an address',
      `echo '[{"ifname":"eth0v2","addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":24,"scope":"global"}]}]' >/run/addresses`,
      '2 (eth0v2) has the address 10.0.0.1/24',
    ],
    [
      'another namespace',
      'rm -r /sys/devices/pci0000:00/0000:05:10.3/net',
      '3 has its interface in another network namespace',
    ],
    [
      'a virtual machine',
      `mkdir -p /run/libvirt/qemu; echo "   <address domain='0x0000' bus='0x05' slot='0x10' function='0x0'/>" >/run/libvirt/qemu/web1.xml`,
      '0 is in the virtual machine web1',
    ],
  ])('%s', async (_, use, says) => {
    sandbox.look(use);
    expect(() => read(sriov, change, sandbox)).toThrow(begin + says);
    expect(() => read(sriov, { pf: 'eth0', state: 'absent' }, sandbox)).toThrow('some are in use');
    expect(read(sriov, { ...change, allow_disruptive: true }, sandbox).changes).not.toEqual([]);
    // Nothing to take away: nothing to refuse.
    expect(read(sriov, { pf: 'eth0', num_vfs: 4 }, sandbox).changes).toEqual([]);
  });

  it('vfio that a program holds open', async () => {
    await converges(sandbox, { pf: 'eth0', vfs: [{ id: 1, driver: 'vfio-pci' }] });
    // /dev is the machine's: a mount over it stays in the sandbox.
    sandbox.look(
      'mount -t tmpfs tmpfs /dev/shm; mkdir -p /run/dev/vfio; mount -t tmpfs tmpfs /dev; mkdir /dev/vfio; mknod /dev/null c 1 3; : >/dev/vfio/41',
    );
    expect(read(sriov, change, sandbox).changes).not.toEqual([]);
    sandbox.look('(exec sleep 20) </dev/vfio/41 >/dev/null 2>&1 & echo $! >/run/holder');
    expect(() => read(sriov, change, sandbox)).toThrow(`${begin}1 is held by a program through vfio`);
    sandbox.look('kill $(cat /run/holder)');
  });

  it('addresses that only make the link local do not count, nor do guest addresses of other devices', () => {
    sandbox.look(`echo '[{"ifname":"eth0v2","addr_info":[{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]' >/run/addresses
mkdir -p /run/libvirt/qemu; echo "<address type='pci' domain='0x0000' bus='0x05' slot='0x10' function='0x0'/><address domain='0x0000' bus='0x06' slot='0x10' function='0x0'/>" >/run/libvirt/qemu/web1.xml`);
    expect(read(sriov, change, sandbox).changes).not.toEqual([]);
  });
});

it.each([
  ['Cannot allocate memory', /let the kernel make room, grub: \{ args: \{ pci: realloc \} \}/],
  ['Device or resource busy', /cat: write error: Device or resource busy/],
])('says why they do not come: %s', async (why, says) => {
  const sandbox = await imitatedPci();
  try {
    // A stand-in for cat, as no file answers so: the messages are those of the C library.
    sandbox.look(`cat >/usr/local/bin/cat <<'X'
#!/bin/sh
case $(readlink /proc/$$/fd/1) in */sriov_numvfs) echo "cat: write error: ${why}" >&2; exit 1;; esac
exec /bin/cat "$@"
X
chmod 755 /usr/local/bin/cat`);
    expect(() => apply(sriov, { pf: 'eth0', num_vfs: 4 }, sandbox)).toThrow(says);
  } finally {
    sandbox.close();
  }
});

it('says what cannot have virtual functions', async () => {
  const sandbox = await imitatedPci();
  try {
    expect(() => read(sriov, { pf: 'eth9', num_vfs: 1 }, sandbox)).toThrow('eth9 does not exist');
    expect(() => read(sriov, { pf: 'br0', num_vfs: 1 }, sandbox)).toThrow('br0 is no physical device');
    expect(() => read(sriov, { pf: 'eth0', num_vfs: 9 }, sandbox)).toThrow(
      'eth0 can have 8 virtual functions at most, not 9',
    );
    expect(() => read(sriov, { pf: 'eth0', vfs: [{ id: 0, vlan: 1 }] }, sandbox)).toThrow(
      'eth0 has no virtual function 0: it has 0',
    );
    expect(read(sriov, { pf: 'eth9', state: 'absent' }, sandbox).changes).toEqual([]);
    sandbox.look(`mkdir -p /etc/NetworkManager/system-connections
printf '[connection]\\ninterface-name=eth0\\n[sriov]\\ntotal-vfs=2\\n' >/etc/NetworkManager/system-connections/a.nmconnection
printf '[connection]\\ninterface-name=eth1\\n[sriov]\\ntotal-vfs=2\\n' >/etc/NetworkManager/system-connections/b.nmconnection`);
    expect(() => read(sriov, { pf: 'eth0', num_vfs: 1 }, sandbox)).toThrow(
      '/etc/NetworkManager/system-connections/a.nmconnection sets the number of virtual functions too',
    );
    sandbox.look('rm /sys/class/net/eth0/device/sriov_totalvfs');
    expect(() => read(sriov, { pf: 'eth0', num_vfs: 1 }, sandbox)).toThrow('eth0 has no SR-IOV');
  } finally {
    sandbox.close();
  }
});
