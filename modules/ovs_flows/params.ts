import { z } from 'zod';
import { bool, int, ovsName } from '../../src/sdk/index.ts';

const cookie = z
  .union([z.number(), z.string()])
  .refine((value) => /^(?:0x[\da-f]+|\d+)$/i.test(String(value)), {
    error: 'a cookie is a number of 64 bits, e.g. 0x1234',
  })
  .transform((value) => `0x${BigInt(value).toString(16)}`)
  .refine((value) => value.length <= 18, { error: 'a cookie has at most 64 bits' });

export const OvsFlows = z
  .strictObject({
    bridge: ovsName().describe('bridge whose flows they are'),
    flows: z
      .array(z.string({ error: 'a flow is text as ovs-ofctl takes it, e.g. "in_port=port1,actions=output:port2"' }))
      .optional()
      .describe('flows as ovs-ofctl takes them; ports by name, so that their numbers may move'),
    src: z.string().min(1).optional().describe('file of the controller with flows, one a line, in place of flows'),
    state: z
      .enum(['present', 'absent', 'exact'])
      .default('present')
      .describe(
        'present: these, beside others; exact: these and none else of the cookie, or of the bridge if owned; absent: not these, or none of the cookie',
      ),
    cookie: cookie
      .optional()
      .describe('mark of all flows that have none of their own; not 0 where it says whose they are'),
    owned: bool().default(false).describe('all flows of the bridge (of the table) are ours, whatever their cookie'),
    table: int({ min: 0, max: 254, what: 'a table' })
      .optional()
      .describe('table of all flows that name none; exact and absent then leave other tables alone'),
    protocols: z
      .enum(['OpenFlow13', 'OpenFlow14', 'OpenFlow15'])
      .optional()
      .describe('version of OpenFlow to use; default: 14, or what the bridge is limited to'),
    by_name: bool().default(true).describe('words in place of port numbers are names of ports'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.flows !== undefined && p.src !== undefined) complain('src', 'give flows or src, not both');
    const given = p.flows !== undefined || p.src !== undefined;
    const marked = p.owned || (p.cookie !== undefined && p.cookie !== '0x0');
    if (p.state === 'present' && !given) complain('flows', 'give flows, or src: a file with flows');
    if (p.state !== 'present' && !marked && (p.state === 'exact' || !given)) {
      complain('cookie', `${p.state} needs to know which flows are yours: give them a cookie, or say owned: yes`);
    }
  });
export type OvsFlows = z.output<typeof OvsFlows>;
