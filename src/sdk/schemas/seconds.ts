import { z } from 'zod';

/** A time in seconds, 0 or more; fractions and digits in a string are taken. Gives a number. */
export const seconds = () => {
  const error = 'expected a number of seconds, 0 or more';
  return z
    .union([z.number(), z.string().regex(/^\d+(\.\d+)?$/, { error })], { error })
    .transform(Number)
    .refine((value) => Number.isFinite(value) && value >= 0, { error });
};
