import { insertLines, parsePattern, type LineText, type TextLine } from '../../src/sdk/index.ts';
import type { LineInFile } from './params.ts';

type EditParams = Pick<
  LineInFile,
  'line' | 'state' | 'regexp' | 'search_string' | 'insertafter' | 'insertbefore' | 'firstmatch' | 'backrefs'
>;

/** What the lines of a file become: Ansible's rules, but a line that stands as wanted is never touched. */
export function editLines(file: LineText, p: EditParams): readonly TextLine[] {
  // Lines that go may be found without it.
  const line = file.fit(p.line ?? '');
  return p.state === 'absent' ? without(file, p, line) : withLine(file, p, line);
}

function without(file: LineText, p: EditParams, line: string): readonly TextLine[] {
  const matches = matcher(file, p) ?? ((text: string) => text === line);
  return file.lines.filter(({ text }) => !matches(text));
}

function withLine(file: LineText, p: EditParams, line: string): readonly TextLine[] {
  const { lines } = file;
  const { regexp } = p;
  const matches = matcher(file, p);
  const found = matches === undefined ? -1 : find(lines, matches, p.firstmatch);
  const becomes = (text: string): string =>
    p.backrefs && regexp !== undefined ? expanded(parsePattern(file.fit(regexp)).exec(text), line) : line;
  if (found >= 0) return replaced(file, found, becomes);
  if (p.backrefs || lines.some(({ text }) => text === line)) return lines;
  return insertLines(file, lines, place(file, p), [line]);
}

/** An empty line is one only if something ends it. */
function replaced({ lines, end }: LineText, at: number, becomes: (text: string) => string): readonly TextLine[] {
  return lines.map((old, i) => {
    if (i !== at) return old;
    const text = becomes(old.text);
    return { text, end: text === '' && old.end === '' ? end : old.end };
  });
}

/** Where a new line goes: the index of the line before which it is put. */
function place({ lines, fit }: LineText, p: EditParams): number {
  if (p.insertbefore === 'BOF' || p.insertafter === 'BOF') return 0;
  const beside = p.insertbefore ?? p.insertafter;
  if (beside === undefined || beside === 'EOF') return lines.length;
  const anchor = parsePattern(fit(beside));
  const at = find(lines, (text) => anchor.test(text), p.firstmatch);
  if (at < 0) return lines.length;
  return p.insertbefore === undefined ? at + 1 : at;
}

function find(lines: readonly TextLine[], matches: (text: string) => boolean, first: boolean): number {
  return first ? lines.findIndex(({ text }) => matches(text)) : lines.findLastIndex(({ text }) => matches(text));
}

function matcher({ fit }: LineText, p: EditParams): ((text: string) => boolean) | undefined {
  const { regexp, search_string: search } = p;
  if (search !== undefined) return (text) => text.includes(fit(search));
  if (regexp === undefined) return undefined;
  const wanted = parsePattern(fit(regexp));
  return (text) => wanted.test(text);
}

/** The line with the groups of the match put in, as Python's `expand` does: `\1`, `\g<1>`, `\g<name>`, `\\`, `\n`, `\t`. */
const expanded = (match: RegExpExecArray | null, line: string): string =>
  line.replace(/\\(\d{1,2}|g<\w+>|[\\nrt])/g, (_, what: string) => {
    const key = what.replace(/^g<(\w+)>$/, '$1');
    const group = /^\d+$/.test(key) ? match?.[Number(key)] : match?.groups?.[key];
    return escapes[what] ?? group ?? '';
  });

const escapes: Readonly<Record<string, string>> = { '\\': '\\', n: '\n', r: '\r', t: '\t' };
