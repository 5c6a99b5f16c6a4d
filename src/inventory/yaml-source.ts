import {
  nodeOf,
  parseYaml,
  unlockScalars,
  type MappingEntry,
  type MappingNode,
  type ScalarNode,
  type Vault,
  type YamlNode,
} from '../lang/index.ts';
import { didYouMean } from '../util/suggest.ts';
import { addChild, addGroup, report, setGroupVar, type Draft, type GroupDraft } from './draft.ts';
import { addHostEntry } from './host-entry.ts';
import { readGroupMap } from './group-map.ts';

export interface SourceFile {
  readonly text: string;
  /** As shown in errors. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** Reads Ansible's YAML inventory, which JSON is a part of, and what `--list` of a dynamic source prints. */
export async function readYamlSource(draft: Draft, file: SourceFile, vault: Vault): Promise<void> {
  const { root, diagnostics } = parseYaml(file.text, file.name);
  draft.problems.push(...diagnostics);
  if (root === undefined || isEmpty(root)) return;
  if (root.kind !== 'mapping') {
    report(
      draft,
      root.at,
      `an inventory is a mapping of groups, not a ${nameOfKind(root)}`,
      'begin with "all:" and "hosts:"',
    );
    return;
  }
  const plugin = root.entries.get('plugin');
  if (plugin !== undefined && plugin.value.kind === 'scalar') {
    report(
      draft,
      plugin.key.at,
      `this configures Ansible's inventory plugin ${plugin.value.text}, which kvmnet does not have`,
      'give an executable that prints the JSON of "ansible-inventory --list"',
    );
    return;
  }
  if (file.text.includes('!vault')) await unlockScalars(root, vault);
  if (isGroupMap(root, file)) readGroupMap(draft, root, file.path);
  else for (const { key, value } of root.entries.values()) readGroup(draft, key, value, file.path);
}

/** What a dynamic source printed and somebody kept: only that has `_meta`, or (in JSON) hosts as a list. */
const isGroupMap = (root: MappingNode, file: SourceFile): boolean =>
  root.entries.has('_meta') ||
  (file.path.endsWith('.json') &&
    [...root.entries.values()].some(
      ({ value }) =>
        value.kind === 'sequence' ||
        (value.kind === 'mapping' && value.entries.get('hosts')?.value.kind === 'sequence'),
    ));

function readGroup(draft: Draft, key: ScalarNode, value: YamlNode, path: string): GroupDraft {
  const group = addGroup(draft, key.text, key.at);
  if (isEmpty(value)) return group;
  if (value.kind !== 'mapping') {
    report(
      draft,
      value.at,
      `group ${key.text} is a ${nameOfKind(value)}`,
      'a group is a mapping of hosts, children and vars',
    );
    return group;
  }
  for (const { key: section, value: content } of value.entries.values()) {
    switch (section.text) {
      case 'vars':
        for (const [name, entry] of sectionEntries(draft, group, section, content)) {
          setGroupVar(draft, group, name, entry.value);
        }
        break;
      case 'children':
        for (const [name, entry] of sectionEntries(draft, group, section, content)) {
          readGroup(draft, entry.key, entry.value, path);
          addChild(draft, group.name, name, entry.key.at);
        }
        break;
      case 'hosts':
        for (const [, entry] of sectionEntries(draft, group, section, content)) readHosts(draft, group, entry, path);
        break;
      default: {
        const hint = didYouMean(section.text, ['hosts', 'children', 'vars']);
        report(draft, section.at, `unknown key "${section.text}" in group ${group.name}`, hint);
      }
    }
  }
  return group;
}

function sectionEntries(
  draft: Draft,
  group: GroupDraft,
  section: ScalarNode,
  content: YamlNode,
): Iterable<readonly [string, MappingEntry]> {
  if (isEmpty(content)) return [];
  if (content.kind === 'mapping') return content.entries;
  // `hosts: kvm01` is short for `hosts: { kvm01: }`.
  if (content.kind === 'scalar' && typeof content.value === 'string' && section.text !== 'vars') {
    return [[content.text, { key: content, value: nodeOf(null, content.at) }]];
  }
  const hint =
    section.text === 'vars' ? 'write "name: value" lines' : 'write each name with a ":" behind it, without "-"';
  report(draft, content.at, `${section.text} of group ${group.name} is a ${nameOfKind(content)}, not a mapping`, hint);
  return [];
}

function readHosts(draft: Draft, group: GroupDraft, { key, value }: MappingEntry, path: string): void {
  if (!isEmpty(value) && value.kind !== 'mapping') {
    report(
      draft,
      value.at,
      `variables of host ${key.text} are a ${nameOfKind(value)}, not a mapping`,
      'write "name: value" lines',
    );
    return;
  }
  const vars = value.kind === 'mapping' ? value.entries : new Map<string, MappingEntry>();
  addHostEntry(
    draft,
    group,
    key.text,
    { at: key.at, path },
    [...vars].map(([name, entry]) => [name, entry.value]),
  );
}

export const isEmpty = (node: YamlNode): boolean =>
  node.kind === 'scalar' && node.value === null && node.tag === undefined;

export const nameOfKind = (node: YamlNode): string =>
  node.kind === 'sequence' ? 'list' : node.kind === 'mapping' ? 'mapping' : 'single value';
