import { coerceBoolean } from '../lang/index.ts';
import type { SourceLocation } from '../util/source.ts';
import { CONNECTION_NAMES } from './connection-names.ts';

export interface ConnectionVariables {
  /** The rendered value of a variable; undefined where the host has none of that name. */
  get(name: string): unknown;
  /** Where the strongest value of that name was written. */
  locate?(name: string): SourceLocation | undefined;
}

export type Field = keyof typeof CONNECTION_NAMES;

interface Named {
  /** The variable. */
  readonly name: string;
  /** How errors call it. */
  readonly label: string;
}

export interface Found extends Named {
  readonly value: unknown;
}

export type Fail = (variable: Named, what: string, hint?: string) => undefined;

export interface Reader {
  readonly variables: ConnectionVariables;
  /** What arguments for ssh say, weaker than the variables. */
  readonly args: ReadonlyMap<Field, Found>;
  readonly fail: Fail;
}

export function find({ variables, args }: Reader, field: Field): Found | undefined {
  for (const name of CONNECTION_NAMES[field]) {
    const value = variables.get(name);
    if (value !== undefined) return { name, label: name, value };
  }
  return args.get(field);
}

export function text(reader: Reader, field: Field): string | undefined {
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
export function secret(reader: Reader, field: Field): string | undefined {
  const found = find(reader, field);
  if (found === undefined || found.value === null || found.value === '') return undefined;
  if (typeof found.value === 'string') return found.value;
  if (typeof found.value === 'number') return String(found.value);
  return reader.fail(found, 'is not a text', 'put it into quotes');
}

export function integer(reader: Reader, field: Field, least: number, most: number, what: string): number | undefined {
  const found = find(reader, field);
  if (found === undefined) return undefined;
  const { value } = found;
  const isText = typeof value === 'string' && /^[0-9]+$/.test(value);
  const number = typeof value === 'number' || typeof value === 'bigint' || isText ? Number(value) : Number.NaN;
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  return reader.fail(found, `is ${show(value)}, not ${what} from ${least} to ${most}`);
}

export function boolean(reader: Reader, field: Field): boolean | undefined {
  const found = find(reader, field);
  if (found === undefined) return undefined;
  const value = coerceBoolean(found.value);
  return value ?? reader.fail(found, `is ${show(found.value)}, not a boolean`, 'write true or false');
}

export function word<T extends string>(reader: Reader, field: Field, words: readonly T[]): T | undefined {
  const found = find(reader, field);
  if (found === undefined) return undefined;
  const value = words.find((one) => one === found.value);
  if (value !== undefined) return value;
  const list = `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
  return reader.fail(found, `is ${show(found.value)}, not ${list}`);
}

export function absolutePath(reader: Reader, field: Field, hint: string): string | undefined {
  const path = text(reader, field);
  const found = find(reader, field);
  if (path === undefined || found === undefined || /^\/\S+$/.test(path)) return path;
  return reader.fail(found, `is ${show(path)}, not an absolute path`, hint);
}

export const show = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  return value === null ? 'empty' : JSON.stringify(typeof value === 'bigint' ? String(value) : value);
};
