import { z } from 'zod';
import { bool, defineAction, expression, type BoundExpression } from '../../src/sdk/index.ts';

const Assert = z.strictObject({
  that: z
    .union([expression(), z.array(expression()).min(1)], { error: 'expected a CEL expression or a list of them' })
    .transform((that) => (Array.isArray(that) ? that : [that]))
    .describe('what must be true: a CEL expression, or a list of them'),
  fail_msg: z.string().optional().describe('what to say when one is not true; default: which one, and what it gave'),
  success_msg: z.string().default('all assertions passed').describe('what to say when all are true'),
  quiet: bool().default(false).describe('say nothing when all are true'),
});

export const assert = defineAction({
  name: 'assert',
  summary: 'Fails unless all of its expressions are true',
  params: Assert,
  shortForm: 'that',
  expressions: ['that'],
  where: 'controller',
  effect: 'none',
  examples: [
    { title: 'One', params: { that: 'facts.cpu.count >= 4' } },
    {
      title: 'Several, with an own message',
      params: { that: ['size(vtep_ip) > 0', 'vni in [100, 200]'], fail_msg: 'this host has no tunnel address' },
    },
  ],
  run: async (p) => {
    const failed = p.that.find((condition) => condition.error !== undefined || condition.value !== true);
    if (failed === undefined) {
      return { changed: false, text: p.quiet ? undefined : p.success_msg, data: { msg: p.success_msg } };
    }
    const reason = explain(failed);
    const message = p.fail_msg ?? `not true: ${reason}`;
    const data = { assertion: failed.source, evaluated_to: failed.value ?? false, msg: message };
    return { changed: false, failed: true, message, hint: p.fail_msg === undefined ? undefined : reason, data };
  },
});

function explain({ source, value, error }: BoundExpression): string {
  if (error !== undefined) return `${source} (${error})`;
  if (value === false) return source;
  const given = JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v)) ?? 'nothing';
  return `${source} (it gives ${given}, not true or false)`;
}
