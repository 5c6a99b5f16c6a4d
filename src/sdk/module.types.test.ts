import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { absent, defineModule, exec, probe } from './index.ts';

// The proof is that this file compiles: each @ts-expect-error is an error where the contract lets a mistake through.
const Params = z.strictObject({ name: z.string(), mtu: z.int().optional(), remotes: z.array(z.string()).default([]) });
const base = {
  name: 'demo',
  summary: 'for the types',
  params: Params,
  examples: [{ title: 'one', params: { name: 'a' } }],
};

const demo = defineModule({
  ...base,
  probes: (p) => ({
    link: probe(['ip', p.name], (o): { mtu: number } | null => (o.code === 0 ? { mtu: o.stdout.length } : null)),
  }),
  state: (seen, p) =>
    seen.link === null ? absent : { mtu: seen.link.mtu, remotes: p.remotes, alias: null as string | null },
  want: (p, now) => ({ mtu: p.mtu ?? now?.mtu, remotes: p.remotes, alias: null }),
  steps: (from, to) => (from?.mtu === to?.mtu ? [] : [exec(['ip', `${to?.mtu ?? 0}`])]),
  compare: { remotes: 'set' },
  touches: () => 'none',
});

const prepared = defineModule({
  ...base,
  prepare: async (p, files) => ({ ...p, hash: (await files.stat(p.name)).sha256 }),
  probes: (p) => ({ sum: probe(['sha256sum', p.hash], (o) => o.stdout) }),
  state: (seen) => ({ sum: seen.sum }),
  want: (p) => ({ sum: p.hash }),
  steps: () => [],
});

defineModule({
  ...base,
  probes: () => ({ link: probe(['ip'], (o) => o.code) }),
  state: (seen) => ({ code: seen.link }),
  // @ts-expect-error a field that the state does not have
  want: () => ({ code: 1, coed: 1 }),
  steps: () => [],
});

defineModule({
  ...base,
  probes: () => ({ link: probe(['ip'], (o) => o.code) }),
  state: (seen) => ({ code: seen.link }),
  // @ts-expect-error a field of another type
  want: () => ({ code: '1' }),
  steps: () => [],
});

defineModule({
  ...base,
  probes: () => ({ link: probe(['ip'], (o) => o.code) }),
  // @ts-expect-error a probe that does not exist
  state: (seen) => ({ code: seen.lnik as number }),
  want: () => ({ code: 1 }),
  steps: () => [],
});

defineModule({
  ...base,
  // @ts-expect-error an example that does not fit the schema
  examples: [{ title: 'bad', params: { nam: 'a' } }],
  probes: () => ({ link: probe(['ip'], (o) => o.code) }),
  state: (seen) => ({ code: seen.link }),
  want: () => ({ code: 1 }),
  steps: () => [],
});

describe('defineModule', () => {
  it('keeps the types of its functions', () => {
    expect(demo.want({ name: 'a', remotes: [] }, null, { link: null })).toEqual({
      mtu: undefined,
      remotes: [],
      alias: null,
    });
    expect(prepared.want({ name: 'a', remotes: [], hash: 'x' }, null, { sum: '' })).toEqual({ sum: 'x' });
  });
});
