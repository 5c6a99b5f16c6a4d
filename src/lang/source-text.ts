import type { SourceLocation } from '../util/source.ts';

/** The text of one file with its line starts, so that any offset can be shown as a place. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  #lineStarts: readonly number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  locate(offset: number): SourceLocation {
    const starts = (this.#lineStarts ??= lineStarts(this.text));
    const at = Math.max(0, Math.min(offset, this.text.length));
    const index = lastAtMost(starts, at);
    const start = starts[index] ?? 0;
    const end = starts[index + 1] ?? this.text.length;
    const bom = start === 0 && this.text.startsWith('\uFEFF') ? 1 : 0;
    return {
      file: this.file,
      line: index + 1,
      column: Math.max(0, at - start - bom) + 1,
      text: this.text.slice(start + bom, end).replace(/\r?\n$|\r$/, ''),
    };
  }
}

/** Where a text of the user's comes from, so that an offset inside the text can be shown as a place in the file. */
export interface TextOrigin {
  readonly at: SourceLocation;
  locate(offset: number): SourceLocation;
}

/** A text that begins at a known place and has no position index of its own: a template file, a flag, an INI value. */
export function originAt(at: SourceLocation, text: string): TextOrigin {
  return {
    at,
    locate(offset) {
      const before = text.slice(0, offset);
      const newline = before.lastIndexOf('\n');
      if (newline < 0) return { ...at, column: at.column + offset };
      const end = text.indexOf('\n', offset);
      return {
        file: at.file,
        line: at.line + before.split('\n').length - 1,
        column: offset - newline,
        text: text.slice(newline + 1, end < 0 ? undefined : end),
      };
    },
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
}

/** Index of the last element that is not above `value`; the list is sorted. */
function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
