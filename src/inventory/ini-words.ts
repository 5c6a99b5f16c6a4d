interface Word {
  readonly text: string;
  /** Offset in the line. */
  readonly start: number;
}

/**
 * Splits a host line as Ansible does, with the rules of Python's shlex: quotes and backslashes as in a shell, and `#`
 * begins a comment anywhere outside quotes.
 * @returns what is wrong, where a quote or a backslash is left open.
 */
export function splitWords(line: string): readonly Word[] | string {
  const words: Word[] = [];
  let text: string | undefined;
  let start = 0;
  let quote: '"' | "'" | undefined;
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? '';
    if (quote !== undefined) {
      const next = line[i + 1];
      if (char === quote) quote = undefined;
      else if (char === '\\' && quote === '"' && (next === '"' || next === '\\')) {
        text += next;
        i++;
      } else text += char;
      continue;
    }
    if (char === '#') break;
    if (/\s/.test(char)) {
      if (text !== undefined) words.push({ text, start });
      text = undefined;
      continue;
    }
    if (text === undefined) [text, start] = ['', i];
    if (char === '"' || char === "'") quote = char;
    else if (char === '\\') {
      const next = line[++i];
      if (next === undefined) return 'the line ends with a backslash';
      text += next;
    } else text += char;
  }
  if (quote !== undefined) return `a text in ${quote === '"' ? 'double' : 'single'} quotes is not closed`;
  if (text !== undefined) words.push({ text, start });
  return words;
}
