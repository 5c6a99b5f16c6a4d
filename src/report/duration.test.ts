import { expect, it } from 'vitest';
import { durationText, shortDuration } from './duration.ts';

it.each([
  [0, '0.0 s', '0s'],
  [432, '0.4 s', '0s'],
  [59_940, '59.9 s', '59s'],
  [59_960, '1 min 00 s', '59s'],
  [125_000, '2 min 05 s', '2m05s'],
  [3_720_000, '1 h 02 min', '1h02m'],
])('%d ms', (ms, text, short) => {
  expect(durationText(ms)).toBe(text);
  expect(shortDuration(ms)).toBe(short);
});
