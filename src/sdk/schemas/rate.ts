import { z } from 'zod';
import { canonical } from './canonical.ts';

// tc's own names (iproute2, lib/utils_math.c): `bit` counts bits, `bps` BYTES per second, `i` powers of 1024.
const prefixes = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
} as const;
const rateUnits = new Map<string, number>([
  ['', 1],
  ...Object.entries(prefixes).flatMap(([prefix, scale]): [string, number][] => [
    [`${prefix}bit`, scale],
    [`${prefix}bps`, scale * 8],
  ]),
]);

/** Bits per second of a rate as tc reads it: a bare number is bits/s, `10mbit` 10⁷, `1mibit` 2²⁰, `1mbps` 8·10⁶ (bytes!). @throws RangeError */
export function parseRate(value: string | number): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*$/i.exec(String(value)) ?? [];
  const scale = unit === undefined ? undefined : rateUnits.get(unit.toLowerCase());
  if (number === undefined || scale === undefined) {
    throw new RangeError(
      `"${value}" is no rate: write bits per second with tc's units, e.g. "10mbit" or "1.5gbit" ("mbps" means megabytes)`,
    );
  }
  const bits = Math.round(Number(number) * scale);
  if (!Number.isSafeInteger(bits) || bits < 8) throw new RangeError(`the rate "${value}" is out of range`);
  return bits;
}

/** Bits per second as short text that {@link parseRate} reads back exactly: `10mbit`. */
export function formatRate(bits: number): string {
  for (const [unit, scale] of [
    ['tbit', 1e12],
    ['gbit', 1e9],
    ['mbit', 1e6],
    ['kbit', 1e3],
  ] as const) {
    if (bits % scale === 0) return `${bits / scale}${unit}`;
  }
  return `${bits}bit`;
}

/** A rate with tc's units; its canonical form is a number of bits per second. */
export const rate = () =>
  canonical(
    z.union([z.string(), z.number()], { error: 'a rate is text like "10mbit" or a number of bits per second' }),
    parseRate,
  );
