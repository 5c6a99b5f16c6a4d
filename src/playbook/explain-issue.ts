import type { z } from 'zod';
import { describeValue, locateIn, nodeAt, type MappingNode, type Path } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { didYouMean } from '../util/suggest.ts';
import { keysAt } from './schema-walk.ts';

interface Subject {
  readonly module: string;
  readonly schema: z.ZodType;
  /** The parameters as written. */
  readonly node: MappingNode;
  /** The parameters as they were judged. */
  readonly values: unknown;
  /** Where something is missing: the name of the module in the task. */
  readonly at: SourceLocation;
}

/** One complaint of zod in the user's words, at the place of what is wrong. */
export function explainIssue(issue: z.core.$ZodIssue, subject: Subject): readonly KvmnetError[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, subject));
  const inner = issue.code === 'invalid_union' ? innerIssue(issue) : undefined;
  if (inner !== undefined) return explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, subject);
  const value = valueAt(subject.values, path);
  const name = formatPath(path);
  // What a schema says itself of something left out is kept: "give either src or content".
  const own = issue.code === 'custom' && !issue.message.startsWith('expected');
  if (value === undefined && path.length > 0 && !own) return [missing(path, name, subject)];
  const what = name === '' || value === undefined ? subject.module : `${subject.module}: ${name}`;
  return [
    new KvmnetError('params', `${what}: ${messageOf(issue, value)}`, {
      at: path.length === 0 || value === undefined ? subject.at : locateIn(subject.node, path),
      hint: hintFor(issue, path, value, subject),
    }),
  ];
}

function unknownKey(key: string, path: Path, { module, schema, node }: Subject): KvmnetError {
  const inside = path.length === 0 ? '' : ` in ${formatPath(path)}`;
  const known = keysAt(schema, path);
  return new KvmnetError('params', `${module}: unknown parameter "${key}"${inside}`, {
    at: locateIn(node, [...path, key], 'key'),
    hint: didYouMean(key, known) ?? `kvmnet doc ${module} lists the parameters`,
  });
}

function missing(path: Path, name: string, { module, node, at }: Subject): KvmnetError {
  // Inside of a list or mapping the place is that of what it is missing from.
  const around = path.length > 1 ? locateIn(node, path.slice(0, -1)) : at;
  return new KvmnetError('params', `${module}: the parameter "${name}" is missing`, { at: around });
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'yes or no',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'null',
};

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  const shown = isShort(value) ? `, not ${describeValue(value)}` : '';
  // zod's own messages begin so; those of a schema are kept.
  if (!/^(?:Invalid|Too|Unrecognized)\b/.test(issue.message)) {
    return issue.message.startsWith('expected') && !issue.message.includes(', not ')
      ? `${issue.message}${shown}`
      : issue.message;
  }
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPES[issue.expected] ?? issue.expected}${shown}`;
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(' or ')}${shown}`;
    case 'too_small':
      return sizeText(issue.origin, 'at least', issue.minimum) ?? `expected at least ${issue.minimum}${shown}`;
    case 'too_big':
      return sizeText(issue.origin, 'at most', issue.maximum) ?? `expected at most ${issue.maximum}${shown}`;
    case 'invalid_union':
      return judgement(issue) ?? `${unionMessage(issue)}${shown}`;
    default:
      return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  }
}

function sizeText(origin: string, limit: string, count: number | bigint): string | undefined {
  const unit = { array: 'item', set: 'item', string: 'character' }[origin];
  if (unit === undefined) return undefined;
  if (limit === 'at least' && count === 1) return 'it is empty';
  return `expected ${limit} ${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Where a value has one of the forms, and only something inside of it is wrong: what that is. */
function innerIssue(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  if (!issue.message.startsWith('Invalid') || judgement(issue) !== undefined) return undefined;
  const inside = issue.errors.filter(([first]) => first !== undefined && first.path.length > 0);
  return inside.length === 1 ? inside[0]?.[0] : undefined;
}

/** What the form says that takes such a value but not this one: the others only say that it is no such value. */
const judgement = (issue: z.core.$ZodIssueInvalidUnion): string | undefined =>
  issue.errors.map(([first]) => first).find((first) => first?.code === 'custom')?.message;

function unionMessage(issue: z.core.$ZodIssueInvalidUnion): string {
  const expected = issue.errors.flatMap(([first]) =>
    first?.code === 'invalid_type'
      ? (TYPES[first.expected] ?? first.expected)
      : first?.code === 'invalid_value'
        ? first.values.map(String)
        : [],
  );
  return expected.length === 0
    ? 'this has none of the forms it can have'
    : `expected ${[...new Set(expected)].join(' or ')}`;
}

function hintFor(issue: z.core.$ZodIssue, path: Path, value: unknown, { node }: Subject): string | undefined {
  // A message of the schema's own has its own remedy.
  if (!issue.message.startsWith('Invalid'))
    return issue.code === 'invalid_value' && typeof value === 'string' ? suggestion(issue.values, value) : undefined;
  const written = nodeAt(node, path);
  const text = written?.kind === 'scalar' ? written.text : undefined;
  if (issue.code === 'invalid_type' && issue.expected === 'string' && isScalar(value) && text !== undefined)
    return `put it into quotes: "${text}"`;
  if (issue.code === 'invalid_value' && typeof value === 'string') return suggestion(issue.values, value);
  if (issue.code === 'invalid_type' && issue.expected === 'array' && isScalar(value)) return `write a list: [${value}]`;
  return undefined;
}

const suggestion = (values: readonly unknown[], value: string): string | undefined =>
  didYouMean(value, values.map(String));

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
const isShort = (value: unknown): boolean => value !== undefined && typeof value !== 'symbol';

export function valueAt(values: unknown, path: Path): unknown {
  let value = values;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, step) ? (value as Record<string | number, unknown>)[step] : undefined;
  }
  return value;
}

/** `vfs[0].mac` */
export const formatPath = (path: Path): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
