import { exec, type Step } from '../../src/sdk/index.ts';
import type { ClassState, LeafState, State } from './read.ts';
import { matchWords, type FilterState } from './u32.ts';

export type Leaf = Omit<LeafState, 'handle'> & { readonly handle?: string | null };
type Class = Partial<Omit<ClassState, 'leaf'>> & { classid: string; leaf?: Leaf | null };
type Goal = Partial<Omit<State, 'classes'>> & { classes?: readonly Class[] };

/**
 * From any state to any other, in one program: what is unshaped in between is so for as short as can be.
 * @param unqueued - without HTB the device has no queue, not the one that each device has
 */
export function htbSteps(dev: string, from: Goal | null, to: Goal | null, unqueued = false): readonly Step[] {
  const gone = unqueued ? `qdisc replace dev ${dev} root noqueue` : `qdisc del dev ${dev} root`;
  const lines = to === null ? (from === null ? [] : [gone]) : htbLines(dev, from, to);
  return lines.length === 0 ? [] : [exec(['tc', '-batch', '-'], { stdin: lines.map((line) => `${line}\n`).join('') })];
}

function htbLines(dev: string, from: Goal | null, to: Goal): readonly string[] {
  if (from === null) return build(dev, to);
  // "Change operation not supported": what the root itself says is set once.
  const root = (['handle', 'default', 'r2q', 'direct_qlen'] as const).some(
    (key) => to[key] !== undefined && to[key] !== null && to[key] !== from[key],
  );
  return root || moved(from, to) ? [`qdisc del dev ${dev} root`, ...build(dev, to)] : change(dev, from, to);
}

// A class cannot change its parent.
const moved = (from: Goal, to: Goal): boolean =>
  (to.classes ?? []).some((item) => {
    const before = from.classes?.find(({ classid }) => classid === item.classid);
    return before?.parent !== undefined && item.parent !== undefined && before.parent !== item.parent;
  });

function build(dev: string, to: Goal): readonly string[] {
  const handle = to.handle ?? '1:';
  const options = [
    ...(to.default === undefined ? [] : ['default', to.default]),
    ...(to.r2q === undefined ? [] : ['r2q', String(to.r2q)]),
    ...(to.direct_qlen === undefined || to.direct_qlen === null ? [] : ['direct_qlen', String(to.direct_qlen)]),
  ];
  // A device may have been told to have no queue: to add one beside that is refused.
  const root = ['qdisc replace dev', dev, 'root handle', handle, 'htb', ...options].join(' ');
  const classes = parentsFirst(to.classes ?? []);
  return [
    root,
    ...classes.map((item) => classLine(dev, 'add', item)),
    ...classes.flatMap((item) =>
      item.leaf === undefined || item.leaf === null ? [] : [leafLine(dev, item.classid, item.leaf)],
    ),
    ...(to.filters ?? []).map((filter) => filterLine(dev, filter)),
  ];
}

function change(dev: string, from: Goal, to: Goal): readonly string[] {
  const was = from.classes ?? [];
  const wanted = to.classes ?? was;
  const ids = new Set(wanted.map(({ classid }) => classid));
  const before = new Map(was.map((item) => [item.classid, item]));
  const gone = parentsFirst(was.filter(({ classid }) => !ids.has(classid))).toReversed();
  const hung = from.filters ?? [];
  const filters = filterLines(dev, hung, to.filters ?? hung);
  return [
    // "HTB class in use": filters go first, then leaves, then what they hang on.
    ...filters.gone,
    ...gone.map(({ classid }) => `class del dev ${dev} classid ${classid}`),
    ...parentsFirst(wanted).flatMap((item) => {
      const old = before.get(item.classid);
      if (old === undefined) return [classLine(dev, 'add', item)];
      return sameClass(old, item) ? [] : [classLine(dev, 'replace', item)];
    }),
    ...wanted.flatMap((item) => leafChange(dev, before.get(item.classid)?.leaf ?? null, item)),
    ...filters.come,
  ];
}

const numbers = ['rate', 'ceil', 'burst', 'cburst', 'prio', 'quantum'] as const;
const sameClass = (a: Class, b: Class): boolean =>
  numbers.every((key) => b[key] === undefined || b[key] === null || a[key] === b[key]);

function leafChange(dev: string, old: Leaf | null, item: Class): readonly string[] {
  const wanted = item.leaf;
  if (wanted === undefined || JSON.stringify(old) === JSON.stringify(wanted)) return [];
  const del = old === null ? [] : [`qdisc del dev ${dev} parent ${item.classid}`];
  return wanted === null ? del : [...del, leafLine(dev, item.classid, wanted)];
}

function filterLines(dev: string, was: readonly FilterState[], wanted: readonly FilterState[]) {
  const place = (filter: FilterState): string =>
    `parent ${filter.parent} protocol ${filter.protocol} prio ${filter.prio}`;
  const at = (filters: readonly FilterState[], where: string): readonly FilterState[] =>
    filters.filter((filter) => place(filter) === where);
  // Handles change with every filter: a priority in which something differs is made anew.
  const places = [...new Set([...was, ...wanted].map(place))].filter(
    (where) => JSON.stringify(at(was, where)) !== JSON.stringify(at(wanted, where)),
  );
  return {
    gone: places.filter((where) => at(was, where).length > 0).map((where) => `filter del dev ${dev} ${where} u32`),
    come: places.flatMap((where) => at(wanted, where).map((filter) => filterLine(dev, filter))),
  };
}

const filterLine = (dev: string, filter: FilterState): string =>
  [
    `filter add dev ${dev} parent ${filter.parent} protocol ${filter.protocol} prio ${filter.prio} u32`,
    ...matchWords(filter.match),
    `flowid ${filter.flowid}`,
  ].join(' ');

const classLine = (
  dev: string,
  verb: 'add' | 'replace',
  { classid, parent = classid.replace(/:.*/, ':'), rate = 0, ceil = rate, prio = 0, ...item }: Class,
): string =>
  [
    `class ${verb} dev ${dev} parent ${parent} classid ${classid} htb`,
    `rate ${rate}bit ceil ${ceil}bit`,
    ...(typeof item.burst !== 'number' ? [] : [`burst ${item.burst}b`]),
    ...(typeof item.cburst !== 'number' ? [] : [`cburst ${item.cburst}b`]),
    `prio ${prio}`,
    ...(item.quantum === undefined || item.quantum === null ? [] : [`quantum ${item.quantum}`]),
  ].join(' ');

const leafLine = (dev: string, classid: string, { handle = null, ...leaf }: Leaf): string =>
  [
    `qdisc add dev ${dev} parent ${classid}${handle === null ? '' : ` handle ${handle}`} ${leaf.kind}`,
    ...(leaf.limit === null ? [] : [`limit ${leaf.limit}`]),
    ...(leaf.perturb === null ? [] : [`perturb ${leaf.perturb}`]),
  ].join(' ');

/** Each class behind the one that it hangs on. */
function parentsFirst(classes: readonly Class[]): readonly Class[] {
  const byId = new Map(classes.map((item) => [item.classid, item]));
  const depth = (item: Class | undefined, seen = 0): number =>
    item?.parent === undefined || seen > 16 ? 0 : 1 + depth(byId.get(item.parent), seen + 1);
  return classes.toSorted((a, b) => depth(a) - depth(b));
}
