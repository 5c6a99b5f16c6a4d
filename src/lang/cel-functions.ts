import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { cidrContains, cidrHost, cidrNetmask, parseCidr } from './cidr.ts';
import { fromCel, LazyMap, toCel, type Trace } from './cel-values.ts';

export interface ExpressionFunction {
  readonly signature: string;
  readonly summary: string;
  readonly example: string;
  /** The result of the example, as JSON. */
  readonly result: string;
}

interface Implementation extends ExpressionFunction {
  /** What cel-js is told, one per overload; `macro` ones are made in `cel-macros.ts`. */
  readonly overloads: readonly (readonly [signature: string, run: (...args: never[]) => unknown])[];
}

type List = readonly unknown[];
const NO_TRACE: Trace = { miss: undefined, failure: undefined };

/** Functions that take values. Those that take an unevaluated expression are in `cel-macros.ts`. */
export const functions: readonly Implementation[] = [
  // Lists
  {
    signature: 'join(list, separator) -> string',
    summary: 'the items (texts, numbers, booleans) as one text',
    example: 'join([1, 2, 3], "-")',
    result: '"1-2-3"',
    overloads: [['join(list, string): string', (list: List, separator: string) => list.map(text).join(separator)]],
  },
  {
    signature: 'range(n) or range(from, to) -> list',
    summary: 'the integers from 0, or from `from`, up to but without the end',
    example: 'range(3)',
    result: '[0,1,2]',
    overloads: [
      ['range(int): list<int>', (to: bigint) => range(0n, to)],
      ['range(int, int): list<int>', range],
    ],
  },
  {
    signature: 'flatten(list) -> list',
    summary: 'the items of the lists inside of a list, at any depth',
    example: 'flatten([[1, [2]], [3]])',
    result: '[1,2,3]',
    overloads: [['flatten(list): list', (list: List) => list.flat(Infinity)]],
  },
  {
    signature: 'unique(list) -> list',
    summary: 'each different item once, in order of appearance',
    example: 'unique(["b", "a", "b"])',
    result: '["b","a"]',
    overloads: [
      ['unique(list): list', (list: List) => [...new Map(list.map((item) => [identity(item), item])).values()]],
    ],
  },
  {
    signature: 'sort(list) -> list',
    summary: 'numbers by value, texts by code unit',
    example: 'sort([10, 9, 1])',
    result: '[1,9,10]',
    overloads: [['sort(list): list', (list: List) => list.toSorted(order)]],
  },
  {
    signature: 'reverse(list) -> list',
    summary: 'the items from last to first',
    example: 'reverse([1, 2])',
    result: '[2,1]',
    overloads: [['reverse(list): list', (list: List) => list.toReversed()]],
  },
  {
    signature: 'zip(a, b) -> list',
    summary: 'pairs of the items of two lists, as long as the shorter one',
    example: 'zip(["a", "b"], [1, 2])',
    result: '[["a",1],["b",2]]',
    overloads: [['zip(list, list): list', (a: List, b: List) => a.slice(0, b.length).map((item, i) => [item, b[i]])]],
  },
  {
    signature: 'min(list) or min(a, b)',
    summary: 'the smallest item',
    example: 'min([3, 1, 2])',
    result: '1',
    overloads: [
      ['min(list): dyn', (list: List) => extreme(list, -1)],
      ['min(dyn, dyn): dyn', (a: unknown, b: unknown) => extreme([a, b], -1)],
    ],
  },
  {
    signature: 'max(list) or max(a, b)',
    summary: 'the greatest item',
    example: 'max(1500, 9000)',
    result: '9000',
    overloads: [
      ['max(list): dyn', (list: List) => extreme(list, 1)],
      ['max(dyn, dyn): dyn', (a: unknown, b: unknown) => extreme([a, b], 1)],
    ],
  },
  {
    signature: 'sum(list) -> number',
    summary: 'the sum of a list of numbers; 0 for an empty one',
    example: 'sum([1, 2, 3])',
    result: '6',
    overloads: [['sum(list): dyn', sum]],
  },
  // Mappings
  {
    signature: 'keys(map) -> list',
    summary: 'the names in a mapping, in order',
    example: 'keys({"a": 1, "b": 2})',
    result: '["a","b"]',
    overloads: [['keys(map): list<string>', (map: object) => entries(map).map(([key]) => key)]],
  },
  {
    signature: 'values(map) -> list',
    summary: 'the values in a mapping, in order',
    example: 'values({"a": 1, "b": 2})',
    result: '[1,2]',
    overloads: [['values(map): list', (map: object) => entries(map).map(([, value]) => value)]],
  },
  {
    signature: 'items(map) -> list',
    summary: 'a list of {key, value}, to loop over a mapping',
    example: 'items({"a": 1})',
    result: '[{"key":"a","value":1}]',
    overloads: [['items(map): list', (map: object) => entries(map).map(([key, value]) => ({ key, value }))]],
  },
  {
    signature: 'merge(a, b) -> map',
    summary: 'one mapping of both; b wins, one level deep',
    example: 'merge({"a": 1, "b": 1}, {"b": 2})',
    result: '{"a":1,"b":2}',
    overloads: [['merge(map, map): map', (a: object, b: object) => Object.fromEntries([...entries(a), ...entries(b)])]],
  },
  // Text
  {
    signature: 'text.lower() -> string',
    summary: 'in lower case',
    example: '"ETH0".lower()',
    result: '"eth0"',
    overloads: [['string.lower(): string', (value: string) => value.toLowerCase()]],
  },
  {
    signature: 'text.upper() -> string',
    summary: 'in upper case',
    example: '"eth0".upper()',
    result: '"ETH0"',
    overloads: [['string.upper(): string', (value: string) => value.toUpperCase()]],
  },
  {
    signature: 'text.replace(from, to) -> string',
    summary: 'every occurrence of `from`, taken literally, replaced',
    example: '"eth0.100".replace(".", "-")',
    result: '"eth0-100"',
    overloads: [
      [
        'string.replace(string, string): string',
        (value: string, from: string, to: string) => value.replaceAll(from, () => to),
      ],
    ],
  },
  {
    signature: 'regex_replace(text, pattern, to) -> string',
    summary: 'every match of a regular expression replaced; $1 stands for the first group',
    example: 'regex_replace("vlan12", "^vlan([0-9]+)$", "v$1")',
    result: '"v12"',
    overloads: [
      [
        'regex_replace(string, string, string): string',
        (value: string, pattern: string, to: string) => value.replace(regex(pattern), to),
      ],
    ],
  },
  {
    signature: 'regex_find(text, pattern) -> list',
    summary: 'all matches of a regular expression; with a group, what the first group matched',
    example: 'regex_find("eth0 eth12", "eth([0-9]+)")',
    result: '["0","12"]',
    overloads: [
      [
        'regex_find(string, string): list<string>',
        (value: string, pattern: string) => Array.from(value.matchAll(regex(pattern)), (match) => match[1] ?? match[0]),
      ],
    ],
  },
  {
    signature: 'to_json(value) -> string',
    summary: 'a value as JSON on one line',
    example: 'to_json({"a": [1, true]})',
    result: '"{\\"a\\":[1,true]}"',
    overloads: [['to_json(dyn): string', (value: unknown) => JSON.stringify(fromCel(value))]],
  },
  {
    signature: 'from_json(text)',
    summary: 'the value that a JSON text holds',
    example: 'from_json("{\\"a\\": 1}").a',
    result: '1',
    overloads: [['from_json(string): dyn', (value: string) => toCel(parseJson(value), NO_TRACE)]],
  },
  // Numbers
  {
    signature: 'round(number) -> int; also ceil, floor',
    summary: 'a number with a fraction as an integer',
    example: '[round(2.5), ceil(2.1), floor(2.9)]',
    result: '[3,3,2]',
    overloads: (['round', 'ceil', 'floor'] as const).flatMap((name) => [
      [`${name}(double): int`, (value: number) => BigInt(Math[name](value))],
      [`${name}(int): int`, (value: bigint) => value],
    ]),
  },
  // Addresses
  {
    signature: 'cidr_host(prefix, n) -> string',
    summary: 'the n-th address of a prefix; negative counts from the end',
    example: '[cidr_host("10.1.2.0/24", 5), cidr_host("10.1.2.0/24", -2), cidr_host("fd00::/64", 16)]',
    result: '["10.1.2.5","10.1.2.254","fd00::10"]',
    overloads: [['cidr_host(string, int): string', cidrHost]],
  },
  {
    signature: 'cidr_network(prefix) -> string',
    summary: 'the network address of a prefix or of an address with a length',
    example: 'cidr_network("10.1.2.3/24")',
    result: '"10.1.2.0"',
    overloads: [['cidr_network(string): string', (prefix: string) => cidrHost(prefix, 0n)]],
  },
  {
    signature: 'cidr_netmask(prefix) -> string',
    summary: 'the netmask in dotted form (IPv4)',
    example: 'cidr_netmask("10.1.2.0/22")',
    result: '"255.255.252.0"',
    overloads: [['cidr_netmask(string): string', cidrNetmask]],
  },
  {
    signature: 'cidr_prefix(prefix) -> int',
    summary: 'the length of a prefix',
    example: 'cidr_prefix("10.1.2.0/22")',
    result: '22',
    overloads: [['cidr_prefix(string): int', (prefix: string) => BigInt(parseCidr(prefix)[1])]],
  },
  {
    signature: 'cidr_contains(prefix, address) -> bool',
    summary: 'whether an address, or the whole of another prefix, lies inside of a prefix',
    example: '[cidr_contains("10.0.0.0/8", "10.1.2.3"), cidr_contains("10.0.0.0/8", "11.0.0.0/8")]',
    result: '[true,false]',
    overloads: [['cidr_contains(string, string): bool', cidrContains]],
  },
  {
    signature: 'cidr_address(prefix) -> string',
    summary: 'the address alone, without the length',
    example: 'cidr_address("10.1.2.3/24")',
    result: '"10.1.2.3"',
    overloads: [['cidr_address(string): string', (prefix: string) => parseCidr(prefix)[0].toString()]],
  },
  // The controller
  {
    signature: 'env(name) or env(name, otherwise) -> string',
    summary: "a variable of kvmnet's own environment, on the controller",
    example: 'env("KVMNET_NO_SUCH_VARIABLE", "none")',
    result: '"none"',
    overloads: [
      ['env(string): string', (name: string) => environment(name)],
      ['env(string, string): string', (name: string, otherwise: string) => process.env[name] ?? otherwise],
    ],
  },
];

