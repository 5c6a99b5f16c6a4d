import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { sysctl } from './index.ts';

const FILE = '/etc/sysctl.d/90-kvmnet.conf';

// Only keys of the sandbox's own network namespace: the others belong to the machine.
describe.each<[string, string[]]>([
  ['dash', ['dash']],
  ['bash', ['bash']],
  ['busybox', ['busybox', 'sh']],
])('sysctl with %s', (_, shell) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const setup = 'rm -f /etc/sysctl.conf /etc/sysctl.d/* /usr/lib/sysctl.d/*; mkdir -p /run/systemd/system';
    sandbox = await createSandbox({ shell, setup });
  });
  afterAll(() => sandbox.close());
  const kernel = (key: string): string => sandbox.look(`cat /proc/sys/${key}`).trim();

  it('sets, keeps, is content, repairs, and takes back', () => {
    const params = { name: 'net.ipv4.ip_forward', value: 'yes' };
    expect(kernel('net/ipv4/ip_forward')).toBe('0');
    const first = apply(sysctl, params, sandbox);
    expect(first.left).toEqual([]);
    expect(kernel('net/ipv4/ip_forward')).toBe('1');
    expect(sandbox.look(`cat ${FILE}`)).toBe('# managed by kvmnet\nnet.ipv4.ip_forward = 1\n');
    const again = apply(sysctl, params, sandbox);
    expect([again.changes, again.steps]).toEqual([[], []]);
    expect(again.now).toMatchObject(again.want ?? {});
    sandbox.look('echo 0 >/proc/sys/net/ipv4/ip_forward');
    expect(apply(sysctl, params, sandbox).changes).toEqual([
      { path: 'settings["net.ipv4.ip_forward"].value', from: '0', to: '1' },
    ]);
    first.undo();
    expect(kernel('net/ipv4/ip_forward')).toBe('0');
    expect(sandbox.look(`ls /etc/sysctl.d`)).toBe('');
  });

  it('[obs] compares lists that the kernel separates by tabs', () => {
    const params = { settings: { 'net.ipv4.tcp_rmem': [4096, 65536, 1048576], 'net.ipv4.ping_group_range': '0 100' } };
    const first = apply(sysctl, params, sandbox);
    expect(first.left).toEqual([]);
    expect(kernel('net/ipv4/tcp_rmem')).toBe('4096\t65536\t1048576');
    expect(apply(sysctl, params, sandbox).changes).toEqual([]);
    first.undo();
  });

  it('[obs] refuses fewer numbers than the kernel has: it would keep the others', () => {
    sandbox.look(
      `echo '4096 65536 2097152' >/proc/sys/net/ipv4/tcp_rmem; echo '4096 65535' >/proc/sys/net/ipv4/tcp_rmem`,
    );
    expect(kernel('net/ipv4/tcp_rmem')).toBe('4096\t65535\t2097152');
    expect(() => read(sysctl, { name: 'net.ipv4.tcp_rmem', value: '4096 65536' }, sandbox)).toThrow(
      'net.ipv4.tcp_rmem holds 3 numbers (4096 65535 2097152), and 2 are given',
    );
  });

  it('says what the kernel did not take as it was written', () => {
    sandbox.look('ip link add v0 type veth peer name v1');
    const params = { name: 'net.ipv4.conf.v0.rp_filter', value: 'no' };
    expect(apply(sysctl, params, sandbox).left).toEqual([]);
    expect(() => apply(sysctl, { name: 'net.ipv4.ip_default_ttl', value: 999 }, sandbox)).toThrow(
      'the kernel does not take "999" for /proc/sys/net/ipv4/ip_default_ttl',
    );
    // Refused by the kernel, so it was not kept either.
    expect(sandbox.look(`cat ${FILE}`)).not.toContain('ttl');
    sandbox.look(`ip link del v0; rm ${FILE}`);
  });

  it('[obs] finds the keys of an interface with a dot in its name', () => {
    sandbox.look('ip link add eth0.100 type veth peer name p0');
    for (const name of [
      'net.ipv4.conf.eth0.100.forwarding',
      'net.ipv4.conf.eth0/100.forwarding',
      'net/ipv4/conf/eth0.100/forwarding',
    ]) {
      sandbox.look('echo 0 >/proc/sys/net/ipv4/conf/eth0.100/forwarding');
      expect(apply(sysctl, { name, value: 1 }, sandbox).left).toEqual([]);
      expect(kernel('net/ipv4/conf/eth0.100/forwarding')).toBe('1');
      expect(sandbox.look(`cat ${FILE}`)).toContain('net.ipv4.conf.eth0/100.forwarding = 1\n');
    }
    // What we wrote is what sysctl(8) understands; the dotted form is not.
    sandbox.look('echo 0 >/proc/sys/net/ipv4/conf/eth0.100/forwarding');
    sandbox.look(`sysctl -p ${FILE}`);
    expect(kernel('net/ipv4/conf/eth0.100/forwarding')).toBe('1');
    expect(sandbox.run('sysctl net.ipv4.conf.eth0.100.forwarding').code).not.toBe(0);
    sandbox.look(`ip link del eth0.100; rm ${FILE}`);
  });

  it('[obs] sets its keys beside one that the kernel has not, at which `sysctl -p` of the file ends with 1', () => {
    sandbox.look(`printf 'net.ipv4.stale_key = 1\\nnet.ipv4.ip_forward = 1\\n' >${FILE}`);
    const plain = sandbox.run(`sysctl -p ${FILE}`);
    expect([plain.code, plain.stdout, kernel('net/ipv4/ip_forward')]).toEqual([1, 'net.ipv4.ip_forward = 1\n', '1']);
    sandbox.look('echo 0 >/proc/sys/net/ipv4/ip_forward');
    const done = apply(sysctl, { settings: { 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_no_pmtu_disc': 1 } }, sandbox);
    expect(done.left).toEqual([]);
    expect([kernel('net/ipv4/ip_forward'), kernel('net/ipv4/ip_no_pmtu_disc')]).toEqual(['1', '1']);
    done.undo();
    expect(sandbox.look(`cat ${FILE}`)).toBe('net.ipv4.stale_key = 1\nnet.ipv4.ip_forward = 1\n');
    expect([kernel('net/ipv4/ip_forward'), kernel('net/ipv4/ip_no_pmtu_disc')]).toEqual(['0', '0']);
    sandbox.look(`rm ${FILE}`);
  });

  it('takes its own duplicates out, and nobody else’s', () => {
    sandbox.look(
      `printf '# mine\\nnet.ipv4.ip_forward=0\\nnet.ipv4.ip_forward=1\\n' >${FILE}; printf 'net.ipv4.ip_forward=1\\nnet.ipv4.ip_forward=1\\n' >/etc/sysctl.d/99-other.conf`,
    );
    expect(apply(sysctl, { name: 'net.ipv4.ip_forward', value: 1 }, sandbox).left).toEqual([]);
    expect(sandbox.look(`cat ${FILE}; wc -l </etc/sysctl.d/99-other.conf`)).toBe('# mine\nnet.ipv4.ip_forward=1\n2\n');
    sandbox.look('rm /etc/sysctl.d/*');
  });

  it('sees a later file that has the last word', () => {
    sandbox.look('echo net.ipv4.ip_forward=0 >/etc/sysctl.conf; ln -s ../sysctl.conf /etc/sysctl.d/99-sysctl.conf');
    const params = { name: 'net.ipv4.ip_forward', value: 1 };
    expect(() => read(sysctl, params, sandbox)).toThrow(
      `net.ipv4.ip_forward = 1 in ${FILE} is shadowed by /etc/sysctl.d/99-sysctl.conf, which is read later and says 0`,
    );
    // Without the link systemd does not read it; without systemd procps does.
    sandbox.look('rm /etc/sysctl.d/99-sysctl.conf');
    expect(read(sysctl, params, sandbox).changes.length).toBeGreaterThan(0);
    sandbox.look('rmdir /run/systemd/system');
    expect(() => read(sysctl, params, sandbox)).toThrow('is shadowed by /etc/sysctl.conf');
    sandbox.look('mkdir /run/systemd/system; rm /etc/sysctl.conf');
  });

  it('lets a file in /etc hide one of the same name', () => {
    sandbox.look('echo net.ipv4.ip_forward=0 >/usr/lib/sysctl.d/95-x.conf');
    const params = { name: 'net.ipv4.ip_forward', value: 1 };
    expect(() => read(sysctl, params, sandbox)).toThrow('is shadowed by /usr/lib/sysctl.d/95-x.conf');
    sandbox.look('ln -s /dev/null /etc/sysctl.d/95-x.conf');
    expect(apply(sysctl, params, sandbox).left).toEqual([]);
    sandbox.look(`rm /etc/sysctl.d/* /usr/lib/sysctl.d/95-x.conf`);
  });

  it('says what a network namespace may not write', () => {
    expect(() => read(sysctl, { name: 'net.core.rmem_max', value: 4242 }, sandbox)).toThrow(
      /^net.core.rmem_max cannot be written on this host: it is \d+, and read-only$/,
    );
    expect(() => read(sysctl, { name: 'net.ipv4.route.flush', value: 1 }, sandbox)).toThrow(
      'can be written but not read',
    );
    expect(() => read(sysctl, { name: 'net.ipv4.no_such_key', value: 1 }, sandbox)).toThrow(
      'this kernel has no net.ipv4.no_such_key',
    );
  });

  it('takes a key out of the file and leaves the kernel as it is', () => {
    apply(sysctl, { settings: { 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_no_pmtu_disc': 1 } }, sandbox);
    const gone = apply(sysctl, { name: 'net.ipv4.ip_forward', state: 'absent' }, sandbox);
    expect(gone.left).toEqual([]);
    expect(kernel('net/ipv4/ip_forward')).toBe('1');
    expect(sandbox.look(`cat ${FILE}`)).toBe('# managed by kvmnet\nnet.ipv4.ip_no_pmtu_disc = 1\n');
    gone.undo();
    expect(sandbox.look(`cat ${FILE}`)).toContain('net.ipv4.ip_forward = 1\n');
    apply(sysctl, { settings: { 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_no_pmtu_disc': 1 }, state: 'absent' }, sandbox);
    expect(sandbox.look('ls /etc/sysctl.d')).toBe('');
  });
});
