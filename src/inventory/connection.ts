import { homedir } from 'node:os';
import { coerceBoolean } from '../lang/index.ts';
import type { Become, ConnectionSpec, HostKeyChecking } from '../transport/types.ts';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import { SSH_ARGUMENT_NAMES } from './connection-names.ts';
import {
  absolutePath,
  boolean,
  find,
  integer,
  secret,
  show,
  text,
  word,
  type ConnectionVariables,
  type Fail,
  type Field,
  type Found,
  type Reader,
} from './connection-values.ts';
import { parseSshArguments, type SshArguments } from './ssh-args.ts';

/** What the variables of a host say about becoming another user; what they leave out, play and task decide. */
export interface BecomeVariables {
  readonly enabled: boolean | undefined;
  readonly method: Become['method'] | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

export interface HostConnection {
  readonly spec: ConnectionSpec;
  readonly become: BecomeVariables;
  /** Where the host keeps its lock, if not in the usual place. */
  readonly lockFolder: string | undefined;
}

/**
 * How a host is reached, from its connection variables: `kvmnet_*`, and Ansible's names of the same things.
 * @throws DiagnosticsError with every variable that has a value of the wrong kind
 */
export function connectionOf(host: string, variables: ConnectionVariables): HostConnection {
  const problems: KvmnetError[] = [];
  const fail: Fail = ({ name, label }, what, hint) => {
    problems.push(new KvmnetError('inventory', `${label} ${what}`, { host, hint, at: variables.locate?.(name) }));
  };
  const reader: Reader = { variables, args: sshArguments(variables, fail), fail };

  const kind = connectionKind(reader);
  const spec = {
    host,
    kind,
    address: text(reader, 'address') ?? host,
    port: integer(reader, 'port', 1, 65_535, 'a port number'),
    user: text(reader, 'user'),
    password: secret(reader, 'password'),
    privateKeyFile: expandHome(text(reader, 'privateKeyFile')),
    passphrase: secret(reader, 'passphrase'),
    jump: text(reader, 'jump'),
    hostKeyChecking: hostKeyChecking(reader),
    shell: absolutePath(reader, 'shell', 'write the path of a POSIX shell, such as /bin/sh'),
    connectTimeout: integer(reader, 'connectTimeout', 1, 3600, 'a number of seconds'),
    retries: integer(reader, 'retries', 0, 100, 'a number of attempts'),
  } satisfies ConnectionSpec;
  const become = {
    enabled: boolean(reader, 'become'),
    method: word(reader, 'becomeMethod', BECOME_METHODS),
    user: text(reader, 'becomeUser'),
    password: secret(reader, 'becomePassword'),
  } satisfies BecomeVariables;
  const lockFolder = absolutePath(reader, 'lockFolder', 'write the path of a folder, such as /var/tmp');
  if (problems.length > 0) throw new DiagnosticsError(problems);
  return { spec, become, lockFolder };
}

function sshArguments(variables: ConnectionVariables, fail: Fail): ReadonlyMap<Field, Found> {
  const found = new Map<Field, Found>();
  const hint = 'use kvmnet_jump for jump hosts, and ~/.ssh/config for the rest';
  for (const name of SSH_ARGUMENT_NAMES) {
    const value = variables.get(name);
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string') {
      fail({ name, label: name }, 'is not a text', hint);
      continue;
    }
    const parsed = parseSshArguments(value);
    if (typeof parsed === 'string') fail({ name, label: `${name}:` }, parsed, hint);
    else {
      for (const [field, text] of Object.entries(parsed)) {
        found.set(field as keyof SshArguments, { name, label: `${name}: ${field}`, value: text });
      }
    }
  }
  return found;
}

const SSH_NAMES = ['ssh', 'smart', 'paramiko', 'paramiko_ssh'];

function connectionKind(reader: Reader): ConnectionSpec['kind'] {
  const found = find(reader, 'connection');
  if (found === undefined) return 'ssh';
  const name = String(found.value).replace(/^ansible\.(?:builtin|legacy)\./, '');
  if (SSH_NAMES.includes(name)) return 'ssh';
  if (name !== 'local')
    reader.fail(found, `is ${show(found.value)}, not ssh or local`, didYouMean(name, ['ssh', 'local']));
  return 'local';
}

const BECOME_METHODS = ['sudo', 'su', 'doas'] as const;

function hostKeyChecking(reader: Reader): HostKeyChecking | undefined {
  const found = find(reader, 'hostKeyChecking');
  if (found === undefined) return undefined;
  // OpenSSH's own words for the same.
  if (found.value === 'off') return 'no';
  const flag = coerceBoolean(found.value);
  if (flag !== undefined) return flag ? 'yes' : 'no';
  return word(reader, 'hostKeyChecking', ['yes', 'accept-new', 'no']);
}

const expandHome = (path: string | undefined): string | undefined => path?.replace(/^~(?=\/|$)/, homedir());
