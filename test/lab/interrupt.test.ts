import { once } from 'node:events';
import { openSync, ftruncateSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { until } from './process.ts';
import { at, command, folderOf, inventoryOf, playbook, steady } from './terminal.ts';
import { noLab, useLab } from './use-lab.ts';

interface Running {
  kill(signal: NodeJS.Signals): void;
  readonly shown: () => string;
  /** Exit code and how long it took, in seconds, from the last call of `kill`. */
  readonly ended: Promise<{ readonly code: number | null; readonly seconds: number }>;
}

/** Starts a play and leaves it running. */
function start(lab: Lab, hosts: readonly Host[], tasks: string, vars: Readonly<Record<string, number>> = {}): Running {
  const inventory = inventoryOf(lab, Object.fromEntries(hosts.map((host) => [host.name, at(host, vars)])));
  const cwd = folderOf({ 'hosts.json': inventory, 'site.yml': playbook(tasks) });
  const child = lab.spawn([...command, 'play', 'site.yml', '-i', 'hosts.json'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  let killed = performance.now();
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    seconds: (performance.now() - killed) / 1000,
  }));
  return {
    kill: (signal) => {
      killed = performance.now();
      child.kill(signal);
    },
    shown: () => steady(output.join('')),
    ended,
  };
}

const isThere = async (host: Host, pattern: string): Promise<boolean> =>
  (await host.outside(['pgrep', '-f', pattern])).code === 0;

const everywhere = async (hosts: readonly Host[], pattern: string): Promise<void> => {
  for (const host of hosts)
    await until(`${pattern} on ${host.name}`, 30, async () => (await isThere(host, pattern)) || undefined);
};

/** Whatever kvmnet may have left on a host. */
const traces = async (host: Host): Promise<string> =>
  await host.read(['sh', '-c', 'ls -A /tmp; find /etc /srv /root /var/tmp -name "*kvmnet*"']);

const stopping = 'warning: stopping: running steps finish or are undone as a unit; press ^C again to leave now';

