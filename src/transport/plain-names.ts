import { KvmnetError } from '../util/errors.ts';

// ProxyCommand and Match exec of ssh configuration put names into shell commands (%h, %r), and a name may come from an inventory
// that others feed (a cloud, a database). The characters are those that OpenSSH refuses as well.

const SHELL_OWN = /['"`$\\;&<>|(){}\s\p{Control}]/u;

/** @throws KvmnetError code `inventory` for what a shell or a program would take for more than a name */
export function plainAddress(address: string, host: string): string {
  if (address !== '' && !address.startsWith('-') && !SHELL_OWN.test(address)) return address;
  throw new KvmnetError('inventory', `${JSON.stringify(address)} cannot be the name or address of a host`, {
    host,
    hint: 'a name has no spaces, quotes or characters that mean something to a shell, and does not begin with a dash',
  });
}

/** Names of users may hold a backslash (`DOMAIN\\user`), though not as their end. @throws KvmnetError code `inventory` */
export function plainLogin(user: string, host: string): string {
  if (user !== '' && !user.startsWith('-') && !SHELL_OWN.test(user.replaceAll(/\\(?=.)/g, ''))) return user;
  throw new KvmnetError('inventory', `${JSON.stringify(user)} cannot be the name of a user to log in as`, { host });
}
