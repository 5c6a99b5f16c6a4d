import { randomBytes } from 'node:crypto';
import { KvmnetError } from '../util/errors.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { Listener } from './handshake.ts';
import { plainUser, shellWords } from './shell-command.ts';
import { quote } from './sh-quote.ts';
import type { Become, ConnectionSpec } from './types.ts';

// pam_faildelay holds a refusal back for 2 to 3 s; a directory service may be slow. After that nobody will answer.
const PATIENCE_SECONDS = 30;

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
  const channel = await open(`exec ${shell}`);
  try {
    await handshake(channel, spec, become, user, shell);
    return channel;
  } catch (error) {
    channel.close();
    throw error;
  }
}

async function handshake(
  channel: Channel,
  spec: ConnectionSpec,
  become: Become,
  user: string,
  shell: string,
): Promise<void> {
  const token = randomBytes(16).toString('hex');
  const ready = `ready-${token}`;
  const prompt = `password-${token}`;
  const greet = quote(`echo ${ready}; exec ${shell}`);
  const command =
    become.method === 'sudo'
      ? `sudo -S -H -p ${prompt}: -u ${user} /bin/sh -c ${greet}`
      : `su ${user} -s /bin/sh -c ${greet}`;
  const listener = new Listener(channel);
  channel.stdin.write(`LC_ALL=C; export LC_ALL; exec ${command}\n`);
  const signs = {
    ready: { on: 'stdout', text: new RegExp(`${ready}\r?\n`) },
    prompt: { on: 'both', text: become.method === 'sudo' ? new RegExp(`${prompt}:`) : /[Pp]assword.*: ?$/ },
  } as const;
  let asked = false;
  for (;;) {
    const sign = await listener.wait(signs, PATIENCE_SECONDS);
    if (sign === 'ready') {
      listener.release();
      return;
    }
    if (sign === 'prompt' && !asked && become.password !== undefined) {
      asked = true;
      channel.stdin.write(`${become.password}\n`);
      continue;
    }
    const printed = listener.printed.replaceAll(new RegExp(`(password|ready)-${token}:?`, 'g'), '');
    listener.release();
    if (sign === 'prompt') throw asked ? wrongPassword(spec, become) : noPassword(spec, become);
    if (sign === 'timeout') throw noAnswer(spec, become, printed);
    throw refusedBecome(spec, become, printed, asked);
  }
}

/** The program ended without giving us a shell. */
export function refusedBecome(spec: ConnectionSpec, become: Become, printed: string, asked = false): KvmnetError {
  const { method, user } = become;
  const { host } = spec;
  if (asked && /incorrect password|authentication fail|sorry, try again|no password was provided/i.test(printed)) {
    return wrongPassword(spec, become);
  }
  if (/password is required|authentication required|a tty is required/i.test(printed)) return noPassword(spec, become);
  if (
    new RegExp(
      `(exec: |: )${method}: (not found|command not found|inaccessible)|${method}: not found|${method}: No such file`,
    ).test(printed)
  ) {
    return new KvmnetError('become', `${method} is not installed on the host`, {
      host,
      hint: 'set kvmnet_become_method to sudo, su or doas, whichever the host has, or log in as that user',
    });
  }
  const why = printed === '' ? 'it ended without a word' : printed;
  return new KvmnetError('become', `${method} did not give a shell of ${user}: ${why}`, {
    host,
    hint: hintFor(method, printed),
  });
}

function hintFor(method: Become['method'], printed: string): string | undefined {
  if (/not in the sudoers|not allowed to (run|execute)|may not run sudo|Operation not permitted/i.test(printed)) {
    return `allow the login user to become that user in the configuration of ${method}`;
  }
  if (/must have a tty/i.test(printed)) return 'remove "Defaults requiretty" from sudoers for the login user';
  return undefined;
}

const wrongPassword = ({ host }: ConnectionSpec, { method }: Become): KvmnetError =>
  new KvmnetError('become', `${method} refused the password`, {
    host,
    hint: 'check kvmnet_become_password, or what was typed for --ask-become-pass',
  });

const noPassword = ({ host }: ConnectionSpec, { method, user }: Become): KvmnetError =>
  new KvmnetError('become', `${method} asks for a password to become ${user}`, {
    host,
    hint: 'give kvmnet_become_password or --ask-become-pass (-K), or allow it without a password on the host',
  });

const noAnswer = ({ host }: ConnectionSpec, { method }: Become, printed: string): KvmnetError =>
  new KvmnetError(
    'become',
    `${method} gave no shell within ${PATIENCE_SECONDS} s${printed === '' ? '' : `: ${printed}`}`,
    {
      host,
      hint: 'it may be waiting for an answer that only a person can give',
    },
  );
