import { z } from 'zod';

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** With its article, for the error: `a VLAN id`. */
  readonly what?: string;
}

/**
 * A whole number. Digits in a string are taken too: `-e count=4` and `{{ a }}0` give strings. Gives a
 * number.
 */
export const int = ({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, what }: Range = {}) => {
  const error = `expected ${what === undefined ? 'a whole number' : `${what}: a whole number`}${rangeText(min, max)}`;
  const inRange = (value: number): boolean => Number.isSafeInteger(value) && value >= min && value <= max;
  return z
    .union([z.number(), z.string().regex(/^-?\d+$/, { error })], { error })
    .transform(Number)
    .refine(inRange, { error });
};

function rangeText(min: number, max: number): string {
  if (min > Number.MIN_SAFE_INTEGER && max < Number.MAX_SAFE_INTEGER) return ` from ${min} to ${max}`;
  if (min > Number.MIN_SAFE_INTEGER) return `, ${min} or more`;
  return max < Number.MAX_SAFE_INTEGER ? `, ${max} or less` : '';
}
