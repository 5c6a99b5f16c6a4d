import { z } from 'zod';
import { canonical } from './canonical.ts';

const units = new Map<string, number>([
  ['', 1],
  ['s', 1],
  ['sec', 1],
  ['ms', 1e-3],
  ['m', 60],
  ['min', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/** Seconds of a duration: `10`, `500ms`, `30s`, `5m`, `1h30m`. @throws RangeError */
export function parseDuration(value: string | number): number {
  const text = String(value).trim().toLowerCase();
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)\s*/g)];
  const seconds = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units.get(unit ?? '') ?? Number.NaN),
    0,
  );
  const complete = text !== '' && parts.map(([all]) => all).join('') === text;
  if (!complete || Number.isNaN(seconds)) {
    throw new RangeError(`"${value}" is no duration: write seconds or e.g. "500ms", "30s", "5m", "1h30m"`);
  }
  return Math.round(seconds * 1000) / 1000;
}

/** A duration; its canonical form is a number of seconds. */
export const duration = () =>
  canonical(
    z.union([z.string(), z.number().min(0)], { error: 'a duration is a number of seconds or text like "30s"' }),
    parseDuration,
  );
