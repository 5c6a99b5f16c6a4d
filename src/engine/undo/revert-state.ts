import { isDeepStrictEqual } from 'node:util';
import { diffState, ownField, type CompareRules } from '../../sdk/diff.ts';
import type { Change, StateObject, StateValue } from '../../sdk/index.ts';

/** How a state comes to be as it was before a change, as far as that change is concerned. */
export interface Reversion {
  /** What should be: to be compared with what is. A field that the change had made, and that goes, is null. */
  readonly want: Fields | null;
  /** The goal as modules' steps take it. */
  readonly goal: StateObject | null;
  /** Where somebody has changed since what the change had changed: `from` what it made of it, `to` what it is now. */
  readonly moved: readonly Change[];
}

type Fields = Readonly<Record<string, StateValue>>;
type Rule = CompareRules[string];

/** The rules with which an undo compares: what a list holds too much is to go. */
export function exactRules(rules: CompareRules = {}): CompareRules {
  return Object.fromEntries(
    Object.entries(rules).map(([field, rule]) => [
      field,
      rule === 'subset' ? 'set' : isRules(rule) ? exactRules(rule) : rule,
    ]),
  );
}

/**
 * Takes a change back in a state that may have moved on: what the change has changed goes back to what it was, all
 * else stays as it is now.
 *
 * @param before - the state before the change
 * @param after - the state that the change has brought
 */
export function revertState(
  now: StateObject | null,
  before: StateObject | null,
  after: StateObject | null,
  rules: CompareRules = {},
): Reversion {
  if (before === null || after === null || now === null) {
    const same = now === null ? before === null : before !== null && satisfies(now, before, rules);
    const kept = now === null ? after === null : after !== null && satisfies(now, after, rules);
    const moved = same || kept ? [] : differences(after, now, rules);
    return { want: before, goal: before, moved };
  }
  const moved: Change[] = [];
  const { want, goal } = revertFields({ now, before, after }, rules, '', moved);
  return { want, goal, moved };
}

const satisfies = (now: StateObject, wanted: StateObject, rules: CompareRules): boolean =>
  diffState(now, wanted, rules).length === 0;

/** What has become of a whole state, in the words of a change. */
const differences = (after: StateObject | null, now: StateObject | null, rules: CompareRules): readonly Change[] => {
  if (after === null) return [{ path: 'state', from: 'absent', to: 'present' }];
  if (now === null) return [{ path: 'state', from: 'present', to: 'absent' }];
  return diffState(now, after, rules).map(({ path, from, to }) => ({ path, from: to, to: from }));
};

interface Three<T> {
  readonly now: T;
  readonly before: T;
  readonly after: T;
}

function revertFields(
  { now, before, after }: Three<Fields>,
  rules: CompareRules,
  prefix: string,
  moved: Change[],
): { readonly want: Fields; readonly goal: StateObject } {
  const want = new Map<string, StateValue>();
  const goal = new Map<string, StateValue>(Object.entries(now));
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const values = { now: ownField(now, key), before: ownField(before, key), after: ownField(after, key) };
    if (isDeepStrictEqual(values.before, values.after)) {
      // What went along with the change, though it was not asked for (the content of a file that a link has replaced), comes back with it.
      if (values.now === null && values.before !== null) goal.set(key, values.before);
      continue;
    }
    const path = prefix === '' ? fieldName(key) : `${prefix}.${fieldName(key)}`;
    const back = revertValue(values, ownField(rules, key) ?? undefined, path, moved);
    want.set(key, back.want);
    // A state that never had the field is not given it.
    if (back.goal === null && !Object.hasOwn(before, key)) goal.delete(key);
    else goal.set(key, back.goal);
  }
  return { want: Object.fromEntries(want), goal: Object.fromEntries(goal) };
}

const fieldName = (key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key));

function revertValue(
  values: Three<StateValue>,
  rule: Rule,
  path: string,
  moved: Change[],
): { readonly want: StateValue; readonly goal: StateValue } {
  const { now, before, after } = values;
  if (isFields(now) && isFields(before) && isFields(after)) {
    return revertFields({ now, before, after }, isRules(rule) ? rule : {}, path, moved);
  }
  if (isList(now) && isList(before) && isList(after)) {
    const list = revertList({ now, before, after }, rule, path, moved);
    return { want: list, goal: list };
  }
  const exact = exactRules({ value: rule });
  const is = (value: StateValue): boolean => diffState({ value: now }, { value }, exact).length === 0;
  if (!is(before) && !isAfter(now, after, rule)) moved.push({ path, from: after, to: now });
  return { want: before, goal: before };
}

/** What the change made holds still; others may have added to what it did not give whole. */
const isAfter = (now: StateValue, after: StateValue, rule: Rule): boolean =>
  diffState({ value: now }, { value: after }, { value: rule }).length === 0;

type List = readonly StateValue[];

function revertList({ now, before, after }: Three<List>, rule: Rule, path: string, moved: Change[]): List {
  if (rule === 'set' || rule === 'subset') {
    // Item by item there is nothing to disagree about: what the change has added goes, what it has taken comes back.
    const added = after.filter((item) => !has(before, item));
    const taken = before.filter((item) => !has(after, item) && !has(now, item));
    const list = [...now.filter((item) => !has(added, item)), ...taken];
    return list.length === before.length && before.every((item) => has(list, item)) ? before : list;
  }
  if (typeof rule === 'object' && !isRules(rule)) return revertKeyed({ now, before, after }, rule.keyed, path, moved);
  if (!isDeepStrictEqual(now, before) && !isDeepStrictEqual(now, after)) moved.push({ path, from: after, to: now });
  return before;
}

function revertKeyed({ now, before, after }: Three<List>, key: string, path: string, moved: Change[]): List {
  const [is, was, made] = [byKey(now, key), byKey(before, key), byKey(after, key)];
  const result = new Map(is);
  for (const name of new Set([...was.keys(), ...made.keys()])) {
    const values = { now: is.get(name) ?? null, before: was.get(name) ?? null, after: made.get(name) ?? null };
    if (isDeepStrictEqual(values.before, values.after)) continue;
    const { goal } = revertValue(values, undefined, `${path}[${name}]`, moved);
    if (goal === null) result.delete(name);
    else result.set(name, goal);
  }
  // In the old order, as far as there was one; what came since is behind it.
  const order = [...was.keys()];
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...result].toSorted(([a], [b]) => place(a) - place(b)).map(([, item]) => item);
}

const byKey = (list: List, key: string): ReadonlyMap<string, StateValue> =>
  new Map(
    list.map((item) => {
      const name = isFields(item) ? (item[key] ?? null) : item;
      return [typeof name === 'string' ? name : JSON.stringify(name), item];
    }),
  );

const has = (list: List, item: StateValue): boolean => list.some((other) => isDeepStrictEqual(other, item));
const isList = (value: StateValue): value is List => Array.isArray(value);
const isFields = (value: StateValue): value is StateObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isRules = (rule: Rule): rule is CompareRules =>
  typeof rule === 'object' && typeof (rule as { keyed?: unknown }).keyed !== 'string';
