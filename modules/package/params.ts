import { z } from 'zod';
import { bool, seconds, words } from '../../src/sdk/index.ts';

export type Family = 'debian' | 'redhat';

/** One package as it was asked for. */
export interface Asked {
  /** The name, with the architecture where one was given: `libc6:i386`. */
  readonly name: string;
  /** A version or, with a `*` at its end, the beginning of one. */
  readonly version?: string;
}

const names = words().superRefine((list, ctx) => {
  for (const item of list) {
    const message = nameProblem(item);
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  }
});

function nameProblem(item: string): string | undefined {
  if (/^[A-Za-z0-9][A-Za-z0-9+._-]*(:[a-z0-9-]+)?(=[A-Za-z0-9][A-Za-z0-9.+:~^_-]*\*?)?$/.test(item)) return undefined;
  if (/[/]/.test(item))
    return `"${item}" is a file or an address: only packages of the host's repositories are installed by name`;
  if (/[*?[\]]/.test(item)) return `"${item}" is a pattern: name each package`;
  if (/[<>]|==/.test(item)) return `"${item}" compares versions: write NAME=VERSION, or state: latest`;
  return `"${item}" is no name of a package`;
}

export const Package = z
  .strictObject({
    name: z
      .union([names, z.strictObject({ debian: names.optional(), redhat: names.optional() })], {
        error: 'expected names of packages, or a map of them: { debian: …, redhat: … }',
      })
      .optional()
      .describe('name, names, or NAME=VERSION; a map { debian: …, redhat: … } where families name it differently'),
    state: z
      .enum(['present', 'absent', 'latest'])
      .default('present')
      .describe('installed, not installed, or the newest that the repositories have'),
    update_cache: bool()
      .default(false)
      .describe('read the lists of the repositories anew first, where they are old and something may be installed'),
    cache_valid_time: seconds().default(3600).describe('seconds until the lists count as old; at least 60'),
    enablerepo: words().default([]).describe('repositories to enable for this task (RHEL family)'),
    lock_timeout: seconds().default(120).describe('seconds to wait for another package manager to finish'),
  })
  .superRefine((p, ctx) => {
    if (p.name === undefined && !p.update_cache)
      ctx.addIssue({ code: 'custom', message: 'give the name of a package' });
    if (p.name !== undefined && namesFor(p, 'debian').length + namesFor(p, 'redhat').length === 0) {
      ctx.addIssue({ code: 'custom', path: ['name'], message: 'no package is named' });
    }
    for (const family of ['debian', 'redhat'] as const) {
      const list = namesFor(p, family);
      const twice = list.find(({ name }, i) => list.findIndex((other) => other.name === name) < i);
      if (twice !== undefined)
        ctx.addIssue({ code: 'custom', path: ['name'], message: `${twice.name} is named twice` });
      if (p.state !== 'present' && list.some(({ version }) => version !== undefined)) {
        ctx.addIssue({
          code: 'custom',
          path: ['name'],
          message: `a version goes with state: present only, not with ${p.state}`,
        });
        break;
      }
      if (Array.isArray(p.name)) break;
    }
  });
export type Package = z.output<typeof Package>;

/** What is asked for on hosts of a family. */
export function namesFor(p: Pick<Package, 'name'>, family: Family): readonly Asked[] {
  const list = Array.isArray(p.name) ? p.name : (p.name?.[family] ?? []);
  return list.map((item) => {
    const at = item.indexOf('=');
    return at < 0 ? { name: item } : { name: item.slice(0, at), version: item.slice(at + 1) };
  });
}
