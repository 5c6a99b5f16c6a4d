import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from './frame.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';

function decode(stream: Buffer, sizes: readonly number[]): { readonly parts: Buffer[]; readonly marks: string[] } {
  const parts: Buffer[] = [Buffer.alloc(0)];
  const marks: string[] = [];
  const decoder = new FrameDecoder(TOKEN, {
    data: (bytes) => parts.push(Buffer.concat([parts.pop() ?? Buffer.alloc(0), bytes])),
    mark: (words) => {
      marks.push(words.join(' '));
      parts.push(Buffer.alloc(0));
    },
  });
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? 1);
    decoder.push(stream.subarray(at, at + size));
    at += size;
  }
  return { parts, marks };
}

// Bytes that are hard to tell from a mark: pieces of the token, newlines, digits.
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((a) => Buffer.from(a)),
      fc.nat({ max: 31 }).map((n) => Buffer.from(TOKEN.slice(0, n))),
      fc.constantFrom(Buffer.from('\n'), Buffer.from(`${TOKEN.slice(16)}\n`), Buffer.from('e 0\n')),
    ),
    { maxLength: 8 },
  )
  .map((list) => Buffer.concat(list))
  .filter((all) => !all.includes(TOKEN));

describe('FrameDecoder', () => {
  it('loses, adds and moves no byte, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(bytes, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 50 })),
        (parts, sizes) => {
          // A part that ends with the beginning of the token would join it to a longer one: no random token does that.
          fc.pre(parts.every((part) => Buffer.concat([part, Buffer.from(TOKEN)]).indexOf(TOKEN) === part.length));
          const stream = Buffer.concat(parts.flatMap((part, i) => [part, Buffer.from(`${TOKEN} e ${i}\n`)]));
          const decoded = decode(stream, sizes);
          expect(decoded.marks).toEqual(parts.map((_, i) => `e ${i}`));
          expect(decoded.parts.slice(0, -1)).toEqual(parts);
          expect(decoded.parts.at(-1)).toEqual(Buffer.alloc(0));
        },
      ),
    );
  });

  it('hands on data that may not be a token as soon as it cannot be one', () => {
    const { parts } = decode(Buffer.from(`${TOKEN.slice(0, 31)}x`), [32]);
    expect(parts[0]?.toString()).toBe(`${TOKEN.slice(0, 31)}x`);
  });

  it('does not wait for ever for the end of a mark that is none', () => {
    const { marks } = decode(Buffer.from(TOKEN + 'x'.repeat(10_000)), [10_100]);
    expect(marks).toHaveLength(1);
  });
});
