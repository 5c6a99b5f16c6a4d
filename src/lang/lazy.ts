/** What templates and expressions read variables from. A name that `has` denies is undefined, which is an error to read. */
export interface VarSource {
  has(name: string): boolean;
  /** The value, rendered. Undefined where `has` says no. @throws KvmnetError when rendering it fails. */
  get(name: string): unknown;
  names(): Iterable<string>;
}

/** A mapping whose members are made when they are read: `hostvars`, and the variables of one host inside of it. */
export class LazyRecord implements VarSource {
  readonly #source: VarSource;

  constructor(source: VarSource) {
    this.#source = source;
  }

  has(name: string): boolean {
    return this.#source.has(name);
  }

  get(name: string): unknown {
    return this.#source.get(name);
  }

  names(): Iterable<string> {
    return this.#source.names();
  }
}

/** A variable source over plain values. */
export const plainVars = (values: Readonly<Record<string, unknown>>): VarSource => ({
  has: (name) => Object.hasOwn(values, name),
  get: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
  names: () => Object.keys(values),
});

/** Writes out every lazy record inside of a value: for what leaves the language (module parameters, reports). */
export function materialize(value: unknown): unknown {
  if (value instanceof LazyRecord)
    return Object.fromEntries(Array.from(value.names(), (name) => [name, materialize(value.get(name))]));
  if (Array.isArray(value)) return value.some(isContainer) ? value.map(materialize) : value;
  if (isContainer(value) && Object.values(value).some(isContainer))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, materialize(item)]));
  return value;
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * The member of a value by name or index, own members only.
 * @returns undefined where there is none
 */
export function memberOf(value: unknown, key: string): unknown {
  if (value instanceof LazyRecord) return value.has(key) ? value.get(key) : undefined;
  if (!isContainer(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

export function memberNames(value: unknown): Iterable<string> {
  if (value instanceof LazyRecord) return value.names();
  return isContainer(value) && !Array.isArray(value) ? Object.keys(value) : [];
}

/** "the list", "the text "x"" …: a value in an error message, short. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  return typeof value === 'boolean' ? String(value) : 'nothing';
}
