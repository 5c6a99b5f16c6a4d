import type { SourceLocation } from '../util/source.ts';

const plainWord = /^[\w@%+=:,./*!~&[\]-]+$/;

/** What was typed, so that mistakes in it are shown as mistakes in a file are: with a caret below the word. */
export interface CommandLine {
  /** The word of that index; the end of the line where there is none. */
  wordAt(index: number): SourceLocation;
  /** The value of the last `--flag value` or `--flag=value`. */
  flagValueAt(flag: string): SourceLocation;
}

export function commandLine(words: readonly string[]): CommandLine {
  const shown = words.map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  const text = shown.join(' ');
  const at = (column: number): SourceLocation => ({ file: '<command line>', line: 1, column, text });
  const wordAt = (index: number): SourceLocation =>
    at(shown.slice(0, Math.max(0, index)).reduce((sum, word) => sum + word.length + 1, 1));
  return {
    wordAt,
    flagValueAt(flag) {
      const index = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
      const word = words[index];
      if (word === undefined) return wordAt(words.length);
      if (word !== flag) return at(wordAt(index).column + flag.length + 1);
      return wordAt(index + 1 < words.length ? index + 1 : index);
    },
  };
}
