import { z } from 'zod';
import { defineAction } from '../../src/sdk/index.ts';

export const fail = defineAction({
  name: 'fail',
  summary: 'Fails, with a message',
  params: z.strictObject({
    msg: z.string().default('failed as the playbook asked for').describe('why'),
  }),
  shortForm: 'msg',
  where: 'controller',
  effect: 'none',
  examples: [
    { title: 'With a reason, as a task with a condition', params: { msg: 'this kernel is too old for OVS' } },
    { title: 'Without', params: {} },
  ],
  run: async (p) => ({ changed: false, failed: true, message: p.msg }),
});
