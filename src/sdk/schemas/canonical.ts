import { z } from 'zod';

/**
 * A schema whose output is the canonical form of its input. `parse` throws a RangeError with a message for the user
 * where there is none; it can be used as it is on what a host printed, so that both sides compare equal.
 */
export const canonical = <Input, Output>(
  schema: z.ZodType<Input, Input>,
  parse: (value: Input) => Output,
): z.ZodPipe<z.ZodType<Input, Input>, z.ZodTransform<Awaited<Output>, Input>> =>
  schema.transform((value, context): Awaited<Output> => {
    try {
      return parse(value) as Awaited<Output>;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: value });
      return z.NEVER;
    }
  });

/** Text that YAML did not take for something else; `what` names the parameter's kind in the error: `a MAC address`. */
export const text = (what: string, why = 'quote it, YAML reads it as something else'): z.ZodString =>
  z.string({ error: ({ input }) => `${what} is text, not ${describe(input)}: ${why}` });

const describe = (value: unknown): string => {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value} (${JSON.stringify(value)})`;
};
