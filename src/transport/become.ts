import { randomBytes } from 'node:crypto';
import { answer, PASSWORD_PROMPT } from './become-dialogue.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { openDoas } from './doas.ts';
import { Listener } from './handshake.ts';
import { plainUser, shellWords } from './shell-command.ts';
import { quote } from './sh-quote.ts';
import type { Become, ConnectionSpec } from './types.ts';

/**
 * Opens a sh of the login user, or of the become user. Without a password one command of plain words does it. With one, a
 * sh of the login user runs the program and a first word of the new shell says that it is there: only then we know
 * that nothing will be read as a password, or a password as a command.
 */
export async function openSh(open: OpenChannel, spec: ConnectionSpec, become?: Become): Promise<Channel> {
  const shell = shellWords(spec).join(' ');
  if (become === undefined) return open(`exec ${shell}`);
  const user = plainUser(become.user, spec.host);
  if (become.method !== 'su' && become.password === undefined) {
    const flags = become.method === 'sudo' ? '-n -H' : '-n';
    return open(`exec ${become.method} ${flags} -u ${user} ${shell}`);
  }
  if (become.method === 'doas') return openDoas(open, spec, become, shell);
  const channel = await open(`exec ${shell}`);
  const token = randomBytes(16).toString('hex');
  const prompt = `password-${token}:`;
  const greet = quote(`echo ready-${token}; exec ${shell}`);
  const command =
    become.method === 'sudo'
      ? `sudo -S -H -p ${prompt} -u ${user} /bin/sh -c ${greet}`
      : `su ${user} -s /bin/sh -c ${greet}`;
  channel.stdin.write(`LC_ALL=C; export LC_ALL; exec ${command}\n`);
  const listener = new Listener(channel);
  const asks = become.method === 'sudo' ? new RegExp(prompt) : PASSWORD_PROMPT;
  await answer({ listener, token, asks, keyboard: channel.stdin, spec, become, giveUp: () => channel.close() });
  return channel;
}
