import { z } from 'zod';
import { text } from '../schemas/canonical.ts';
import { ifname } from '../schemas/ifname.ts';
import { int } from '../schemas/int.ts';
import { sortedSet } from './columns.ts';

const odd = 'the programs of Open vSwitch would misread it';
const readable = (name: string): boolean => !/^[-@]/.test(name);

/** Name of a bridge or port, of which the kernel makes a network interface. */
export const ovsName = () =>
  ifname().refine(readable, { error: ({ input }) => `"${String(input)}" begins with - or @: ${odd}` });

/** Name of a port that need not be an interface of the kernel (patch, tunnel, DPDK): up to 63 bytes. */
export const ovsPortName = () =>
  text('a port name').refine(
    (name) => readable(name) && /^[^\s/\0-\x1f\x7f]{1,63}$/u.test(name) && Buffer.byteLength(name) < 64,
    {
      error: ({ input }) =>
        `${JSON.stringify(input)} is no port name: 1 to 63 bytes, no white space or /, and no - or @ at its beginning`,
    },
  );

const mapText = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected text, a number, yes or no; null takes the key out',
});

/** A map of OVSDB: all its values are text; null takes a key out. */
export const ovsMap = () =>
  z.record(
    z
      .string()
      .min(1)
      .refine((key) => !key.includes('\0'), { error: 'a NUL character cannot be stored' }),
    mapText
      .transform(String)
      .refine((value) => !value.includes('\0'), { error: 'a NUL character cannot be stored' })
      .nullable(),
  );

/** VLAN ids from 0 to 4094, as numbers and ranges (`10-19`); a sorted list of numbers. */
export const vlanSet = () =>
  z
    .array(z.union([int({ min: 0, max: 4094, what: 'a VLAN id' }), z.string()]))
    .transform((items, context): readonly number[] => {
      const ids = items.flatMap((item) => {
        if (typeof item === 'number') return [item];
        const [, first, last] = /^(\d{1,4})-(\d{1,4})$/.exec(item) ?? [];
        const [from, to] = [Number(first), Number(last)];
        if (from <= to && to <= 4094) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
        context.issues.push({
          code: 'custom',
          message: `"${item}" is no range of VLAN ids: write e.g. "10-19", up to 4094`,
          input: item,
        });
        return [];
      });
      return sortedSet(ids);
    });
