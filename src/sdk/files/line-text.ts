import { refuse } from '../errors.ts';
import { textOf } from './source-content.ts';

/** A text file as lines. What a line ends in is kept, so that lines that nobody changes stay byte for byte. */
export interface LineText {
  readonly lines: readonly TextLine[];
  /** How a new line ends here: as the first one does. */
  readonly end: '\n' | '\r\n';
  /** Turns text of the user into what the lines are made of. */
  fit(text: string): string;
  /** The file that these lines make. */
  content(lines: readonly TextLine[]): string | Uint8Array;
}

export interface TextLine {
  readonly text: string;
  /** Empty for a last line that nothing ends. */
  readonly end: '' | '\n' | '\r\n';
}

/**
 * Reads a text file. What is not UTF-8 is taken byte for byte, so that a comment in an old encoding survives.
 * @throws KvmnetError for a file with a NUL byte
 */
export function lineText(bytes: Uint8Array, path: string): LineText {
  if (bytes.includes(0)) throw refuse(`${path} is no text file: it holds a NUL byte`, 'write it as a whole, with copy');
  const text = textOf(bytes);
  const lines = splitLines(text ?? latin1(bytes));
  const end = lines[0]?.end === '\r\n' ? '\r\n' : '\n';
  if (text !== undefined) return { lines, end, fit: (value) => value, content: joinLines };
  return {
    lines,
    end,
    fit: (value) => latin1(Buffer.from(value)),
    content: (changed) => new Uint8Array(Buffer.from(joinLines(changed), 'latin1')),
  };
}

function splitLines(text: string): TextLine[] {
  const pieces = text.split('\n');
  const last = pieces.pop() ?? '';
  const ended = pieces.map((piece): TextLine => {
    return piece.endsWith('\r') ? { text: piece.slice(0, -1), end: '\r\n' } : { text: piece, end: '\n' };
  });
  return last === '' ? ended : [...ended, { text: last, end: '' }];
}

const joinLines = (lines: readonly TextLine[]): string => lines.map(({ text, end }) => text + end).join('');
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Puts lines in before the line of that index; a line before them that nothing ends gets an end. */
export function insertLines(
  file: LineText,
  lines: readonly TextLine[],
  at: number,
  texts: readonly string[],
): TextLine[] {
  const before = lines.slice(0, at).map((line) => (line.end === '' ? { ...line, end: file.end } : line));
  return [...before, ...texts.map((text) => ({ text, end: file.end })), ...lines.slice(at)];
}
