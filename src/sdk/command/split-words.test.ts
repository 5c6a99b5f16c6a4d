import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteAll } from '../quote.ts';
import { splitProblem, splitWords } from './split-words.ts';

describe('splitWords', () => {
  it.each<[string, string[]]>([
    ['uname -r', ['uname', '-r']],
    ['  a\t b\n', ['a', 'b']],
    ['', []],
    [`echo 'a b' "c d"`, ['echo', 'a b', 'c d']],
    [`a'b'"c"d`, ['abcd']],
    [`echo '' ""`, ['echo', '', '']],
    [String.raw`a\ b \' \\`, ['a b', "'", '\\']],
    [String.raw`"a\"b\\c\$d\e"`, [String.raw`a"b\c$d\e`]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    ['$HOME * `x` $(y)', ['$HOME', '*', '`x`', '$(y)']],
    ['a \\\n b', ['a', 'b']],
    ['"a\\\nb"', ['ab']],
    ['ä "ö ü"', ['ä', 'ö ü']],
  ])('%j gives %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it('takes back what quoting made of any words', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\0', ''))), (words) => {
        expect(splitWords(quoteAll(words))).toEqual(words);
      }),
    );
  });

  it('splits as sh does', () => {
    const piece = fc.constantFrom('a', 'b c', `'`, `"`, '\\', ' ', '\t', `'x y'`, `"p q"`, '\\\\', `\\"`, `"\\n"`);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const line = pieces.join('');
        fc.pre(splitProblem(line) === undefined);
        const out = execFileSync('/bin/sh', ['-c', `printf '%s\\0' x ${line}`]).toString();
        expect(splitWords(line)).toEqual(out.split('\0').slice(1, -1));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [`echo 'a`, `a ' is not closed in: echo 'a (close it, or give the words as a list: argv)`],
    [`echo "a`, `a " is not closed in: echo "a (close it, or give the words as a list: argv)`],
    ['echo \\', 'the command ends with a backslash (write two of them for one)'],
  ])('says what is wrong with %j', (line, problem) => {
    expect(splitProblem(line)).toBe(problem);
  });
});
