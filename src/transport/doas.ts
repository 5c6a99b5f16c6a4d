import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, PASSWORD_PROMPT } from './become-dialogue.ts';
import { listen, type Channel, type OpenChannel } from './channel.ts';
import { Listener } from './handshake.ts';
import { quote } from './sh-quote.ts';
import type { Become, ConnectionSpec } from './types.ts';

/**
 * doas reads a password from the terminal and nowhere else. A terminal would join stdout and stderr, so doas runs on a
 * channel with one, but its stdin and stdout are named pipes that a second channel, without a terminal, is the other
 * end of. Its stderr stays on the terminal, which is set to pass all bytes: with none of the three left there, doas
 * (6.8.2, PAM) reads the password but does not ask for it.
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
  // When the last pipe is open at both ends, their names are of no more use.
  data.stdin.write(
    `{ umask 077; d=${folder}; mkdir "$d" && mkfifo "$d/i" "$d/o" || exit 1; echo pipes-${token}
{ exec <"$d/o"; rm -rf "$d"; exec cat; } & exec cat >"$d/i"; }\n`,
  );
  listen(terminal.stderr, () => {});
  const listener = new Listener(data);
  listener.follow(terminal);
  const pipes = await listener.wait({ ready: { on: 'stdout', text: new RegExp(`pipes-${token}\n`) } }, 30);
  if (pipes === 'ready') {
    // Losing the connection hangs up the terminal: what runs goes on to its end, as it does without one.
    const greet = quote(`trap "" HUP; echo ready-${token}; exec ${shell}`);
    terminal.stdin.write(
      `stty raw -echo; LC_ALL=C; TERM=dumb; export LC_ALL TERM; d=${folder}; exec doas -u ${become.user} /bin/sh -c ${greet} <"$d/i" >"$d/o"\n`,
    );
  }
  await answer({
    listener,
    token,
    asks: PASSWORD_PROMPT,
    keyboard: terminal.stdin,
    spec,
    become,
    giveUp,
    echo: '>"$d/o"',
  });
  listen(data.stderr, () => {});
  return {
    stdin: data.stdin,
    stdout: data.stdout,
    stderr: terminal.stdout,
    // The sh ends with the terminal's channel; its last output may still be on its way through the pipe.
    closed: terminal.closed.then(async (exit) => {
      await Promise.race([data.closed, sleep(200)]);
      return exit;
    }),
    lost: data.lost,
    close: giveUp,
  };
}
