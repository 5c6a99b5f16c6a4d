import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { formatRate, parseRate, rate } from './rate.ts';

describe('rate', () => {
  it.each([
    [1000, 1000],
    ['1000', 1000],
    ['10mbit', 10_000_000],
    ['10Mbit', 10_000_000],
    ['1mibit', 1_048_576],
    ['1gibit', 1_073_741_824],
    ['1mbps', 8_000_000],
    ['1kibps', 8192],
    ['1.5gbit', 1_500_000_000],
    ['100 kbit', 100_000],
    ['8bit', 8],
    ['1bps', 8],
    ['2tbit', 2e12],
    ['10gbit', 10_000_000_000],
  ])('reads %j', (input, bits) => {
    expect(rate().parse(input)).toBe(bits);
  });
  it.each(['10m', '10mb', '10 mbit/s', '-1mbit', '', '50%', 'fast', '1e6'])('refuses %j', (input) => {
    expect(messageOf(rate(), input)).toBe(
      `"${input}" is no rate: write bits per second with tc's units, e.g. "10mbit" or "1.5gbit" ("mbps" means megabytes)`,
    );
  });
  it.each(['0', '7', '99999999tbit'])('refuses %s as out of range', (input) => {
    expect(messageOf(rate(), input)).toBe(`the rate "${input}" is out of range`);
  });
  it('has fixed points', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 4e12 }), (bits) => {
        expect(rate().parse(bits)).toBe(bits);
        expect(parseRate(formatRate(bits))).toBe(bits);
      }),
    );
  });
});
