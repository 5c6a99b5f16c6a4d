import { z } from 'zod';
import { bool } from '../../src/sdk/index.ts';
import { isSacred, readToken, type Token } from './tokens.ts';

const Value = z.union([z.string(), z.number(), z.boolean()], {
  error: 'a kernel argument is a string, a number, true for a flag, or a list of these',
});

export const Grub = z
  .strictObject({
    args: z
      .union([z.record(z.string(), z.union([Value, z.array(Value)])), z.array(z.string())])
      .optional()
      .describe(
        'kernel arguments, as a map (true: without a value; a list: several values in this order) or as a list of "name=value"',
      ),
    iommu: z
      .enum(['pt', 'on', 'off'], { error: 'iommu is "pt", "on" or "off": quote on and off' })
      .optional()
      .describe('arguments for the IOMMU that fit the processor; pt: on, with passthrough for the host itself'),
    kernel: z
      .string()
      .regex(/^(all|default|\/.+)$/, { error: 'kernel is "all", "default" or a path like /boot/vmlinuz-…' })
      .default('all')
      .describe(
        'boot entries that are meant: all (with those to come), default, or the path of a kernel; the last two need grubby',
      ),
    replace: bool()
      .default(false)
      .describe('take out all arguments that are not named here, but those that find the root file system'),
    state: z.enum(['present', 'absent']).default('present').describe('whether the kernel gets the arguments'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const tokens = tokensOf(p);
    if (tokens.length === 0 && p.iommu === undefined) complain('args', 'give args or iommu');
    if (p.state === 'absent' && p.replace) complain('replace', 'replace says what is to be there, absent what is not');
    if (p.state === 'absent' && p.iommu !== undefined)
      complain('iommu', 'iommu: off switches it off; absent goes with args');
    for (const token of tokens) {
      const problem = tokenProblem(token);
      if (problem !== undefined) complain('args', problem);
    }
  });
export type Grub = z.output<typeof Grub>;

/** The arguments that are named, in their order; a list of values gives one for each. */
export function tokensOf(p: Pick<Grub, 'args'>): readonly Token[] {
  if (p.args === undefined) return [];
  if (Array.isArray(p.args)) return p.args.map((word) => readToken(word.replace(/^([^"=]*=?)"(.*)"$/, '$1$2')));
  const lists = Object.entries(p.args).map(([name, value]) => ({ name, values: [value].flat() }));
  const sizes = lists.find(({ name }) => name === 'hugepagesz');
  const counts = lists.find(({ name }) => name === 'hugepages');
  const one = (name: string, value: string | number | boolean): Token => ({
    ...readToken(name),
    name,
    value: value === true ? undefined : String(value),
  });
  return lists.flatMap(({ name, values }) => {
    // hugepagesz: [1G, 2M], hugepages: [4, 512] are pairs.
    if (name === 'hugepagesz' && counts !== undefined) {
      return values.flatMap((size, i) => {
        const count = counts.values[i];
        return count === undefined ? [one(name, size)] : [one(name, size), one('hugepages', count)];
      });
    }
    if (name === 'hugepages' && sizes !== undefined)
      return values.slice(sizes.values.length).map((value) => one(name, value));
    return values.map((value) => one(name, value));
  });
}

function tokenProblem({ name, key, value }: Token): string | undefined {
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) return `${JSON.stringify(name)} is no name of a kernel argument`;
  if (isSacred(key)) return `${name} is what the boot hangs on: kvmnet leaves it alone`;
  if (value === 'false') return `${name}: false says nothing: use state: absent, or the value that the kernel knows`;
  if (value === '') return `${name}= has no value: leave the = out for a flag`;
  const odd = /["'`$\\;&|<>{}\0-\x1f\x7f]/.exec(value ?? '')?.[0];
  if (odd !== undefined)
    return `${name} has ${JSON.stringify(odd)} in its value, which does not pass through GRUB unharmed`;
  return undefined;
}
