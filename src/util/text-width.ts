import { stripVTControlCharacters } from 'node:util';

// Full-width by Unicode's East Asian Width (UAX #11), as terminals draw them; emoji are drawn two cells wide as well.
const wide =
  /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Emoji_Presentation}|[\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
const noCells = /^[\p{Mark}\p{Format}\p{Control}]+$/u;
const ascii = /^[\x20-\x7e]*$/;

/** Cells that a text takes on a terminal; escape sequences take none. */
export function textWidth(text: string): number {
  const visible = stripVTControlCharacters(text);
  if (ascii.test(visible)) return visible.length;
  return graphemes(visible).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}

/** Cuts a text without escape sequences to that many cells, with `…` where something is missing at its end. */
export function truncateEnd(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return width < 1 ? '' : `${takeCells(graphemes(text), width - 1)}…`;
}

/** Cuts a text to that many cells, with `…` in its middle: the ends of paths and hashes tell the most. */
export function truncateMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 3) return truncateEnd(text, width);
  const all = graphemes(text);
  const head = takeCells(all, Math.ceil((width - 1) / 2));
  const tail = takeCells(all.toReversed(), Math.floor((width - 1) / 2), true);
  return `${head}…${tail}`;
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - textWidth(text))) + text;

function takeCells(from: readonly string[], width: number, reversed = false): string {
  const taken: string[] = [];
  let cells = 0;
  for (const grapheme of from) {
    cells += graphemeWidth(grapheme);
    if (cells > width) break;
    taken.push(grapheme);
  }
  return (reversed ? taken.toReversed() : taken).join('');
}

const graphemes = (text: string): string[] =>
  ascii.test(text) ? text.split('') : Array.from(new Intl.Segmenter().segment(text), (part) => part.segment);

function graphemeWidth(grapheme: string): number {
  if (noCells.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}
