import type { MappingNode, ScalarNode, YamlNode } from '../lang/index.ts';
import { addChild, addGroup, addHost, report, setGroupVar, type Draft, type GroupDraft } from './draft.ts';

/** What a dynamic source said. */
interface GroupMap {
  /** Hosts in the order they were named. */
  readonly hosts: readonly string[];
  /** False: variables of each host have to be asked with `--host`. */
  readonly hasHostVars: boolean;
}

const SECTIONS = ['hosts', 'vars', 'children'];

/**
 * Reads the JSON that dynamic sources print: groups as lists of hosts or as `{hosts, children, vars}`, variables of all
 * hosts under `_meta.hostvars`.
 */
export function readGroupMap(draft: Draft, root: MappingNode, file: string): GroupMap {
  const named = new Set<string>();
  for (const { key, value } of root.entries.values()) {
    if (key.text !== '_meta') readGroup(draft, key, value, file, named);
  }
  const meta = root.entries.get('_meta')?.value;
  const hostVars = meta?.kind === 'mapping' ? meta.entries.get('hostvars')?.value : undefined;
  if (meta !== undefined && meta.kind !== 'mapping') report(draft, meta.at, '_meta is not a mapping');
  if (hostVars === undefined) return { hosts: [...named], hasHostVars: false };
  if (hostVars.kind !== 'mapping') report(draft, hostVars.at, '_meta.hostvars is not a mapping');
  else {
    for (const name of named) {
      const vars = hostVars.entries.get(name)?.value;
      if (vars !== undefined) setHostVars(draft, name, vars);
    }
  }
  return { hosts: [...named], hasHostVars: true };
}

export function setHostVars(draft: Draft, name: string, vars: YamlNode): void {
  if (vars.kind !== 'mapping') {
    report(draft, vars.at, `variables of host ${name} are not a mapping`);
    return;
  }
  const host = draft.hosts.get(name);
  for (const [key, { value }] of vars.entries) host?.vars.set(key, value);
}

function readGroup(draft: Draft, key: ScalarNode, value: YamlNode, file: string, named: Set<string>): void {
  const group = addGroup(draft, key.text, key.at);
  if (value.kind === 'sequence') {
    readHosts(draft, group, value, file, named);
    return;
  }
  if (value.kind !== 'mapping') {
    report(draft, value.at, `group ${key.text} is neither a list of hosts nor a mapping`);
    return;
  }
  const sections = SECTIONS.map((section) => value.entries.get(section)?.value);
  const [hosts, vars, children] = sections;
  // Ansible's short form: a host of the group's own name, and its variables for the group.
  if (sections.every((section) => section === undefined)) {
    if (value.entries.size > 0) addNamed(draft, group, key, file, named);
    setVars(draft, group, value);
    return;
  }
  if (hosts !== undefined) readHosts(draft, group, hosts, file, named);
  if (vars !== undefined) setVars(draft, group, vars);
  if (children !== undefined) {
    for (const child of names(draft, children, `children of group ${group.name}`)) {
      addChild(draft, group.name, child.text, child.at);
    }
  }
}

function readHosts(draft: Draft, group: GroupDraft, list: YamlNode, file: string, named: Set<string>): void {
  for (const host of names(draft, list, `hosts of group ${group.name}`)) addNamed(draft, group, host, file, named);
}

function addNamed(draft: Draft, group: GroupDraft, host: ScalarNode, file: string, named: Set<string>): void {
  addHost(draft, host.text, group, { at: host.at, file });
  named.add(host.text);
}

function setVars(draft: Draft, group: GroupDraft, vars: YamlNode): void {
  if (vars.kind !== 'mapping') report(draft, vars.at, `vars of group ${group.name} are not a mapping`);
  else for (const [name, { value }] of vars.entries) setGroupVar(draft, group, name, value);
}

function names(draft: Draft, list: YamlNode, what: string): readonly ScalarNode[] {
  if (list.kind !== 'sequence') {
    report(draft, list.at, `${what} are not a list`);
    return [];
  }
  return list.items.filter((item): item is ScalarNode => {
    const usable = item.kind === 'scalar' && item.value !== null;
    if (!usable) report(draft, item.at, `${what} are not all names`);
    return usable;
  });
}
