import { z } from 'zod';
import { defineAction, expression, int } from '../../src/sdk/index.ts';

const Debug = z
  .strictObject({
    msg: z.unknown().optional().describe('what to show: a text, or any value; default: Hello world!'),
    // The engine hands over a list, for every parameter that may hold several.
    var: z
      .union([expression(), z.array(expression()).length(1)], { error: 'expected one CEL expression' })
      .transform((given) => (Array.isArray(given) ? given[0] : given))
      .optional()
      .describe('a variable or expression to show with its value, in place of msg'),
    verbosity: int({ min: 0, max: 5 }).default(0).describe('shown only with this many -v or more'),
  })
  .refine((p) => p.msg === undefined || p.var === undefined, { error: 'give msg or var, not both' });

export const debug = defineAction({
  name: 'debug',
  summary: 'Shows a text or a value in the report',
  params: Debug,
  shortForm: 'msg',
  expressions: ['var'],
  where: 'controller',
  effect: 'none',
  examples: [
    { title: 'A text', params: { msg: 'tunnels from {{ vtep_ip }}' } },
    { title: 'What a task has registered, with -v', params: { var: 'kernel.stdout', verbosity: 1 } },
  ],
  run: async (p, host) => {
    const verbosity = Number(host.variable('kvmnet_verbosity') ?? 0);
    if (verbosity < p.verbosity) {
      return { changed: false, skipped: true, message: `shown with -${'v'.repeat(p.verbosity)} or more` };
    }
    if (p.var === undefined) {
      const msg = p.msg === undefined ? 'Hello world!' : p.msg;
      return { changed: false, text: show(msg), data: { msg } };
    }
    const { source, value, error } = p.var;
    if (error !== undefined) return { changed: false, failed: true, message: `${source} has no value: ${error}` };
    return { changed: false, text: `${source} = ${show(value)}`, data: { [source]: value } };
  },
});

const show = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value, plain, 2) ?? 'null');
const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
