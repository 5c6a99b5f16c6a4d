import { KvmnetError } from '../util/errors.ts';
import type { Become, ConnectionSpec } from './types.ts';

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

export const wrongPassword = ({ host }: ConnectionSpec, { method }: Become): KvmnetError =>
  new KvmnetError('become', `${method} refused the password`, {
    host,
    hint: 'check kvmnet_become_password, or what was typed for --ask-become-pass',
  });

export const noPassword = ({ host }: ConnectionSpec, { method, user }: Become): KvmnetError =>
  new KvmnetError('become', `${method} asks for a password to become ${user}`, {
    host,
    hint: 'give kvmnet_become_password or --ask-become-pass (-K), or allow it without a password on the host',
  });

export const noAnswer = ({ host }: ConnectionSpec, { method }: Become, printed: string, seconds: number): KvmnetError =>
  new KvmnetError('become', `${method} gave no shell within ${seconds} s${printed === '' ? '' : `: ${printed}`}`, {
    host,
    hint: 'it may be waiting for an answer that only a person can give',
  });
