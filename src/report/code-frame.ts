import type { Paint } from './paint.ts';

interface Place {
  readonly line: number;
  readonly column: number;
  readonly text?: string | undefined;
}

const maxWidth = 96;

/**
 * The line of the user's file with a caret under the mistake; empty where the line is not known.
 * A long line is shown around the caret only.
 */
export function codeFrame(at: Place, paint: Paint): string[] {
  if (at.text === undefined || at.text.trim() === '') return [];
  // A tab would put the caret elsewhere: everything is shown with one cell per character.
  const text = at.text.replaceAll('\t', ' ').replace(/[\p{Control}\p{Bidi_Control}\u2028\u2029]/gu, '\ufffd');
  const caret = Math.min(Math.max(at.column - 1, 0), text.length);
  const from = text.length <= maxWidth ? 0 : Math.max(0, Math.min(caret - maxWidth / 2, text.length - maxWidth));
  const shown = `${from > 0 ? '…' : ''}${text.slice(from, from + maxWidth).trimEnd()}`;
  const gutter = String(at.line).padStart(5);
  return [
    `${paint('dim', `${gutter} |`)} ${shown}`,
    `${paint('dim', `${' '.repeat(gutter.length)} |`)} ${' '.repeat(caret - from + (from > 0 ? 1 : 0))}${paint('red', '^')}`,
  ];
}
