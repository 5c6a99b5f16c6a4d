import { Optional } from '@marcbachmann/cel-js';
import { LazyRecord, memberNames, memberOf } from './lazy.ts';

/** A member that was asked for and is not there: what a "no such key" error is explained with. */
export interface Miss {
  readonly key: string;
  readonly known: () => Iterable<string>;
}

/** What one evaluation notes on its way. */
export interface Trace {
  miss: Miss | undefined;
  /** The first error of a variable: CEL's `||` and `exists` would swallow it. */
  failure: unknown;
}

/**
 * A JavaScript value for CEL: integers become BigInt, lists are converted one level deep, mappings member by member as
 * they are read, so that an expression over `hostvars` costs what it touches.
 */
export function toCel(value: unknown, trace: Trace): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const plain = value.every((item) => typeof item === 'string' || typeof item === 'boolean');
    return plain ? value : value.map((item: unknown) => (item === undefined ? null : toCel(item, trace)));
  }
  if (value instanceof Uint8Array || value instanceof LazyMap) return value;
  return new LazyMap(value, trace);
}

/**
 * A mapping as cel-js wants it, reading through to the value underneath. cel-js asks for `instanceof Map` and for
 * `constructor === Map`; a real Map inside would only cost time, so the prototype is all that is inherited.
 */
export class LazyMap {
  readonly raw: object;
  readonly #trace: Trace;

  constructor(raw: object, trace: Trace) {
    this.raw = raw;
    this.#trace = trace;
  }

  get(key: unknown): unknown {
    const name = String(key);
    let value: unknown;
    try {
      value = memberOf(this.raw, name);
    } catch (error) {
      this.#trace.failure ??= error;
      throw error;
    }
    if (value !== undefined) return toCel(value, this.#trace);
    this.#trace.miss = { key: name, known: () => memberNames(this.raw) };
    return undefined;
  }

  has(key: unknown): boolean {
    const name = String(key);
    return this.raw instanceof LazyRecord ? this.raw.has(name) : Object.hasOwn(this.raw, name);
  }

  get size(): number {
    return [...memberNames(this.raw)].length;
  }

  *keys(): Generator<string> {
    yield* memberNames(this.raw);
  }

  *values(): Generator<unknown> {
    for (const key of memberNames(this.raw)) yield this.get(key);
  }

  /**
   * Empty on purpose: cel-js calls it only to guess the type of a mapping by its first member, which would render a
   * variable that nobody asked for. Iteration goes by `Symbol.iterator`.
   */
  entries(): Iterator<[string, unknown]> {
    return [][Symbol.iterator]();
  }

  *[Symbol.iterator](): Generator<[string, unknown]> {
    for (const key of memberNames(this.raw)) yield [key, this.get(key)];
  }
}
Object.setPrototypeOf(LazyMap.prototype, Map.prototype);
Object.defineProperty(LazyMap.prototype, 'constructor', { value: Map });

/**
 * The JavaScript value of a CEL result. Integers beyond 2^53 become text.
 * @throws Error for what has no such value: an optional, a type, bytes, infinity
 */
export function fromCel(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return fromInteger(value);
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`the result is ${value}, which is not a number`);
      return value;
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof LazyMap) return value.raw;
  if (Array.isArray(value)) return value.some((item) => typeof item !== 'string') ? value.map(fromCel) : value;
  if (value instanceof Set) return Array.from(value, fromCel);
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, item]) => [String(key), fromCel(item)]));
  if (value instanceof Date) return value.toISOString();
  // cel-js does not export its classes of unsigned integers and durations.
  const primitive: unknown = value.valueOf();
  if (typeof primitive === 'bigint') return fromInteger(primitive);
  if (Object.prototype.toString.call(value) === '[object google.protobuf.Duration]')
    return (value as { toString(): string }).toString();
  if (value instanceof Optional) throw new Error('the result is optional: add .orValue(…)');
  if (value instanceof Uint8Array) throw new Error('the result is bytes: use string(…)');
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error('the result is a type, not a value');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromCel(item)]));
}

function fromInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
