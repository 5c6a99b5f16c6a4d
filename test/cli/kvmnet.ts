import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, inject, onTestFinished } from 'vitest';

interface CallOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Call {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export const program = join(inject('builtFolder'), 'src/cli/main.js');

/** Runs the program as a shell would, without a terminal and with nothing of the tester's environment. */
export async function kvmnet(args: readonly string[], { cwd, env = {}, input = '' }: CallOptions = {}): Promise<Call> {
  // Hosts are this machine: nothing is kept on it. Without a folder of the test's own, no journal is left in another.
  const own: Record<string, string> = cwd === undefined ? { KVMNET_RUNS_DIR: join(project({}), 'runs') } : {};
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...args], {
    cwd: cwd ?? tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), KVMNET_UNDO_KEEP: '0', ...own, ...env },
    extendEnv: false,
    input,
    reject: false,
    // Without a terminal of the tester's: nothing can ask there.
    detached: true,
    timeout: 25_000,
  });
  return { code: exitCode, stdout, stderr };
}

/** A folder with these files, gone when the test has ended. */
export function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

// The machine's own lock is left alone: other tests, and other people's runs, may be at work on it.
const locks = mkdtempSync(join(tmpdir(), 'kvmnet-locks-'));
afterAll(() => rmSync(locks, { recursive: true, force: true }));

/** An inventory of the machine itself under some names, each reached without a network. */
export const localInventory = (...hosts: readonly string[]): string =>
  JSON.stringify({
    all: {
      hosts: Object.fromEntries(hosts.map((host) => [host, { kvmnet_connection: 'local', kvmnet_lock_dir: locks }])),
    },
  });
