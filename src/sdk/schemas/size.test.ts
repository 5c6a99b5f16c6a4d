import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { size } from './size.ts';

describe('size', () => {
  it.each([
    [1600, 1600],
    ['1600b', 1600],
    ['15k', 15_360],
    ['15KB', 15_360],
    ['1kbit', 128],
    ['1mbit', 131_072],
    ['1m', 1_048_576],
    ['1g', 1_073_741_824],
    ['0.5k', 512],
    [0, 0],
  ])('reads %j', (input, bytes) => {
    expect(size().parse(input)).toBe(bytes);
  });
  it.each(['-1', '1t', 'big', ''])('refuses %j', (input) => {
    expect(messageOf(size(), input)).toBe(
      `"${input}" is no size: write bytes or tc's units, e.g. "15k" (1k is 1024 bytes)`,
    );
  });
  it('has fixed points', () => {
    fc.assert(
      fc.property(fc.nat(), (bytes) => {
        expect(size().parse(bytes)).toBe(bytes);
      }),
    );
  });
});
