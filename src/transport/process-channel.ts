import { spawn } from 'node:child_process';
import type { Channel, ChannelExit } from './channel.ts';

/**
 * A local process as a channel. It gets a process group (and session) of its own: an interrupt from the terminal does not reach it,
 * and what it starts can be told from what others start.
 */
export function openProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Channel> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env: { ...env }, stdio: 'pipe', detached: true });
  const closed = new Promise<ChannelExit>((resolve) => {
    const done = (code: number | null, signal: string | null): void =>
      resolve({ code, ...(signal === null ? {} : { signal }) });
    child.once('close', done);
    // A daemon that keeps our pipes open must not keep us waiting for the shell that started it.
    child.once('exit', (code, signal) => {
      setTimeout(() => done(code, signal), 200).unref();
    });
  });
  // Writing to a process that has gone is noticed by `closed`.
  child.stdin.on('error', () => {});
  const channel: Channel = {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    closed,
    lost: () => false,
    close: () => {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    },
  };
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(channel));
    child.once('error', reject);
  });
}
