import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLab, differences, type Host, type Lab } from './index.ts';
import { until } from './process.ts';
import { readState, sweep } from './state.ts';
import { noLab, useLab } from './use-lab.ts';

describe.skipIf(noLab())('bare hosts', () => {
  let lab: Lab;
  let one: Host;
  let two: Host;
  beforeAll(async () => {
    const used = await useLab({ bare: 2 });
    lab = used.lab;
    [one, two] = used.bare as [Host, Host];
  });

  it('are logged in to by plain ssh, each with its own name, address, processes and boot id', async () => {
    const words = 'hostname; ip -4 -br address show eth0; ps -e | wc -l; cat /proc/sys/kernel/random/boot_id';
    const [a, b] = await Promise.all([lab.ssh(one, words), lab.ssh(two, words)]);
    expect(a).toMatchObject({ code: 0, stderr: '' });
    expect(a.stdout).toContain(`${one.name}\n`);
    expect(a.stdout).toContain(`${one.address}/16`);
    expect(a.stdout).toContain(one.bootId());
    expect(b.stdout).toContain(`${two.name}\n`);
    expect(one.bootId()).not.toBe(two.bootId());
    expect(Number(/^\s*(\d+)$/m.exec(a.stdout)?.[1])).toBeLessThan(15);
  });

  it("write their own /etc and nobody else's", async () => {
    const before = await two.snapshot();
    await one.read(['sh', '-c', 'echo mine > /etc/mine']);
    expect((await two.outside(['cat', '/etc/mine'])).code).toBe(1);
    expect(differences(before, await two.snapshot())).toEqual([]);
    await one.read(['rm', '/etc/mine']);
  });

  it.each([
    ['ops', '$ id -un'],
    ['auto', '$ id -un'],
    ['dashy', '$ id -un'],
    ['busy', '$ id -un'],
    ['cshell', '$ id -un'],
    ['fisher', '$ id -un'],
    ['noisy', '$ id -un'],
  ])('let %s in with the key of the lab', async (user) => {
    const result = await lab.ssh(one, 'id -un', { user });
    expect(result.code).toBe(0);
    expect(result.stdout.split('\n').at(-2)?.endsWith(user)).toBe(true);
  });

  it('turn away who has no shell', async () => {
    expect(await lab.ssh(one, 'id -un', { user: 'locked' })).toMatchObject({ code: 1 });
  });

  it.each([
    ['auto', 'sudo -n id -un', 0],
    ['auto', 'doas -n id -un', 0],
    ['ops', 'echo ops-secret | sudo -S -p "" id -un', 0],
    ['ops', 'echo wrong | sudo -S -p "" id -un', 1],
    ['ops', 'sudo -n id -un', 1],
    ['plain', 'echo plain-secret | sudo -S -p "" id -un', 1],
  ])('%s becomes root by %s: exit %i', async (user, command, code) => {
    const result = await lab.ssh(one, command, { user });
    expect(result.code).toBe(code);
    if (code === 0) expect(result.stdout).toBe('root\n');
  });

  it('take the password of a user', async () => {
    const askpass = join(lab.home, 'askpass');
    const password = async (word: string): Promise<number> => {
      await lab.run(['sh', '-c', `printf '#!/bin/sh\\necho %s\\n' ${word} > ${askpass}; chmod 700 ${askpass}`]);
      const options = ['-o', 'PubkeyAuthentication=no', '-o', 'BatchMode=no', '-o', 'NumberOfPasswordPrompts=1'];
      const ssh = ['ssh', '-F', lab.sshConfigPath, ...options, `ops@${one.name}`, 'true'];
      return (await lab.run(ssh, { env: { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' } })).code;
    };
    expect(await password('ops-secret')).toBe(0);
    expect(await password('wrong')).toBe(255);
  });

  it('cannot change the settings of the machine, but those of their own network', async () => {
    // The value it has already: were it writable after all, nothing would happen to the machine.
    const kernel = readFileSync('/proc/sys/kernel/core_uses_pid', 'utf8').trim();
    expect((await one.outside(['sysctl', '-w', `kernel.core_uses_pid=${kernel}`])).code).not.toBe(0);
    await one.read(['sysctl', '-w', 'net.ipv4.conf.eth0.rp_filter=2']);
    expect(await one.read(['cat', '/proc/sys/net/ipv4/conf/eth0/rp_filter'])).toBe('2\n');
    await one.read(['sysctl', '-w', 'net.ipv4.conf.eth0.rp_filter=0']);
  });

  it('have links, addresses and rules that a snapshot shows when they change', async () => {
    const before = await one.snapshot();
    expect(before['links']?.length).toBeGreaterThanOrEqual(2);
    await one.read([
      'sh',
      '-c',
      'ip link add br9 type bridge; iptables -A FORWARD -i br9 -j DROP; echo x > /etc/marker',
    ]);
    const seen = differences(before, await one.snapshot());
    expect(seen.filter((line) => line.startsWith('links + br9'))).toHaveLength(1);
    expect(seen).toContain('iptables + filter -A FORWARD -i br9 -j DROP');
    expect(seen.some((line) => /^contents \+ \w+ {2}\/etc\/marker$/.test(line))).toBe(true);
    await one.read(['sh', '-c', 'ip link del br9; iptables -D FORWARD -i br9 -j DROP; rm /etc/marker']);
    expect(differences(before, await one.snapshot())).toEqual([]);
  });

  it('are reached through a port of 127.0.0.1 by tests that call the transport themselves', async () => {
    const forward = await lab.forward(one);
    const options = ['-o', `HostKeyAlias=${one.name}`, '-p', `${forward.port}`];
    const child = spawn('ssh', ['-F', lab.sshConfigPath, ...options, forward.address, 'cat; echo end'], {
      stdio: 'pipe',
    });
    const big = 'x'.repeat(1_000_000);
    child.stdin.end(big);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(Buffer.concat(chunks).toString()).toBe(`${big}end\n`);
    await forward.close();
  });

  it('are as far away as is said', async ({ onTestFinished }) => {
    onTestFinished(async () => await lab.delay(one, 0));
    const ping = async (...more: string[]): Promise<string> =>
      (await lab.run(['ping', '-q', '-i', '0.1', ...more, one.address])).stdout;
    const rtt = (text: string): number => Number(/= ([\d.]+)\//.exec(text)?.[1]); // the least: a busy machine adds its own
    await lab.delay(one, 50);
    expect(rtt(await ping('-c', '10'))).toBeGreaterThanOrEqual(50);
    expect(rtt(await ping('-c', '10'))).toBeLessThan(52);
    await lab.delay(one, { rttMs: 10, loss: 50 });
    expect(Number(/([\d.]+)% packet loss/.exec(await ping('-c', '40'))?.[1])).toBeGreaterThan(40); // 75 % of both ways together
    await lab.delay(one, 0);
    expect(rtt(await ping('-c', '5'))).toBeLessThan(5);
  });

  it('lose their link, their sshd, their disk and their right to write, and get them back', async ({
    onTestFinished,
  }) => {
    onTestFinished(async () => await one.uncut());
    const login = async (): Promise<number> => (await lab.ssh(one, 'true', { timeout: 4 })).code;
    await one.cut();
    expect(await login()).not.toBe(0);
    await one.uncut();
    expect(await login()).toBe(0);
    await one.killSshd();
    expect(await login()).toBe(255);
    await one.restartSshd();
    expect(await login()).toBe(0);

    const write = 'echo some text > /etc/some-file';
    const empty = await one.fillDisk('/etc');
    expect((await lab.ssh(one, write)).stderr).toContain('No space left');
    expect(await one.read(['hostname', '-F', '/etc/hostname'])).toBe('');
    await empty();
    const writable = await one.readOnly('/etc');
    expect((await lab.ssh(one, write)).stderr).toContain('Read-only file system');
    await writable();
    expect((await lab.ssh(one, `${write} && rm /etc/some-file`)).code).toBe(0);
  });
});

describe.skipIf(noLab())('systemd hosts', () => {
  let lab: Lab;
  let one: Host;
  let two: Host;
  beforeAll(async () => {
    const used = await useLab({ systemd: 2 });
    lab = used.lab;
    [one, two] = used.systemd as [Host, Host];
  });

  it('run systemd without a failed unit', async () => {
    expect(await lab.ssh(one, 'systemctl is-system-running --wait; cat /proc/1/comm')).toMatchObject({
      code: 0,
      stdout: 'running\nsystemd\n',
    });
  });

  it('really reboot: a new boot id, the same address, nothing kept but files', async () => {
    await one.read(['sh', '-c', 'ip link add br9 type bridge; echo kept > /root/kept']);
    const before = one.bootId();
    await lab.ssh(one, 'systemd-run --quiet --on-active=0 --timer-property=AccuracySec=10ms systemctl reboot');
    await one.waitUp({ notBootId: before });
    const seen = await lab.ssh(one, 'cat /proc/sys/kernel/random/boot_id /root/kept; ip link show br9; hostname -I');
    expect(seen.stdout).toContain(`${one.bootId()}\nkept\n`);
    expect(seen.stdout).toContain(one.address);
    expect(seen.stderr).toContain('br9');
    expect(one.bootId()).not.toBe(before);
  });

  it('come back when their plug was pulled', async () => {
    await one.crash();
    expect((await lab.ssh(one, 'cat /root/kept')).stdout).toBe('kept\n');
  });

  it('hear one another on a segment, jumbo frames too, and not from the hub', async () => {
    await one.read(['sh', '-c', 'ip address add 10.98.0.1/24 dev eth1; ip link set eth1 mtu 9000 up']);
    await two.read(['sh', '-c', 'ip address add 10.98.0.2/24 dev eth1; ip link set eth1 mtu 9000 up']);
    await one.read(['ping', '-q', '-c', '2', '-i', '0.2', '-W', '2', '-M', 'do', '-s', '8900', '10.98.0.2']);
    await one.cut('eth1');
    expect((await one.outside(['ping', '-q', '-c', '1', '-W', '1', '10.98.0.2'])).code).toBe(1);
    await one.uncut('eth1');
    for (const host of [one, two]) await host.read(['ip', 'address', 'flush', 'dev', 'eth1']);
  });

  it('cannot change the settings of the machine', async () => {
    const touched = [
      '/proc/sys/vm/swappiness',
      '/proc/irq/default_smp_affinity',
      '/sys/kernel/mm/transparent_hugepage/enabled',
    ];
    for (const path of touched) {
      const script = `cat ${path} > /tmp/x; cat /tmp/x > ${path}`;
      const { code, stderr } = await one.outside(['sh', '-c', script]);
      expect({ path, failed: code !== 0, stderr }).toMatchObject({
        failed: true,
        stderr: expect.stringContaining('Read-only') as string,
      });
    }
  });

  it('install packages from their own disk', async () => {
    await one.read([
      'sh',
      '-c',
      'apt-get -qq update && apt-get -qq install -y kvmnet-lab-sample=1.0 && apt-get -qq install -y kvmnet-lab-sample',
    ]);
    expect(await one.read(['cat', '/usr/share/kvmnet-lab-sample/version'])).toBe('2.0\n');
    await one.read(['apt-get', '-qq', 'purge', '-y', 'kvmnet-lab-sample']);
  });
});

describe.skipIf(noLab())('a lab', () => {
  it('leaves nothing behind when its owner is killed', async () => {
    const { owner, dir } = await startOwner();
    const during = traces(dir);
    expect(during.processes.length).toBeGreaterThan(5);
    expect(during.groups.length).toBeGreaterThan(0);
    owner.kill('SIGKILL');
    const gone = `all traces of ${dir} to go: ${JSON.stringify(traces(dir))}`;
    await until(gone, 30, () => isEmpty(traces(dir)) || undefined, 100);
    // A network namespace goes when no process is in it and nothing is mounted on it.
    expect(ours(during).length).toBeGreaterThanOrEqual(4); // the hub and three hosts
    expect(networksOf(numbers('/proc')).filter((network) => ours(during).includes(network))).toEqual([]);
  });

  it('that lost its supervisor too is swept away before the next one', async () => {
    const { owner, dir } = await startOwner();
    const during = traces(dir);
    process.kill(readState(dir).supervisor.pid, 'SIGKILL');
    owner.kill('SIGKILL');
    await until('its processes to end', 30, () => traces(dir).processes.length === 0 || undefined, 100);
    expect(traces(dir).files.length).toBeGreaterThan(0);
    expect(during.groups.length).toBeGreaterThan(0);
    await sweep();
    expect(isEmpty(traces(dir))).toBe(true);
  });

  it('stands beside others and ends by itself alone', async ({ onTestFinished }) => {
    const { lab: shared, bare } = await useLab({ bare: 1 });
    const other = await createLab();
    onTestFinished(async () => await other.down());
    const [host] = await other.bareHosts(1, { names: ['lonely'] });
    // Both use the same network, and neither sees the other.
    const network = (address = ''): string => address.split('.').slice(0, 2).join('.');
    expect(network(host?.address)).toBe(network(bare[0]?.address));
    expect((await other.ssh('lonely', 'hostname')).stdout).toBe('lonely\n');
    await other.down();
    expect(isEmpty(traces(other.dir))).toBe(true);
    expect((await shared.ssh(bare[0] as Host, 'hostname')).stdout).toBe(`${bare[0]?.name}\n`);
  });
});

/** A process of its own with a lab, that says where it is and then waits for its death. */
async function startOwner(): Promise<{ owner: ChildProcess; dir: string }> {
  const script = `import { createLab } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
      const lab = await createLab();
      await lab.bareHosts(2);
      const [host] = await lab.systemdHosts(1);
      await lab.delay(host, 20);
      console.log(lab.dir);
      setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [dir] = (await once(createInterface(owner.stdout), 'line')) as [string];
  return { owner, dir };
}

interface Traces {
  readonly processes: readonly number[];
  readonly mounts: readonly string[];
  readonly groups: readonly string[];
  readonly files: readonly string[];
  readonly networks: readonly string[];
}

/** Whatever on the machine carries the name of a lab. */
function traces(dir: string): Traces {
  const id = dir.split('/').at(-1) ?? '';
  const processes = numbers('/proc').filter(
    (pid) => has(`/proc/${pid}/cmdline`, dir) || has(`/proc/${pid}/cgroup`, `kvmnet-lab-${id}`),
  );
  return {
    processes,
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(dir)),
    groups: groupsNamed(`kvmnet-lab-${id}`),
    files: list(dir),
    networks: networksOf(processes),
  };
}

const isEmpty = ({ processes, mounts, groups, files }: Traces): boolean =>
  processes.length + mounts.length + groups.length + files.length === 0;

const ours = ({ networks }: Traces): readonly string[] =>
  networks.filter((network) => network !== readlinkSync('/proc/self/ns/net'));

const numbers = (dir: string): number[] =>
  list(dir)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const networksOf = (pids: readonly number[]): string[] => [
  ...new Set(
    pids.flatMap((pid) => {
      try {
        return [readlinkSync(`/proc/${pid}/ns/net`)];
      } catch {
        return [];
      }
    }),
  ),
];

function groupsNamed(name: string): string[] {
  const roots = ['/sys/fs/cgroup', ...list('/sys/fs/cgroup').map((d) => `/sys/fs/cgroup/${d}`)];
  const own = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[2] ?? '');
  const places = roots.flatMap((root) => own.map((path) => join(root, path)));
  return [...new Set(places)].filter((place) => list(place).includes(name));
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function has(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(text);
  } catch {
    return false;
  }
}
