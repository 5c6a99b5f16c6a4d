import { z } from 'zod';
import { hostPath, int } from '../../src/sdk/index.ts';

const Size = z
  .enum(['2M', '2MB', '1G', '1GB'], { error: 'a page has "2M" or "1G"' })
  .transform((text): '2M' | '1G' => (text.startsWith('2') ? '2M' : '1G'));
const pages = () => int({ min: 0, max: 100_000_000, what: 'a number of pages' });

export const Hugepages = z
  .strictObject({
    size: Size.default('2M').describe('size of a page: 2M or 1G'),
    count: pages().optional().describe('pages on all NUMA nodes together, spread as the kernel likes'),
    per_node: z
      .record(z.string().regex(/^\d{1,4}$/, { error: 'the number of a NUMA node' }), pages())
      .optional()
      .describe('pages by NUMA node: { 0: 4, 1: 4 }; nodes that are not named stay'),
    mount: z
      .union([z.literal(false), z.enum(['none', 'no', 'off', 'false']).transform((): false => false), hostPath()], {
        error: 'expected an absolute path, or false',
      })
      .optional()
      .describe('where pages of this size are mounted for programs, /dev/hugepages1G say; false: nothing is mounted'),
    default_size: Size.optional().describe(
      'page size of programs that name none; takes a kernel argument and a reboot',
    ),
    method: z
      .enum(['auto', 'runtime', 'boot'])
      .default('auto')
      .describe(
        'auto and runtime: at once, and again at each boot; boot: wait for the kernel to bring them, which grub has to tell it',
      ),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.count !== undefined && p.per_node !== undefined) complain('count', 'give count or per_node, not both');
    if ([p.count, p.per_node, p.mount, p.default_size].every((part) => part === undefined)) {
      complain('count', 'give count, per_node, mount or default_size');
    }
  });
export type Hugepages = z.output<typeof Hugepages>;

export const kilobytes = (size: '2M' | '1G'): number => (size === '2M' ? 2048 : 1_048_576);
