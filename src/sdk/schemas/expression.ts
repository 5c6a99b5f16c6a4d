import { z } from 'zod';
import type { BoundExpression } from '../action.ts';

/**
 * A CEL expression, for parameters that the definition lists in `expressions`. The user writes a string or a boolean;
 * with a playbook it arrives bound to what it gave on the host.
 */
export const expression = () =>
  z
    .union(
      [
        z.string().trim().min(1),
        z.boolean(),
        z.strictObject({ source: z.string(), value: z.unknown().optional(), error: z.string().optional() }),
      ],
      { error: 'expected a CEL expression' },
    )
    .transform((value): BoundExpression => {
      if (typeof value === 'boolean') return { source: String(value), value };
      return typeof value === 'string' ? { source: value } : value;
    });
