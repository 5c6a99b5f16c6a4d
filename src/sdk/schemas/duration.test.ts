import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { duration } from './duration.ts';

describe('duration', () => {
  it.each([
    [10, 10],
    ['10', 10],
    ['500ms', 0.5],
    ['1.5s', 1.5],
    ['5m', 300],
    ['1h30m', 5400],
    ['1h 30 min', 5400],
    ['2d', 172_800],
  ])('reads %j', (input, seconds) => {
    expect(duration().parse(input)).toBe(seconds);
  });
  it.each(['', 'soon', '10 years', '-1', '1h-2m'])('refuses %j', (input) => {
    expect(messageOf(duration(), input)).toBe(
      `"${input}" is no duration: write seconds or e.g. "500ms", "30s", "5m", "1h30m"`,
    );
  });
  it('has fixed points', () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        expect(duration().parse(seconds)).toBe(seconds);
      }),
    );
  });
});
