import { nodeOf, type LayerKind } from '../lang/index.ts';
import {
  ALL,
  addChild,
  addGroup,
  addHost,
  UNGROUPED,
  warn,
  type Draft,
  type GroupDraft,
  type HostDraft,
} from './draft.ts';
import type { Group, Host, VarLayer } from './model.ts';

type Found = ReadonlyMap<string, Omit<VarLayer, 'kind'>>;

/** Variables from files, in the order of their folders: later folders win. */
export interface VarsFiles {
  readonly inventory: { readonly groups: readonly Found[]; readonly hosts: readonly Found[] };
  readonly playbook: { readonly groups: readonly Found[]; readonly hosts: readonly Found[] };
}

/** Names that mean this machine, and exist without being written anywhere. */
export const LOCALHOST: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/** Hangs what has no parent below `all`, and hosts without a group into `ungrouped`. */
export function reconcile(draft: Draft): void {
  for (const group of draft.groups.values()) {
    if (group.name !== ALL && group.parents.size === 0) addChild(draft, ALL, group.name, undefined);
  }
  const ungrouped = addGroup(draft, UNGROUPED, undefined);
  for (const host of draft.hosts.values()) {
    const own = [...host.groups].filter((name) => name !== ALL && name !== UNGROUPED);
    if (own.length > 0) {
      ungrouped.hosts.delete(host.name);
      host.groups.delete(UNGROUPED);
    } else if (!host.groups.has(UNGROUPED)) addHost(draft, host.name, ungrouped, { at: undefined, file: undefined });
    if (draft.groups.has(host.name)) {
      warn(
        draft,
        undefined,
        `"${host.name}" is a host and a group`,
        'rename one of them: a pattern of that name means the host',
      );
    }
  }
}

/** The groups with their depth and hosts; the draft must be reconciled. */
export function finishGroups(draft: Draft): ReadonlyMap<string, Group> {
  const depths = depthsOf(draft);
  return new Map(
    Array.from(draft.groups.values(), (group) => [
      group.name,
      {
        name: group.name,
        depth: depths.get(group.name) ?? 0,
        priority: group.priority,
        children: [...group.children],
        ownHosts: [...group.hosts],
        hosts: hostsBelow(draft, group),
      } satisfies Group,
    ]),
  );
}

/** The longest way from `all`: Ansible's measure of how special a group is. Cycles were refused before. */
function depthsOf(draft: Draft): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const depth = (group: GroupDraft): number => {
    const known = depths.get(group.name);
    if (known !== undefined) return known;
    const parents = Array.from(group.parents, (name) => draft.groups.get(name)).filter(
      (parent) => parent !== undefined,
    );
    const found = parents.reduce((most, parent) => Math.max(most, depth(parent) + 1), 0);
    depths.set(group.name, found);
    return found;
  };
  for (const group of draft.groups.values()) depth(group);
  return depths;
}

/** Own hosts, then those of children, then those of their children. */
function hostsBelow(draft: Draft, group: GroupDraft): readonly string[] {
  const seen = new Set([group.name]);
  const hosts = new Set<string>();
  // A set grows while it is walked: breadth first.
  for (const name of seen) {
    const below = draft.groups.get(name);
    for (const host of below?.hosts ?? []) hosts.add(host);
    for (const child of below?.children ?? []) seen.add(child);
  }
  return [...hosts];
}

/** Makes the hosts; those with the same groups share their group layers. */
export function finishHosts(draft: Draft, groups: ReadonlyMap<string, Group>, files: VarsFiles): readonly Host[] {
  const shared = new Map<string, Membership>();
  const order = groups.get(ALL)?.hosts ?? [];
  return order.flatMap((name) => {
    const host = draft.hosts.get(name);
    if (host === undefined) return [];
    const key = [...host.groups].toSorted().join('\n');
    let member = shared.get(key);
    if (member === undefined) shared.set(key, (member = membershipOf(draft, groups, host.groups, files)));
    const layers = [...member.layers, ...hostLayers(host, files)];
    return [{ name, groups: member.names, layers, file: host.file, implicit: false }];
  });
}

/** This machine, where no source names it: it has the variables of `all`, and needs no connection. */
export function implicitLocalhost(
  draft: Draft,
  groups: ReadonlyMap<string, Group>,
  files: VarsFiles,
  name: string,
): Host {
  const at = { file: '<implicit localhost>', line: 1, column: 1 };
  const local = nodeOf('local', at);
  const host: HostDraft = {
    name,
    groups: new Set(),
    vars: new Map([
      ['ansible_connection', local],
      ['kvmnet_connection', local],
    ]),
    file: undefined,
  };
  const { layers } = membershipOf(draft, groups, new Set([ALL]), files);
  return { name, groups: [], layers: [...layers, ...hostLayers(host, files)], file: undefined, implicit: true };
}

interface Membership {
  readonly names: readonly string[];
  readonly layers: readonly VarLayer[];
}

/** Ansible's order: all group variables of the sources, then `group_vars/all`, then the other group_vars files. */
function membershipOf(
  draft: Draft,
  groups: ReadonlyMap<string, Group>,
  own: ReadonlySet<string>,
  files: VarsFiles,
): Membership {
  const above = new Set([...own, ALL]);
  for (const name of above) for (const parent of draft.groups.get(name)?.parents ?? []) above.add(parent);
  const names = Array.from(above, (name) => groups.get(name))
    .filter((group) => group !== undefined)
    .toSorted(weakestFirst)
    .map((group) => group.name);
  const special = names.filter((name) => name !== ALL);
  const layers: VarLayer[] = [];
  for (const name of [ALL, ...special]) {
    const values = draft.groups.get(name)?.vars;
    if (values !== undefined && values.size > 0) layers.push({ kind: 'inventory-all', label: `group ${name}`, values });
  }
  layers.push(
    ...pick(files.inventory.groups, [ALL], 'inventory-all'),
    ...pick(files.playbook.groups, [ALL], 'playbook-all'),
    ...pick(files.inventory.groups, special, 'inventory-group'),
    ...pick(files.playbook.groups, special, 'playbook-group'),
  );
  return { names: special.toSorted(), layers };
}

function hostLayers(host: HostDraft, files: VarsFiles): readonly VarLayer[] {
  const own: VarLayer[] =
    host.vars.size === 0 ? [] : [{ kind: 'inventory-host', label: `host ${host.name}`, values: host.vars }];
  return [
    ...own,
    ...pick(files.inventory.hosts, [host.name], 'inventory-host'),
    ...pick(files.playbook.hosts, [host.name], 'playbook-host'),
  ];
}

const pick = (folders: readonly Found[], names: readonly string[], kind: LayerKind): readonly VarLayer[] =>
  folders.flatMap((folder) =>
    names.flatMap((name) => {
      const found = folder.get(name);
      return found === undefined ? [] : [{ kind, ...found }];
    }),
  );

const weakestFirst = (a: Group, b: Group): number =>
  a.depth - b.depth || a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
