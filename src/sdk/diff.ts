import { isDeepStrictEqual } from 'node:util';
import type { Change, ListRule, StateObject, StateValue } from './state.ts';

/** Rules for the lists inside a state, by field; nested for objects. */
export type CompareRules = { readonly [field: string]: ListRule | CompareRules | undefined };

type Fields = Readonly<Record<string, StateValue | undefined>>;

/**
 * The differences between a state and what is wanted of it; empty when nothing has to be done.
 * Fields that `want` leaves out do not count.
 */
export function diffState(now: StateObject | null, want: Fields | null, rules: CompareRules = {}): Change[] {
  if (want === null) return now === null ? [] : [{ path: 'state', from: 'present', to: 'absent' }];
  const created: Change[] = now === null ? [{ path: 'state', from: 'absent', to: 'present' }] : [];
  return [...created, ...diffFields(now ?? {}, want, rules, '')];
}

function diffFields(now: Fields, want: Fields, rules: CompareRules, prefix: string): Change[] {
  return Object.entries(want).flatMap(([key, to]) => {
    if (to === undefined) return [];
    const path = prefix === '' ? fieldName(key) : `${prefix}${fieldAccess(key)}`;
    return diffValue(ownField(now, key), to, ownField(rules, key) ?? undefined, path);
  });
}

/** Names of fields may be a host's or a user's: `__proto__` is one like any other. */
export const ownField = <T>(fields: Readonly<Record<string, T | undefined>>, key: string): T | null =>
  (Object.hasOwn(fields, key) ? fields[key] : undefined) ?? null;

function diffValue(from: StateValue, to: StateValue, rule: CompareRules[string], path: string): Change[] {
  if (isFields(to) && (isFields(from) || from === null)) {
    if (from === null && Object.keys(to).length === 0) return [{ path, from, to }];
    return diffFields(from ?? {}, to, isRules(rule) ? rule : {}, path);
  }
  if (isList(to) && isList(from)) return diffList(from, to, isRules(rule) ? 'ordered' : (rule ?? 'ordered'), path);
  return isDeepStrictEqual(from, to) ? [] : [{ path, from, to }];
}

function diffList(from: readonly StateValue[], to: readonly StateValue[], rule: ListRule, path: string): Change[] {
  if (typeof rule === 'object') return diffKeyed(from, to, rule.keyed, path);
  const equal =
    rule === 'ordered'
      ? isDeepStrictEqual(from, to)
      : includesAll(from, to) && (rule === 'subset' || includesAll(to, from));
  if (equal) return [];
  return [{ path, from, to: rule === 'subset' ? union(from, to) : to }];
}

function diffKeyed(from: readonly StateValue[], to: readonly StateValue[], key: string, path: string): Change[] {
  const before = byKey(from, key);
  const after = byKey(to, key);
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    const at = `${path}[${name}]`;
    const old = before.get(name) ?? null;
    const wanted = after.get(name) ?? null;
    if (old === null || wanted === null) return [{ path: at, from: old, to: wanted }];
    return diffValue(old, wanted, undefined, at);
  });
}

/**
 * The state that results when `want` is carried out on `before`: what the engine hands to `steps` as the goal, and
 * verifies after it.
 */
export function overlayState(
  before: StateObject | null,
  want: Fields | null,
  rules: CompareRules = {},
): StateObject | null {
  return want === null ? null : overlayFields(before ?? {}, want, rules);
}

function overlayFields(before: Fields, want: Fields, rules: CompareRules): StateObject {
  const result = new Map<string, StateValue>();
  for (const [key, value] of Object.entries(before)) if (value !== undefined) result.set(key, value);
  for (const [key, value] of Object.entries(want)) {
    if (value === undefined) continue;
    result.set(key, overlayValue(ownField(before, key), value, ownField(rules, key) ?? undefined));
  }
  return Object.fromEntries(result);
}

function overlayValue(before: StateValue, want: StateValue, rule: CompareRules[string]): StateValue {
  if (isFields(want)) return overlayFields(isFields(before) ? before : {}, want, isRules(rule) ? rule : {});
  if (!isList(want) || !isList(before)) return want;
  if (rule === 'subset') return union(before, want);
  if (typeof rule === 'object' && !isRules(rule)) return overlayKeyed(before, want, rule.keyed);
  // Equal as a set: keep the order that stands, so that nothing looks different where nothing is.
  return rule === 'set' && includesAll(before, want) && includesAll(want, before) ? before : want;
}

function overlayKeyed(before: readonly StateValue[], want: readonly StateValue[], key: string): StateValue[] {
  const old = byKey(before, key);
  return [...byKey(want, key)].map(([name, value]) => overlayValue(old.get(name) ?? null, value, undefined));
}

function byKey(list: readonly StateValue[], key: string): Map<string, StateValue> {
  return new Map(list.map((item) => [isFields(item) ? keyText(item[key] ?? null) : keyText(item), item]));
}

const keyText = (value: StateValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
const isList = (value: StateValue): value is readonly StateValue[] => Array.isArray(value);
const isFields = (value: StateValue): value is StateObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isRules = (rule: CompareRules[string]): rule is CompareRules =>
  typeof rule === 'object' && typeof (rule as { keyed?: unknown }).keyed !== 'string';

const includesAll = (list: readonly StateValue[], items: readonly StateValue[]): boolean =>
  items.every((item) => list.some((other) => isDeepStrictEqual(other, item)));
const union = (list: readonly StateValue[], items: readonly StateValue[]): StateValue[] => [
  ...list,
  ...items.filter((item) => !list.some((other) => isDeepStrictEqual(other, item))),
];

const identifier = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const fieldName = (key: string): string => (identifier.test(key) ? key : JSON.stringify(key));
const fieldAccess = (key: string): string =>
  identifier.test(key) ? `.${key}` : `[${/^\d+$/.test(key) ? key : JSON.stringify(key)}]`;
