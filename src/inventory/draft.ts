import type { YamlNode } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';

/** A group while the sources are read. */
export interface GroupDraft {
  readonly name: string;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly parents: Set<string>;
  readonly vars: Map<string, YamlNode>;
  priority: number;
}

export interface HostDraft {
  readonly name: string;
  readonly groups: Set<string>;
  readonly vars: Map<string, YamlNode>;
  readonly file: string | undefined;
}

/** What the sources have said so far. Later sources add to it and replace single variables. */
export interface Draft {
  readonly groups: Map<string, GroupDraft>;
  readonly hosts: Map<string, HostDraft>;
  readonly problems: KvmnetError[];
  readonly warnings: KvmnetError[];
}

export const ALL = 'all';
export const UNGROUPED = 'ungrouped';

const PRIORITY = new Set(['ansible_group_priority', 'kvmnet_group_priority']);

export const isPriority = (name: string): boolean => PRIORITY.has(name);

export function emptyDraft(): Draft {
  const draft: Draft = { groups: new Map(), hosts: new Map(), problems: [], warnings: [] };
  addGroup(draft, ALL, undefined);
  addGroup(draft, UNGROUPED, undefined);
  addChild(draft, ALL, UNGROUPED, undefined);
  return draft;
}

export function report(draft: Draft, at: SourceLocation | undefined, message: string, hint?: string): void {
  draft.problems.push(new KvmnetError('inventory', message, { at, hint }));
}

export function warn(draft: Draft, at: SourceLocation | undefined, message: string, hint?: string): void {
  draft.warnings.push(new KvmnetError('inventory', message, { at, hint }));
}

export function addGroup(draft: Draft, name: string, at: SourceLocation | undefined): GroupDraft {
  const known = draft.groups.get(name);
  if (known !== undefined) return known;
  if (!isUsableName(name)) {
    report(draft, at, `${JSON.stringify(name)} cannot be the name of a group`, NAME_HINT);
  }
  const group: GroupDraft = {
    name,
    hosts: new Set(),
    children: new Set(),
    parents: new Set(),
    vars: new Map(),
    priority: 1,
  };
  draft.groups.set(name, group);
  return group;
}

/** Adds the host, or finds it, and puts it into the group. */
export function addHost(
  draft: Draft,
  name: string,
  group: GroupDraft,
  origin: { readonly at: SourceLocation | undefined; readonly file: string | undefined },
): HostDraft {
  let host = draft.hosts.get(name);
  if (host === undefined) {
    if (!isUsableName(name)) {
      report(draft, origin.at, `${JSON.stringify(name)} cannot be the name of a host`, NAME_HINT);
    }
    host = { name, groups: new Set(), vars: new Map(), file: origin.file };
    draft.hosts.set(name, host);
  }
  group.hosts.add(name);
  host.groups.add(group.name);
  return host;
}

export function addChild(draft: Draft, parentName: string, childName: string, at: SourceLocation | undefined): void {
  const parent = addGroup(draft, parentName, at);
  const child = addGroup(draft, childName, at);
  if (parent.children.has(childName)) return;
  if (childName === ALL) {
    report(draft, at, `group all holds every group: it cannot be a child of ${parentName}`);
    return;
  }
  const chain = pathDown(draft, child, parentName);
  if (chain !== undefined) {
    const circle = [parentName, ...chain].join(' > ');
    report(
      draft,
      at,
      `groups that hold themselves: ${circle}`,
      `remove ${childName} from the children of ${parentName}`,
    );
    return;
  }
  parent.children.add(childName);
  child.parents.add(parentName);
}

export function setGroupVar(draft: Draft, group: GroupDraft, name: string, value: YamlNode): void {
  if (!isPriority(name)) {
    group.vars.set(name, value);
    return;
  }
  const priority = value.kind === 'scalar' && value.value !== '' ? Number(value.value ?? Number.NaN) : Number.NaN;
  if (Number.isSafeInteger(priority)) group.priority = priority;
  else report(draft, value.at, `${name} of group ${group.name} must be an integer`);
}

/** The groups from one down to another through its children, both included. */
function pathDown(draft: Draft, from: GroupDraft, to: string): readonly string[] | undefined {
  if (from.name === to) return [to];
  for (const name of from.children) {
    const child = draft.groups.get(name);
    const rest = child === undefined ? undefined : pathDown(draft, child, to);
    if (rest !== undefined) return [from.name, ...rest];
  }
  return undefined;
}

// What no pattern could ever name: separators, operators in front, and white space.
const isUsableName = (name: string): boolean => /^[^\s,!&@~][^\s,]*$/.test(name);
const NAME_HINT = 'a name has no white space and no comma, and does not begin with ! & @ or ~';