describe.skipIf(noLab())('a run that is stopped', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s kills what runs, with its process group, on all hosts',
    async (signal) => {
      const { lab, bare } = await useLab({ bare: 3 });
      // A child in the background and one in the foreground: both belong to the group.
      const run = start(
        lab,
        bare,
        '    - shell: "sleep 7301 & sleep 7302; echo never"\n    - command: touch /srv/later\n',
      );
      await everywhere(bare, '^sleep 7301$');
      await everywhere(bare, '^sleep 7302$');
      run.kill(signal);
      const { code, seconds } = await run.ended;
      expect(code).toBe(130);
      expect(seconds).toBeLessThan(10);
      for (const host of bare) {
        expect(await isThere(host, '^sleep 730')).toBe(false);
        expect((await host.outside(['test', '-e', '/srv/later'])).code).toBe(1);
        expect(await traces(host)).toBe('');
      }
      const lines = run.shown().split('\n');
      expect(lines[1]).toBe(stopping);
      expect(lines.filter((line) => /^shared\d+ /.test(line))).toHaveLength(3);
      expect(lines.at(-1)).toBe('interrupted, 3 hosts ok, … s, run …');
    },
  );

  it('leaves nothing of a file that was on its way', async () => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    const big = join(folderOf({}), 'big');
    const file = openSync(big, 'w');
    ftruncateSync(file, 200e6);
    closeSync(file);
    // Some time on the way: nobody is that fast.
    await lab.delay(host, { rttMs: 20, rate: 40 });
    try {
      const run = start(lab, [host], `    - copy: { src: ${big}, dest: /srv/big }\n`);
      await until('the upload', 30, async () => ((await traces(host)) !== '' ? true : undefined));
      run.kill('SIGINT');
      const { code, seconds } = await run.ended;
      expect(code).toBe(130);
      expect(seconds).toBeLessThan(15);
      expect(run.shown()).toContain('interrupted, ');
    } finally {
      await lab.delay(host, 0);
    }
    expect(await traces(host)).toBe('');
    expect((await host.outside(['test', '-e', '/srv/big'])).code).toBe(1);
  });

  it('does not wait for the next attempt', async () => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    const run = start(
      lab,
      [host],
      '    - shell: "echo >> /srv/attempts; exit 1"\n      retries: 5\n      delay: 600\n',
    );
    await until(
      'an attempt',
      30,
      async () => (await host.outside(['test', '-e', '/srv/attempts'])).code === 0 || undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    run.kill('SIGINT');
    const { code, seconds } = await run.ended;
    await host.read(['rm', '/srv/attempts']);
    expect(code).toBe(130);
    expect(seconds).toBeLessThan(5);
    expect(run.shown()).toContain('interrupted, ');
  });

  it('leaves at once the second time', async () => {
    const { lab, bare } = await useLab({ bare: 1 });
    const [host] = bare as [Host];
    // Behind a dead line nothing can be ended in good order.
    const run = start(lab, [host], '    - command: sleep 7303\n');
    await everywhere([host], '^sleep 7303$');
    await host.cut();
    try {
      run.kill('SIGINT');
      await until('the warning', 10, () => run.shown().includes(stopping) || undefined);
      run.kill('SIGINT');
      const { code, seconds } = await run.ended;
      expect(code).toBe(130);
      expect(seconds).toBeLessThan(1);
    } finally {
      await host.uncut();
      await host.outside(['pkill', '-f', '^sleep 7303$']);
    }
  });

  it('goes on when its reader has gone, and does not fall over', async () => {
    const { lab, bare } = await useLab({ bare: 2 });
    const [a, b] = bare as [Host, Host];
    const inventory = inventoryOf(lab, { a: at(a), b: at(b) });
    const tasks = '    - shell: echo one\n    - shell: echo two\n    - shell: sleep 0.5; touch /srv/done\n';
    const cwd = folderOf({ 'hosts.json': inventory, 'site.yml': playbook(tasks) });
    const line = `{ "$@"; echo "exit $?" >&2; } | head -1`;
    const { stdout, stderr } = await lab.run(
      ['sh', '-c', line, 'sh', ...command, 'play', 'site.yml', '-i', 'hosts.json', '-v'],
      { cwd },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'play test (2 hosts)\n', stderr: 'exit 0\n' });
    for (const host of [a, b]) await host.read(['rm', '/srv/done']);
  });
});

describe.skipIf(noLab())('a host that goes away in the middle of a command', () => {
  it('is unreachable in bounded time where packets vanish, and the others go on', async () => {
    const { lab, bare } = await useLab({ bare: 2 });
    const [bad, good] = bare as [Host, Host];
    const run = start(
      lab,
      [bad, good],
      '    - shell: "[ $(hostname) != shared01 ] || sleep 7304"\n    - command: touch /srv/on\n',
    );
    await everywhere([bad], '^sleep 7304$');
    await bad.cut();
    try {
      run.kill('SIGCONT'); // only sets the clock
      const { code, seconds } = await run.ended;
      expect(code).toBe(4);
      expect(seconds).toBeLessThan(90);
      expect(run.shown()).toMatch(/^shared01 +unreachable +shell$/m);
      expect(run.shown()).toMatch(/^1 host ok, 1 unreachable, /m);
      await good.read(['rm', '/srv/on']);
    } finally {
      await bad.uncut();
      await bad.outside(['pkill', '-f', '^sleep 7304$']);
    }
  });

  it('is unreachable when it crashes, and the others go on', async () => {
    const { lab, systemd } = await useLab({ systemd: 2 });
    const [bad, good] = systemd as [Host, Host];
    const run = start(
      lab,
      [bad, good],
      `    - shell: "[ $(hostname) != ${bad.name} ] || sleep 7305"\n    - command: touch /srv/on\n`,
    );
    await everywhere([bad], '^sleep 7305$');
    const crashed = bad.crash();
    run.kill('SIGCONT');
    const { code, seconds } = await run.ended;
    await crashed;
    expect(code).toBe(4);
    expect(seconds).toBeLessThan(90);
    expect(run.shown()).toMatch(new RegExp(`^${bad.name} +unreachable +shell$`, 'm'));
    expect(await good.read(['sh', '-c', 'ls /srv; rm -f /srv/on'])).toContain('on');
  });
});
