import { insertLines, parsePattern, type LineText, type TextLine } from '../../src/sdk/index.ts';
import type { LineInFile } from './params.ts';

type EditParams = Pick<
  LineInFile,
  'line' | 'state' | 'regexp' | 'search_string' | 'insertafter' | 'insertbefore' | 'firstmatch' | 'backrefs'
>;

/** What the lines of a file become: Ansible's rules, but a line that stands as wanted is never touched. */
export function editLines(file: LineText, p: EditParams): readonly TextLine[] {
  return p.state === 'absent' ? without(file, p) : withLine(file, p);
}

function without(file: LineText, p: EditParams): readonly TextLine[] {
  const matches = matcher(file, p) ?? ((text: string) => text === file.fit(p.line ?? ''));
  return file.lines.filter(({ text }) => !matches(text));
}

function withLine(file: LineText, p: EditParams): readonly TextLine[] {
  const { lines } = file;
  const line = file.fit(p.line ?? '');
  const matches = matcher(file, p);
  const found = matches === undefined ? -1 : find(lines, matches, p.firstmatch);
  if (found >= 0) return replaced(file, found, p.backrefs ? expanded(file, p, lines[found]?.text ?? '') : line);
  if (p.backrefs || lines.some(({ text }) => text === line)) return lines;
  return insertLines(file, lines, place(file, p), [line]);
}

/** An empty line is one only if something ends it. */
function replaced({ lines, end }: LineText, at: number, text: string): readonly TextLine[] {
  return lines.map((line, i) => (i === at ? { text, end: text === '' && line.end === '' ? end : line.end } : line));
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
function expanded({ fit }: LineText, p: EditParams, text: string): string {
  const match = parsePattern(fit(p.regexp ?? '')).exec(text);
  return fit(p.line ?? '').replace(
    /\\(?:(\d{1,2})|g<(\w+)>|([\\nrt]))/g,
    (all, number?: string, name?: string, escape?: string) => {
      if (escape !== undefined) return escapes[escape] ?? all;
      const key = number ?? name ?? '';
      return (/^\d+$/.test(key) ? match?.[Number(key)] : match?.groups?.[key]) ?? '';
    },
  );
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\', n: '\n', r: '\r', t: '\t' };
