import { z } from 'zod';

/** One string, several with commas between them, or a list of strings. Gives a list without empty items. */
export const words = () =>
  z
    .union([z.string(), z.array(z.string())], { error: 'expected a string or a list of strings' })
    .transform((value) =>
      (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim()).filter((word) => word !== ''),
    );
