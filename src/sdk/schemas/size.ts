import { z } from 'zod';
import { canonical } from './canonical.ts';

// tc's own (iproute2, lib/utils_math.c): all powers of 1024, and `bit` an eighth of it.
const units = new Map<string, number>([
  ['', 1],
  ['b', 1],
  ...(['k', 'm', 'g'] as const).flatMap((prefix, i): [string, number][] => {
    const scale = 1024 ** (i + 1);
    return [
      [prefix, scale],
      [`${prefix}b`, scale],
      [`${prefix}bit`, scale / 8],
    ];
  }),
]);

/** Bytes of a size as tc reads it: `1600`, `1600b`, `15k`, `15kb` (1024 bytes), `1mbit` (131072). @throws RangeError */
export function parseSize(value: string | number): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*$/i.exec(String(value)) ?? [];
  const scale = unit === undefined ? undefined : units.get(unit.toLowerCase());
  if (number === undefined || scale === undefined) {
    throw new RangeError(`"${value}" is no size: write bytes or tc's units, e.g. "15k" (1k is 1024 bytes)`);
  }
  const bytes = Math.trunc(Number(number) * scale);
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`the size "${value}" is out of range`);
  return bytes;
}

/** A size with tc's units; its canonical form is a number of bytes. */
export const size = () =>
  canonical(z.union([z.string(), z.number()], { error: 'a size is text like "15k" or a number of bytes' }), parseSize);
