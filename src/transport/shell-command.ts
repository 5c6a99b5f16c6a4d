import { KvmnetError } from '../util/errors.ts';
import type { ConnectionSpec } from './types.ts';

// What every login shell (bash, dash, csh, fish, busybox …) reads as itself, without quotes.
const PLAIN = /^[A-Za-z0-9_./+-]+$/;

/** The words of the shell on the host, `/bin/sh` unless the inventory says otherwise. */
export function shellWords(spec: ConnectionSpec): readonly string[] {
  const words = (spec.shell ?? '/bin/sh').trim().split(/\s+/);
  if (words.every((word) => PLAIN.test(word))) return words;
  throw new KvmnetError('inventory', `"${spec.shell}" cannot be used as the shell of ${spec.host}`, {
    host: spec.host,
    hint: 'give the path of a POSIX shell, for example /bin/sh or "busybox sh"',
  });
}

export function plainUser(user: string, host: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@+-]*\$?$/.test(user)) return user;
  throw new KvmnetError('inventory', `"${user}" cannot be the name of a user`, { host });
}
