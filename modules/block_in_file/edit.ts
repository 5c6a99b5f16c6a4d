import { insertLines, parsePattern, refuse, type LineText, type TextLine } from '../../src/sdk/index.ts';
import { markers, type BlockInFile } from './params.ts';

type EditParams = Omit<BlockInFile, 'create' | 'backup' | 'validate' | 'mode' | 'owner' | 'group'>;

/** What the lines of a file become: Ansible's rules. @throws KvmnetError where the markers do not stand in pairs */
export function editBlock(file: LineText, p: EditParams): readonly TextLine[] {
  const found = findBlock(file, p);
  const wanted = p.state === 'present' && p.block !== '' ? blockLines(file, p) : [];
  if (found === undefined && wanted.length === 0) return file.lines;
  if (found !== undefined && wanted.length === 0) return file.lines.toSpliced(found.start, found.count);
  const at = found?.start ?? place(file, p);
  const rest = found === undefined ? file.lines : file.lines.toSpliced(found.start, found.count);
  const stands = found !== undefined && sameTexts(file.lines.slice(found.start, found.start + found.count), wanted);
  // A block at the end of a file whose last line nothing ends: as it is wanted, so it is left alone.
  const lines = stands ? file.lines : insertLines(file, rest, at, wanted);
  return p.prepend_newline || p.append_newline ? spaced(file, lines, at, wanted.length, p) : lines;
}

function spaced(
  file: LineText,
  lines: readonly TextLine[],
  at: number,
  count: number,
  p: EditParams,
): readonly TextLine[] {
  const after = at + count;
  const below = p.append_newline && after < lines.length && lines[after]?.text !== '';
  const padded = below ? insertLines(file, lines, after, ['']) : lines;
  const above = p.prepend_newline && at > 0 && lines[at - 1]?.text !== '';
  return above ? insertLines(file, padded, at, ['']) : padded;
}

function findBlock({ lines, fit }: LineText, p: EditParams): { start: number; count: number } | undefined {
  const [begin, end] = markers(p).map(fit);
  const starts = indexes(lines, begin ?? '');
  const ends = indexes(lines, end ?? '');
  const [first, last] = [starts[0], ends[0]];
  if (first === undefined && last === undefined) return undefined;
  if (starts.length === 1 && ends.length === 1 && first !== undefined && last !== undefined && first < last) {
    return { start: first, count: last - first + 1 };
  }
  const lineNumbers = [...starts, ...ends].map((i) => i + 1).toSorted((a, b) => a - b);
  throw refuse(
    `${p.path} does not hold the block's markers as one pair: see line ${lineNumbers.join(', ')}`,
    `remove all but one "${begin ?? ''}" … "${end ?? ''}" by hand, or choose another marker`,
  );
}

const indexes = (lines: readonly TextLine[], text: string): number[] =>
  lines.flatMap((line, i) => (line.text === text ? [i] : []));

const sameTexts = (lines: readonly TextLine[], texts: readonly string[]): boolean =>
  lines.length === texts.length && lines.every((line, i) => line.text === texts[i]);

function blockLines({ fit }: LineText, p: EditParams): readonly string[] {
  const [begin, end] = markers(p);
  return [begin, ...p.block.replace(/\r*\n?$/, '').split(/\r*\n/), end].map(fit);
}

/** Where a new block goes: the index of the line before which it is put. */
function place({ lines, fit }: LineText, p: EditParams): number {
  if (p.insertbefore === 'BOF') return 0;
  const beside = p.insertbefore ?? p.insertafter;
  if (beside === undefined || beside === 'EOF') return lines.length;
  const anchor = parsePattern(fit(beside));
  const at = lines.findLastIndex(({ text }) => anchor.test(text));
  if (at < 0) return lines.length;
  return p.insertbefore === undefined ? at + 1 : at;
}
