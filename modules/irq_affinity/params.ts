import { z } from 'zod';
import { bool, ifname, parseCpuMask, parseCpus } from '../../src/sdk/index.ts';

export const IrqAffinity = z
  .strictObject({
    dev: ifname().describe('network device whose interrupts are meant'),
    cpus: z
      .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))], {
        error: 'CPUs are a list ("1-3,5"), a mask ("0x2e") or an array of numbers',
      })
      .optional()
      .describe(
        'CPUs as list ("1-3,5"), mask ("0x2e") or array; with policy mask a hexadecimal mask in any case; default: all online',
      ),
    policy: z
      .enum(['spread', 'numa', 'list', 'mask'])
      .default('spread')
      .describe(
        'spread: one CPU for each queue in turn; numa: the same on the CPUs next to the device; list and mask: all CPUs for each queue',
      ),
    exclude_isolated: bool().default(true).describe('leave out CPUs that the kernel keeps for others (isolcpus)'),
    irqbalance: z
      .enum(['ban', 'stop', 'leave'])
      .default('ban')
      .describe(
        'where irqbalance is installed: ban these interrupts there, stop and disable it, or leave it, which moves them again',
      ),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.cpus === undefined && (p.policy === 'list' || p.policy === 'mask')) {
      complain('cpus', `policy ${p.policy} needs cpus`);
    }
    try {
      if (cpusOf(p)?.length === 0) complain('cpus', 'the set of CPUs is empty: name at least one');
    } catch (error) {
      complain('cpus', error instanceof Error ? error.message : String(error));
    }
  });
export type IrqAffinity = z.output<typeof IrqAffinity>;

/** The CPUs that were asked for; undefined: all. @throws RangeError */
export function cpusOf(p: Pick<IrqAffinity, 'cpus' | 'policy'>): readonly number[] | undefined {
  if (p.cpus === undefined) return undefined;
  const read = p.policy === 'mask' ? parseCpuMask : parseCpus;
  return [...new Set([p.cpus].flat().flatMap((item) => read(String(item))))].toSorted((a, b) => a - b);
}