/** Reads a text file of the controller, relative to the file in which the expression stands. */
export function lookupFile(directory: string, path: string): string {
  try {
    return readFileSync(resolve(directory, path), 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new Error(`from_json: ${(error as Error).message}`, { cause: error });
  }
}

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the environment has no ${name}: give a second argument for that case`);
  return value;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error('join: the items must be texts, numbers or booleans');
}

function range(from: bigint, to: bigint): bigint[] {
  const length = Number(to - from);
  if (length > 100_000) throw new Error(`range: ${length} items are more than 100000`);
  return Array.from({ length: Math.max(0, length) }, (_, i) => from + BigInt(i));
}

/** Equal for equal values: lists and mappings by content. */
const identity = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? `json:${JSON.stringify(fromCel(value))}` : value;

function order(a: unknown, b: unknown): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new Error('only numbers or texts, not both, have an order');
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

function extreme(list: List, direction: 1 | -1): unknown {
  if (list.length === 0) throw new Error('the list is empty');
  return list.reduce((best, item) => (order(item, best) * direction > 0 ? item : best));
}

function sum(list: List): number | bigint {
  if (!list.every(isNumber)) throw new Error('sum: the items must be numbers');
  if (list.every((item) => typeof item === 'bigint')) return list.reduce((a, b) => a + b, 0n);
  return list.reduce((a: number, b) => a + Number(b), 0);
}

function entries(map: object): [string, unknown][] {
  if (map instanceof LazyMap) return [...map];
  return map instanceof Map ? Array.from(map, ([key, value]) => [String(key), value]) : Object.entries(map);
}

function regex(pattern: string): RegExp {
  try {
    const exact = new RegExp(pattern, 'gu');
    // Without `u` the pattern is matched in bounded time where it would go astray (src/cli/start.ts); a text from a host must not
    // hold up the run. Only what needs Unicode's properties or astral characters tells the difference.
    return /\\[pP]\{|\\u\{|[\ud800-\udfff]/.test(pattern) ? exact : new RegExp(pattern, 'g');
  } catch (error) {
    throw new Error(`not a regular expression: ${pattern}`, { cause: error });
  }
}
