import { homedir } from 'node:os';
import { coerceBoolean } from '../lang/index.ts';
import type { Become, ConnectionSpec, HostKeyChecking } from '../transport/types.ts';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import type { SourceLocation } from '../util/source.ts';
import { CONNECTION_NAMES, SSH_ARGUMENT_NAMES } from './connection-names.ts';
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
}

export interface ConnectionVariables {
  /** The rendered value of a variable; undefined where the host has none of that name. */
  get(name: string): unknown;
  /** Where the strongest value of that name was written. */
  locate?(name: string): SourceLocation | undefined;
}

type Field = keyof typeof CONNECTION_NAMES;

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
    shell: absolutePath(reader, 'shell'),
    connectTimeout: integer(reader, 'connectTimeout', 1, 3600, 'a number of seconds'),
    retries: integer(reader, 'retries', 0, 100, 'a number of attempts'),
  } satisfies ConnectionSpec;
  const become = {
    enabled: boolean(reader, 'become'),
    method: word(reader, 'becomeMethod', BECOME_METHODS),
    user: text(reader, 'becomeUser'),
    password: secret(reader, 'becomePassword'),
  } satisfies BecomeVariables;
  if (problems.length > 0) throw new DiagnosticsError(problems);
  return { spec, become };
}

interface Named {
  /** The variable. */
  readonly name: string;
  /** How errors call it. */
  readonly label: string;
}

interface Found extends Named {
  readonly value: unknown;
}

type Fail = (variable: Named, what: string, hint?: string) => undefined;

interface Reader {
  readonly variables: ConnectionVariables;
  /** What arguments for ssh say, weaker than the variables. */
  readonly args: ReadonlyMap<Field, Found>;
  readonly fail: Fail;
}

function find({ variables, args }: Reader, field: Field): Found | undefined {
  for (const name of CONNECTION_NAMES[field]) {
    const value = variables.get(name);
    if (value !== undefined) return { name, label: name, value };
  }
  return args.get(field);
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

function text(reader: Reader, field: Field): string | undefined {
  const found = find(reader, field);
  if (found === undefined) return undefined;
  const { value } = found;
  if (value === null || value === '') return reader.fail(found, 'is empty', 'give it a value, or remove it');
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean')
    return reader.fail(found, `is the boolean ${String(value)}, not a text`, 'put it into quotes');
  if (typeof value !== 'string') return reader.fail(found, `is ${show(value)}, not a text`);
  if (/[\0\r\n]/.test(value)) return reader.fail(found, 'holds more than one line');
  return value;
}

/** Passwords are never shown, may hold anything, and may be empty where none is needed. */
function secret(reader: Reader, field: Field): string | undefined {
  const found = find(reader, field);
  if (found === undefined || found.value === null || found.value === '') return undefined;
  if (typeof found.value === 'string') return found.value;
  if (typeof found.value === 'number') return String(found.value);
  return reader.fail(found, 'is not a text', 'put it into quotes');
}

function integer(reader: Reader, field: Field, least: number, most: number, what: string): number | undefined {
  const found = find(reader, field);
  if (found === undefined) return undefined;
  const { value } = found;
  const isText = typeof value === 'string' && /^[0-9]+$/.test(value);
  const number = typeof value === 'number' || typeof value === 'bigint' || isText ? Number(value) : Number.NaN;
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  return reader.fail(found, `is ${show(value)}, not ${what} from ${least} to ${most}`);
}

function boolean(reader: Reader, field: Field): boolean | undefined {
  const found = find(reader, field);
  if (found === undefined) return undefined;
  const value = coerceBoolean(found.value);
  return value ?? reader.fail(found, `is ${show(found.value)}, not a boolean`, 'write true or false');
}

const BECOME_METHODS = ['sudo', 'su', 'doas'] as const;

function word<T extends string>(reader: Reader, field: Field, words: readonly T[]): T | undefined {
  const found = find(reader, field);
  if (found === undefined) return undefined;
  const value = words.find((one) => one === found.value);
  if (value !== undefined) return value;
  const list = `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
  return reader.fail(found, `is ${show(found.value)}, not ${list}`);
}

function hostKeyChecking(reader: Reader): HostKeyChecking | undefined {
  const found = find(reader, 'hostKeyChecking');
  if (found === undefined) return undefined;
  // OpenSSH's own words for the same.
  if (found.value === 'off') return 'no';
  const flag = coerceBoolean(found.value);
  if (flag !== undefined) return flag ? 'yes' : 'no';
  return word(reader, 'hostKeyChecking', ['yes', 'accept-new', 'no']);
}

function absolutePath(reader: Reader, field: Field): string | undefined {
  const path = text(reader, field);
  const found = find(reader, field);
  if (path === undefined || found === undefined || /^\/\S+$/.test(path)) return path;
  return reader.fail(
    found,
    `is ${show(path)}, not an absolute path`,
    'write the path of a POSIX shell, such as /bin/sh',
  );
}

const expandHome = (path: string | undefined): string | undefined => path?.replace(/^~(?=\/|$)/, homedir());

const show = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  return value === null ? 'empty' : JSON.stringify(typeof value === 'bigint' ? String(value) : value);
};
