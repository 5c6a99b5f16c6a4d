import { z } from 'zod';
import { bool } from '../../src/sdk/index.ts';

/** Names of modules differ in files and in the kernel: `kvm-intel` is `kvm_intel`. */
const moduleName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, { error: 'expected the name of a kernel module, without .ko' })
  .transform((name) => name.replaceAll('-', '_'));

const value = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))], {
    error: 'expected a value, or a list of them',
  })
  .transform((given) => (Array.isArray(given) ? given.map(canonicalValue).join(',') : canonicalValue(given)))
  .refine((text) => /^[^\s"'#\\]+$/.test(text), {
    error: 'a parameter of a module holds no space, quote or backslash',
  });

/** As the kernel shows numbers, with yes and no as 1 and 0: it shows them as Y and N for some parameters, not for all. */
export function canonicalValue(given: string | number | boolean): string {
  const text = String(given).trim();
  if (/^(y|yes|true|on)$/i.test(text)) return '1';
  if (/^(n|no|false|off)$/i.test(text)) return '0';
  return /^0x[0-9a-f]+$/i.test(text) ? String(BigInt(text)) : text;
}

export const KernelModule = z
  .strictObject({
    name: moduleName.describe('module; - and _ are the same'),
    state: z.enum(['present', 'absent']).default('present').describe('loaded, or not'),
    params: z
      .record(z.string().regex(/^[A-Za-z0-9_-]+$/, { error: 'this is no name of a parameter' }), value)
      .optional()
      .describe('its parameters, now and when it is loaded; yes and no are 1 and 0; a list is joined by commas'),
    persist: bool().default(true).describe('load it at boot (with state: present)'),
    blacklist: bool().optional().describe('keep it from being loaded for the devices that it serves'),
    initramfs: bool()
      .optional()
      .describe(
        'build the initramfs anew when its parameters or the blacklist change; default: where the module is in it',
      ),
  })
  .superRefine((p, ctx) => {
    if (p.state === 'absent' && p.params !== undefined) {
      ctx.addIssue({ code: 'custom', path: ['params'], message: 'a module that is absent has no parameters' });
    }
  });
export type KernelModule = z.output<typeof KernelModule>;

export const loadFile = (name: string): string => `/etc/modules-load.d/kvmnet-${name}.conf`;
export const optionsFile = (name: string): string => `/etc/modprobe.d/kvmnet-${name}.conf`;
