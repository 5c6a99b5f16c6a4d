import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { localInventory, program, project } from './kvmnet.ts';

/** Starts the program and waits until it has printed something that says the work has begun. */
function start(args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  return { child, text: () => output.join(''), ended };
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(50);
  expect(condition()).toBe(true);
};

const files = { 'hosts.yml': localInventory('a') };

describe('a run that is stopped', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'comes to an end by %s, shows the recap and exits with 130',
    async (signal) => {
      const cwd = project(files);
      const { child, text, ended } = start(
        ['shell', 'all', '-i', 'hosts.yml', '--chdir', cwd, '--', 'echo > begun; sleep 20; echo > over'],
        cwd,
      );
      await until(() => existsSync(join(cwd, 'begun')));
      child.kill(signal);
      expect(await ended).toEqual([130, null]);
      expect(text()).toContain(
        'warning: stopping: running steps finish or are undone as a unit; press ^C again to leave now',
      );
      expect(text()).toMatch(/^interrupted, /m);
      await sleep(300);
      expect(existsSync(join(cwd, 'over'))).toBe(false);
    },
  );
  it('leaves at once the second time', async () => {
    const cwd = project(files);
    // What it runs does not hear the first signal.
    const command = 'trap "" INT TERM HUP; echo > begun; sleep 4';
    const { child, text, ended } = start(['shell', 'all', '-i', 'hosts.yml', '--chdir', cwd, '--', command], cwd);
    await until(() => existsSync(join(cwd, 'begun')));
    child.kill('SIGINT');
    await sleep(20);
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(text()).not.toMatch(/^interrupted/m);
  });
});

describe('a reader that goes away', () => {
  it('is no error, and the run goes on', async () => {
    const cwd = project(files);
    const { child, text, ended } = start(
      ['shell', 'all', '-i', 'hosts.yml', '--chdir', cwd, '-vv', '--', 'echo > begun; sleep 0.5; echo > over'],
      cwd,
    );
    await until(() => existsSync(join(cwd, 'begun')));
    child.stdout.destroy();
    expect(await ended).toEqual([0, null]);
    expect(existsSync(join(cwd, 'over'))).toBe(true);
    expect(text()).not.toContain('EPIPE');
  });
});
