import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, PASSWORD_PROMPT } from './become-dialogue.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { Listener } from './handshake.ts';
import { quote } from './sh-quote.ts';
import type { Become, ConnectionSpec } from './types.ts';

/**
 * doas reads a password from the terminal and nowhere else. A terminal would mix stdout with stderr and change bytes, so
 * it gets one for the password only: doas runs on a channel with a terminal, and its three streams are named pipes
 * that a second channel, without a terminal, is the other end of.
 */
export async function openDoas(
  open: OpenChannel,
  spec: ConnectionSpec,
  become: Become,
  shell: string,
): Promise<Channel> {
  const terminal = await open(`exec ${shell}`, { pty: true });
  const data = await open(`exec ${shell}`).catch((error: unknown) => {
    terminal.close();
    throw error;
  });
  const giveUp = (): void => {
    terminal.close();
    data.close();
  };
  const token = randomBytes(16).toString('hex');
  const folder = `"\${TMPDIR:-/tmp}/.kvmnet-${token}"`;
  // The pipe that is opened last tells that all are open: then their names are of no more use.
  data.stdin.write(
    `{ umask 077; d=${folder}; mkdir "$d" && mkfifo "$d/i" "$d/o" "$d/e" || exit 1; echo pipes-${token}
cat "$d/o" & { exec <"$d/e"; rm -rf "$d"; exec cat >&2; } & exec cat >"$d/i"; }\n`,
  );
  const listener = new Listener(data);
  listener.follow(terminal.stdout);
  const pipes = await listener.wait({ ready: { on: 'stdout', text: new RegExp(`pipes-${token}\n`) } }, 30);
  if (pipes === 'ready') {
    // Losing the connection hangs up the terminal: what runs goes on to its end, as it does without one.
    const greet = quote(`trap "" HUP; echo ready-${token}; exec ${shell}`);
    terminal.stdin.write(
      `stty -echo; LC_ALL=C; export LC_ALL; d=${folder}; exec doas -u ${become.user} /bin/sh -c ${greet} <"$d/i" >"$d/o" 2>"$d/e"\n`,
    );
  }
  await answer({ listener, token, asks: PASSWORD_PROMPT, keyboard: terminal.stdin, spec, become, giveUp });
  listener.unfollow(terminal.stdout);
  terminal.stdout.resume();
  terminal.stderr.resume();
  return {
    stdin: data.stdin,
    stdout: data.stdout,
    stderr: data.stderr,
    // The sh ends with the terminal's channel; its last output may still be on its way through the pipes.
    closed: terminal.closed.then(async (exit) => {
      await Promise.race([data.closed, sleep(200)]);
      return exit;
    }),
    lost: data.lost,
    close: giveUp,
  };
}
