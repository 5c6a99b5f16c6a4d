import type { z } from 'zod';

/** What the user is told about a value, or undefined where it is taken. For tests. */
export const messageOf = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message;
