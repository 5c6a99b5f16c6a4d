import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { splitWords } from './ini-words.ts';
import { pythonValue } from './python-literal.ts';

// What Python's own ast.literal_eval and shlex say (see `cases/python/record`).
const recorded = (name: string): [string, unknown][] =>
  JSON.parse(readFileSync(new URL(`cases/python/${name}.json`, import.meta.url), 'utf8')) as [string, unknown][];

describe('values of INI variables', () => {
  // Beyond what a number holds exactly, the digits are kept as text.
  const exact = recorded('values').filter(([text]) => text !== '9007199254740993');
  it.each(exact)('%s', (text, value) => {
    expect(pythonValue(text)).toEqual(value);
  });

  it('an integer too large for a number stays text', () => {
    expect(pythonValue('9007199254740993')).toBe('9007199254740993');
  });
});

describe('words of INI host lines', () => {
  it.each(recorded('lines'))('%s', (line, expected) => {
    const words = splitWords(line);
    expect(typeof words === 'string' ? null : words.map(({ text }) => text)).toEqual(expected);
  });

  it('knows where each word begins', () => {
    expect(splitWords(`h  "a b"=c\td`)).toEqual([
      { text: 'h', start: 0 },
      { text: 'a b=c', start: 3 },
      { text: 'd', start: 11 },
    ]);
  });
});
