import { isObject, type Json } from '../../util/json.ts';

const tag = '$kvmnet';

/**
 * Data as JSON from which {@link fromJson} makes the same again: what JSON has no word for becomes an object with a tag.
 * @throws TypeError for what is no data (functions, class instances)
 */
export function toJson(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : tagged('number', String(value));
  if (typeof value === 'bigint') return tagged('bigint', String(value));
  if (value === undefined) return undefined;
  // `null` keeps the place of what is not there.
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  if (value instanceof Uint8Array) return tagged('bytes', Buffer.from(value).toString('base64'));
  if (value instanceof Map)
    return tagged(
      'map',
      [...value].map(([key, item]) => [toJson(key) ?? null, toJson(item) ?? null]),
    );
  if (value instanceof Set)
    return tagged(
      'set',
      [...value].map((item) => toJson(item) ?? null),
    );
  if (value instanceof RegExp) return tagged('regexp', [value.source, value.flags]);
  if (!isObject(value) || !isPlain(value)) throw new TypeError(`${typeof value} is no data`);
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const json = toJson(item);
    return json === undefined ? [] : [[key, json] as const];
  });
  // A key of the user's that looks like our tag must not be taken for one.
  return tag in value
    ? tagged(
        'object',
        entries.map(([key, item]) => [key, item]),
      )
    : Object.fromEntries(entries);
}

const tagged = (kind: string, value: Json): Json => ({ [tag]: kind, value });

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

export function fromJson(json: Json | undefined): unknown {
  if (Array.isArray(json)) return json.map((item: Json) => fromJson(item));
  if (!isObject(json)) return json;
  const value = json['value'] as Json;
  const list = (Array.isArray(value) ? value : []) as readonly Json[];
  const pairs = (): [unknown, unknown][] =>
    list.map((item) =>
      Array.isArray(item) ? [fromJson(item[0] as Json), fromJson(item[1] as Json)] : [undefined, undefined],
    );
  switch (json[tag]) {
    case undefined:
      return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, fromJson(item)]));
    case 'number':
      return Number(text(value));
    case 'bigint':
      return BigInt(text(value));
    case 'bytes':
      return new Uint8Array(Buffer.from(text(value), 'base64'));
    case 'map':
      return new Map(pairs());
    case 'set':
      return new Set(list.map((item) => fromJson(item)));
    case 'regexp':
      return new RegExp(text(list[0]), text(list[1]));
    default:
      return Object.fromEntries(pairs());
  }
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
