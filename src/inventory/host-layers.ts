import { nodeOf, type LayerKind } from '../lang/index.ts';
import type { SourceLocation } from '../util/source.ts';
import { ALL, type Draft, type HostDraft } from './draft.ts';
import type { Group, Host, VarLayer } from './model.ts';

type Found = ReadonlyMap<string, Omit<VarLayer, 'kind'>>;

/** Variables from files, in the order of their folders: later folders win. */
export interface VarsFiles {
  readonly inventory: { readonly groups: readonly Found[]; readonly hosts: readonly Found[] };
  readonly playbook: { readonly groups: readonly Found[]; readonly hosts: readonly Found[] };
}

/** Names that mean this machine, and exist without being written anywhere. */
export const LOCALHOST: readonly string[] = ['localhost', '127.0.0.1', '::1'];

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

/** Where the strongest value of a variable was written; what `connectionOf` needs to say where a mistake is. */
export const whereSet = (host: Host, name: string): SourceLocation | undefined =>
  host.layers.findLast(({ values }) => values.has(name))?.values.get(name)?.at;

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
