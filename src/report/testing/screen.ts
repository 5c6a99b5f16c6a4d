/**
 * What a terminal shows after a stream of output: just enough of one for what the terminal report sends.
 * @throws Error for a sequence that it does not know
 */
export function screenAfter(
  output: string,
  columns: number,
): { readonly lines: readonly string[]; readonly cursor: boolean } {
  const lines: string[][] = [[]];
  let [row, column, cursor] = [0, 0, true];
  const put = (char: string): void => {
    if (column >= columns) [row, column] = [row + 1, 0];
    while (lines.length <= row) lines.push([]);
    const line = lines[row] ?? [];
    while (line.length < column) line.push(' ');
    line[column] = char;
    column += 1;
  };
  const sequence = (parameters: string, final: string): void => {
    if (final === 'A') row = Math.max(0, row - Number(parameters || 1));
    else if (final === 'K') lines[row]?.splice(column);
    else if (final === 'J') {
      lines[row]?.splice(column);
      lines.splice(row + 1);
    } else if (parameters === '?25') cursor = final === 'h';
    else if (final !== 'm' && parameters !== '?2026') throw new Error(`unknown sequence ${parameters}${final}`);
  };
  for (const [, parameters, final, text] of output.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|([^\u001b])/gsu)) {
    if (final !== undefined) sequence(parameters ?? '', final);
    else if (text === '\r') column = 0;
    else if (text === '\n') {
      [row, column] = [row + 1, 0];
      while (lines.length <= row) lines.push([]);
    } else put(text ?? '');
  }
  return { lines: lines.map((line) => line.join('').trimEnd()), cursor };
}
