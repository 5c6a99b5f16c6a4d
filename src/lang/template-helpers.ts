import { coerceBoolean } from './scalar-type.ts';
import { describeValue, LazyRecord, materialize } from './lazy.ts';

export interface TemplateHelper {
  readonly signature: string;
  readonly summary: string;
  readonly example: string;
  readonly result: string;
  readonly arity: readonly [min: number, max: number];
  readonly run: (...args: readonly unknown[]) => unknown;
}

/** What may stand in `{{name …}}` and `(name …)`. `defined` and `default` read their first argument leniently. */
export const templateHelpers: Readonly<Record<string, TemplateHelper>> = {
  defined: {
    signature: '(defined x)',
    summary: 'whether the variable or the member exists; its argument may be undefined',
    example: '{{#if (defined nope)}}yes{{else}}no{{/if}}',
    result: 'no',
    arity: [1, 1],
    run: (x) => x !== undefined,
  },
  default: {
    signature: '{{default x value}}',
    summary: 'x, or the value where x is undefined or null',
    example: '{{default nope "eth0"}}',
    result: 'eth0',
    arity: [2, 2],
    run: (x, value) => x ?? value,
  },
  join: {
    signature: '{{join list separator}}',
    summary: 'the items of a list as one text; the separator is "," if left out',
    example: '{{join (split "a b" " ") ", "}}',
    result: 'a, b',
    arity: [1, 2],
    run: (list, separator = ',') => listOf(list).map(textOf).join(textOf(separator)),
  },
  split: {
    signature: '(split text separator)',
    summary: 'the parts of a text as a list',
    example: '{{join (split "10.0.0.1" ".") "-"}}',
    result: '10-0-0-1',
    arity: [2, 2],
    run: (text, separator) => textOf(text).split(textOf(separator)),
  },
  json: {
    signature: '{{json x indent}}',
    summary: 'a value as JSON; indent is the number of spaces, on one line if left out',
    example: '{{json "a\nb"}}',
    result: '"a\\nb"',
    arity: [1, 2],
    run: (x, indent) => JSON.stringify(materialize(x), null, indent === undefined ? undefined : Number(indent)),
  },
  quote: {
    signature: '{{quote text}}',
    summary: 'a text as one word of a command line, whatever it holds: for shell, command and script',
    example: '{{quote "it\'s $HOME"}}',
    result: `'it'\\''s $HOME'`,
    arity: [1, 1],
    run: (text) => `'${textOf(text).replaceAll("'", `'\\''`)}'`,
  },
  lower: {
    signature: '{{lower text}}',
    summary: 'a text in lower case',
    example: '{{lower "ETH0"}}',
    result: 'eth0',
    arity: [1, 1],
    run: (text) => textOf(text).toLowerCase(),
  },
  upper: {
    signature: '{{upper text}}',
    summary: 'a text in upper case',
    example: '{{upper "eth0"}}',
    result: 'ETH0',
    arity: [1, 1],
    run: (text) => textOf(text).toUpperCase(),
  },
  trim: {
    signature: '{{trim text}}',
    summary: 'a text without white space around it',
    example: '{{trim "  eth0 "}}',
    result: 'eth0',
    arity: [1, 1],
    run: (text) => textOf(text).trim(),
  },
  replace: {
    signature: '{{replace text from to}}',
    summary: 'a text with every occurrence of `from` (taken literally) replaced',
    example: '{{replace "eth0.100" "." "-"}}',
    result: 'eth0-100',
    arity: [3, 3],
    run: (text, from, to) => textOf(text).replaceAll(textOf(from), () => textOf(to)),
  },
  concat: {
    signature: '(concat a b …)',
    summary: 'several values as one text',
    example: '{{lower (concat "VXLAN" 100)}}',
    result: 'vxlan100',
    arity: [1, 32],
    run: (...parts) => parts.map(textOf).join(''),
  },
  length: {
    signature: '{{length x}}',
    summary: 'the number of items, of members, or of UTF-16 units of a text',
    example: '{{length (split "a,b" ",")}}',
    result: '2',
    arity: [1, 1],
    run: lengthOf,
  },
  lookup: {
    signature: '{{lookup x key}}',
    summary: 'the member of x whose name or index is the value of key',
    example: '{{lookup (split "a,b" ",") 1}}',
    result: 'b',
    arity: [2, 2],
    run: () => undefined,
  },
  eq: compare('eq', 'equal', '2 2', 'true', (a, b) => a === b),
  ne: compare('ne', 'different', '2 2', 'false', (a, b) => a !== b),
  lt: compare('lt', 'a below b', '1 2', 'true', (a, b) => ordered(a, b) < 0),
  le: compare('le', 'a at most b', '2 2', 'true', (a, b) => ordered(a, b) <= 0),
  gt: compare('gt', 'a above b', '1 2', 'false', (a, b) => ordered(a, b) > 0),
  ge: compare('ge', 'a at least b', '2 2', 'true', (a, b) => ordered(a, b) >= 0),
  and: {
    signature: '(and a b …)',
    summary: 'whether all are true',
    example: '{{and true (eq 1 2)}}',
    result: 'false',
    arity: [1, 32],
    run: (...args) => args.every(truthy),
  },
  or: {
    signature: '(or a b …)',
    summary: 'whether any is true',
    example: '{{or false (eq 2 2)}}',
    result: 'true',
    arity: [1, 32],
    run: (...args) => args.some(truthy),
  },
  not: {
    signature: '(not a)',
    summary: 'whether it is not true',
    example: '{{not (eq 1 2)}}',
    result: 'true',
    arity: [1, 1],
    run: (a) => !truthy(a),
  },
};

/** Helpers whose first argument may be undefined. */
export const LENIENT: ReadonlySet<string> = new Set(['defined', 'default']);

/** As Handlebars has it: false, null, "", 0 and the empty list are false. Words such as "no" are refused: they would be true. */
export function truthy(value: unknown): boolean {
  if (typeof value === 'string' && coerceBoolean(value) !== undefined)
    throw new Error(`${describeValue(value)} is not a boolean: write true or false without quotes where it is set`);
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** The text of a value inside of a text. @throws for what has no text of its own. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value === null) throw new Error('null has no text: use {{default x ""}}');
  throw new Error(
    `${describeValue(value)} has no text: use {{join x ","}} or {{json x}}, or !expr for the value itself`,
  );
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${describeValue(value)} is not a list`);
  return value;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof LazyRecord) return [...value.names()].length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new Error(`${describeValue(value)} has no length`);
}

function compare(
  name: string,
  what: string,
  args: string,
  result: string,
  test: (a: unknown, b: unknown) => boolean,
): TemplateHelper {
  return {
    signature: `(${name} a b)`,
    summary: `whether ${name === 'eq' || name === 'ne' ? `a and b are ${what}` : `${what[0] ?? ''} is${what.slice(1)}`}`,
    example: `{{${name} ${args}}}`,
    result,
    arity: [2, 2],
    run: (a, b) => test(a, b),
  };
}

function ordered(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new Error(`${describeValue(a)} and ${describeValue(b)} have no order`);
}
