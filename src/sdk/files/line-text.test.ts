import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { insertLines, lineText } from './line-text.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('lineText', () => {
  it('gives back every file unchanged', () => {
    const byte = fc.integer({ min: 1, max: 255 });
    const content = fc.oneof(
      fc.uint8Array({ min: 1 }),
      fc.array(fc.oneof(byte, fc.constantFrom(10, 13))).map((b) => new Uint8Array(b)),
    );
    fc.assert(
      fc.property(content, (original) => {
        const file = lineText(original, '/x');
        expect(Buffer.from(file.content(file.lines))).toEqual(Buffer.from(original));
      }),
    );
  });
  it('gives back text with its byte order mark', () => {
    const file = lineText(bytes('\uFEFFa\n'), '/x');
    expect(file.content(file.lines)).toBe('\uFEFFa\n');
  });
  it.each([
    ['', 0, 'n\n'],
    ['a', 1, 'a\nn\n'],
    ['a\nb', 1, 'a\nn\nb'],
    ['a\r\nb\r\n', 1, 'a\r\nn\r\nb\r\n'],
    ['a\r\nb', 2, 'a\r\nb\r\nn\r\n'],
  ])('%j with a line at %d is %j', (text, at, expected) => {
    const file = lineText(bytes(text), '/x');
    expect(file.content(insertLines(file, file.lines, at, ['n']))).toBe(expected);
  });
  it('fits text into a file that is not UTF-8', () => {
    const file = lineText(new Uint8Array([0xe9, 10]), '/x');
    const content = file.content(insertLines(file, file.lines, 1, [file.fit('ü')]));
    expect(Buffer.from(content)).toEqual(Buffer.from([0xe9, 10, 0xc3, 0xbc, 10]));
  });
  it('refuses a NUL byte', () => {
    expect(() => lineText(new Uint8Array([0x61, 0]), '/x')).toThrow('/x is no text file: it holds a NUL byte');
  });
});
