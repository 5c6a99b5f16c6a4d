import { ALL, addChild, addGroup, addHost, UNGROUPED, warn, type Draft, type GroupDraft } from './draft.ts';
import type { Group } from './model.ts';

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
