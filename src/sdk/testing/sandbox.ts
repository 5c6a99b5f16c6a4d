import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProbeOutput } from '../probe.ts';

/**
 * A stand-in for a host where only a real kernel and real tools will do: own root (an overlay over this machine's),
 * own network and sysfs, so that nothing of the machine changes. Needs root.
 */
export interface Sandbox {
  /** Runs a script with the shell under test and waits for it. */
  run(script: string): ProbeOutput;
  /** Runs a script outside the code under test, for what a test looks at; throws when it fails. */
  look(script: string): string;
  close(): void;
}

interface SandboxOptions {
  /** The shell under test; default `/bin/sh`. */
  readonly shell?: readonly string[];
  /** Run inside once, before anything else. */
  readonly setup?: string;
}

const boot = `set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/up" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" "$1/root"
cd "$1/root"
mount --rbind /dev dev
mount -t proc proc proc 2>/dev/null || mount --rbind /proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs run
ip link set lo up
# Ready only below its own root: who enters before that would be on the machine itself.
exec chroot . sh -c 'echo ready; exec sleep infinity'`;

/** Starts a sandbox. Call `close` when done; it also ends when this process does. */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-sandbox-'));
  const argv = [
    '--mount',
    '--net',
    '--propagation',
    'private',
    '--kill-child',
    '--fork',
    'sh',
    '-c',
    boot,
    'sh',
    folder,
  ];
  const init = spawn('unshare', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await ready(init);
  const pid = childOf(init.pid ?? 0);
  const enter = ['-t', pid, '--mount', '--net', '--root', '--wdns=/'];
  const run = (script: string, shell: readonly string[]): ProbeOutput => {
    const done = spawnSync('nsenter', [...enter, ...shell], {
      input: `(${script}\n)</dev/null`,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', HOME: '/root' },
      maxBuffer: 1 << 28,
    });
    if (done.error !== undefined) throw done.error;
    return {
      stdout: done.stdout.toString(),
      stderr: done.stderr.toString(),
      code: done.status ?? 255,
      bytes: done.stdout,
    };
  };
  const sandbox: Sandbox = {
    run: (script) => run(script, options.shell ?? ['/bin/sh']),
    look: (script) => {
      const { stdout, stderr, code } = run(script, ['/bin/sh']);
      if (code !== 0) throw new Error(`${script}: exit ${code}: ${stderr}`);
      return stdout;
    },
    close: () => {
      init.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  if (options.setup !== undefined) sandbox.look(options.setup);
  return sandbox;
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the sandbox did not start (exit ${code}); it needs root`)));
    child.once('error', reject);
  });
}

const childOf = (pid: number): string =>
  spawnSync('cat', [`/proc/${pid}/task/${pid}/children`])
    .stdout.toString()
    .trim()
    .split(' ')[0] ?? '';
