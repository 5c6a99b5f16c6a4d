import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padEnd, padStart, textWidth, truncateEnd, truncateMiddle } from './text-width.ts';

describe('textWidth', () => {
  it.each([
    ['', 0],
    ['kvm01', 5],
    ['größe', 5],
    ['e\u0301', 1],
    ['漢字', 4],
    ['👍', 2],
    ['\u001b[31mred\u001b[39m', 3],
  ])('%j takes %d cells', (text, cells) => {
    expect(textWidth(text)).toBe(cells);
  });
});

describe('truncating', () => {
  it.each([
    ['kvm01', 5, 'kvm01', 'kvm01'],
    ['kvm0123', 5, 'kvm0…', 'kv…23'],
    ['漢字漢字', 5, '漢字…', '漢…字'],
    ['abc', 1, '…', '…'],
    ['abc', 0, '', ''],
  ])('cuts %j to %d cells', (text, width, end, middle) => {
    expect(truncateEnd(text, width)).toBe(end);
    expect(truncateMiddle(text, width)).toBe(middle);
  });
  it('never takes more cells than there are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, width) => {
        expect(textWidth(truncateEnd(text, width))).toBeLessThanOrEqual(width);
        expect(textWidth(truncateMiddle(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
  it('pads by cells', () => {
    expect(padEnd('漢', 4)).toBe('漢  ');
    expect(padStart('漢', 4)).toBe('  漢');
    expect(padEnd('long', 2)).toBe('long');
  });
});
