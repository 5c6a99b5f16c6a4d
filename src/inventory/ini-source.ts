import { nodeOf, type YamlNode } from '../lang/index.ts';
import { didYouMean } from '../util/suggest.ts';
import type { SourceLocation } from '../util/source.ts';
import { addChild, addGroup, report, setGroupVar, UNGROUPED, type Draft } from './draft.ts';
import { addHostEntry } from './host-entry.ts';
import { splitWords } from './ini-words.ts';
import { pythonValue } from './python-literal.ts';
import type { SourceFile } from './yaml-source.ts';

const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const GROUP_NAME = /^([^:\]\s]+)\s*(?:#.*)?$/;

interface Reference {
  readonly at: SourceLocation;
  readonly message: string;
}

/** Reads one INI file of Ansible's into the draft. */
export function readIniSource(draft: Draft, file: SourceFile): void {
  const declared = new Set(draft.groups.keys());
  const waiting = new Map<string, { readonly parents: Set<string>; readonly at: SourceLocation }>();
  const references: (Reference & { readonly name: string })[] = [];
  let section = { name: UNGROUPED, kind: 'hosts' };

  for (const [index, raw] of file.text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || /^[#;]/.test(line)) continue;
    const indent = raw.length - raw.trimStart().length;
    const place = (offset: number): SourceLocation => ({
      file: file.name,
      line: index + 1,
      column: indent + offset + 1,
      text: raw,
    });

    const header = SECTION.exec(line);
    if (header !== null) {
      const [, name = '', kind = 'hosts'] = header;
      if (!['hosts', 'children', 'vars'].includes(kind)) {
        const hint = didYouMean(kind, ['hosts', 'children', 'vars']);
        report(draft, place(name.length + 2), `section [${name}:${kind}] has an unknown kind`, hint);
      }
      section = { name, kind };
      addGroup(draft, name, place(1));
      if (kind === 'vars') {
        if (!declared.has(name)) {
          references.push({
            name,
            at: place(1),
            message: `section [${name}:vars] is for a group that is not there: ${name}`,
          });
        }
        continue;
      }
      declared.add(name);
      const found = waiting.get(name);
      for (const parent of found?.parents ?? []) addChild(draft, parent, name, found?.at);
      waiting.delete(name);
      continue;
    }
    if (line.startsWith('[') && line.endsWith(']')) {
      report(
        draft,
        place(0),
        `"${line}" is not a section`,
        'write [group], [group:vars] or [group:children], without spaces',
      );
      continue;
    }
    if (section.kind === 'hosts') readHostLine(draft, section.name, line, place, file.path);
    else if (section.kind === 'vars') readVarLine(draft, section.name, line, place);
    else if (section.kind === 'children') {
      const child = GROUP_NAME.exec(line)?.[1];
      if (child === undefined) {
        report(draft, place(0), `"${line}" is not the name of a group`, 'write one group a line');
      } else if (draft.groups.has(child)) addChild(draft, section.name, child, place(0));
      else {
        const entry = waiting.get(child) ?? { parents: new Set(), at: place(0) };
        waiting.set(child, entry);
        entry.parents.add(section.name);
        references.push({
          name: child,
          at: place(0),
          message: `section [${section.name}:children] holds a group that is not there: ${child}`,
        });
      }
    }
  }
  for (const { name, at, message } of references) {
    if (declared.has(name)) continue;
    const others = [...declared].filter((other) => other !== name);
    report(draft, at, message, didYouMean(name, others) ?? `add a section [${name}]`);
  }
}

type Place = (offset: number) => SourceLocation;

function readHostLine(draft: Draft, groupName: string, line: string, place: Place, path: string): void {
  const words = splitWords(line);
  if (typeof words === 'string') {
    report(draft, place(0), words, "put a value with spaces or quotes into quotes: key='a b'");
    return;
  }
  const [host, ...assignments] = words;
  if (host === undefined) return;
  if (/^---|:$/.test(host.text) && assignments.length === 0) {
    report(
      draft,
      place(0),
      `"${line}" looks like YAML in an INI inventory`,
      'name the file .yml, or write hosts as "name key=value"',
    );
    return;
  }
  const vars: (readonly [string, YamlNode])[] = [];
  for (const { text, start } of assignments) {
    const equals = text.indexOf('=');
    if (equals < 1) {
      report(
        draft,
        place(start),
        `"${text}" behind host ${host.text} is not key=value`,
        'write one host a line, and its variables as key=value',
      );
    } else vars.push([text.slice(0, equals), valueNode(text.slice(equals + 1), place(start + equals + 1))]);
  }
  addHostEntry(draft, addGroup(draft, groupName, place(0)), host.text, { at: place(host.start), path }, vars);
}

function readVarLine(draft: Draft, groupName: string, line: string, place: Place): void {
  const equals = line.indexOf('=');
  if (equals < 1) {
    report(draft, place(0), `"${line}" is not key=value`, `variables of group ${groupName} are written as key=value`);
    return;
  }
  const rest = line.slice(equals + 1);
  const start = equals + 1 + (rest.length - rest.trimStart().length);
  setGroupVar(
    draft,
    addGroup(draft, groupName, place(0)),
    line.slice(0, equals).trim(),
    valueNode(rest.trim(), place(start)),
  );
}

const valueNode = (text: string, at: SourceLocation): YamlNode => nodeOf(pythonValue(text), at);
