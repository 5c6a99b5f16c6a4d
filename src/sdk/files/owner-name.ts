import { z } from 'zod';

/** A user or group of the host: a name, or its number (also as text). Gives text. */
export const ownerName = () =>
  z
    .union([z.string(), z.int().min(0)], { error: 'a user or group is a name or a number' })
    .refine((name) => /^[^-:/\0\n,\s][^:/\0\n,]*$/.test(String(name)), {
      error: ({ input }) => `${JSON.stringify(input)} is no name of a user or group`,
    })
    .transform((name) => String(name).replace(/^0+(?=\d+$)/, ''));
