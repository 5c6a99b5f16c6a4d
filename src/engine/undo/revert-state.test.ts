import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffState, overlayState, type CompareRules } from '../../sdk/diff.ts';
import type { StateObject } from '../../sdk/index.ts';
import { exactRules, revertState } from './revert-state.ts';

interface Case {
  readonly what: string;
  readonly rules?: CompareRules;
  readonly before: StateObject | null;
  readonly after: StateObject | null;
  readonly now: StateObject | null;
  readonly goal: StateObject | null;
  readonly moved?: readonly object[];
}

const cases: readonly Case[] = [
  {
    what: 'a field goes back, others stay as they are now',
    before: { mtu: 1500, mac: 'a' },
    after: { mtu: 9000, mac: 'a' },
    now: { mtu: 9000, mac: 'b' },
    goal: { mtu: 1500, mac: 'b' },
  },
  {
    what: 'a field that somebody has changed since',
    before: { mtu: 1500 },
    after: { mtu: 9000 },
    now: { mtu: 1400 },
    goal: { mtu: 1500 },
    moved: [{ path: 'mtu', from: 9000, to: 1400 }],
  },
  {
    what: 'a field that is as before already',
    before: { mtu: 1500 },
    after: { mtu: 9000 },
    now: { mtu: 1500 },
    goal: { mtu: 1500 },
  },
  {
    what: 'what a change has taken along, though nobody asked for that, comes back for the steps',
    before: { type: 'file', target: null, sha256: 'x' },
    after: { type: 'link', target: '/a', sha256: 'x' },
    now: { type: 'link', target: '/a', sha256: null },
    goal: { type: 'file', target: null, sha256: 'x' },
  },
  { what: 'what was made goes', before: null, after: { mtu: 9000 }, now: { mtu: 9000, mac: 'x' }, goal: null },
  {
    what: 'what was made and changed since',
    before: null,
    after: { mtu: 9000 },
    now: { mtu: 1400, mac: 'x' },
    goal: null,
    moved: [{ path: 'mtu', from: 9000, to: 1400 }],
  },
  { what: 'what was made and is gone', before: null, after: { mtu: 9000 }, now: null, goal: null },
  { what: 'what was taken away comes back', before: { mtu: 1500 }, after: null, now: null, goal: { mtu: 1500 } },
  {
    what: 'what was taken away and made again otherwise',
    before: { mtu: 1500 },
    after: null,
    now: { mtu: 1400 },
    goal: { mtu: 1500 },
    moved: [{ path: 'state', from: 'absent', to: 'present' }],
  },
  {
    what: 'what was changed and taken away since',
    before: { mtu: 1500 },
    after: { mtu: 9000 },
    now: null,
    goal: { mtu: 1500 },
    moved: [{ path: 'state', from: 'present', to: 'absent' }],
  },
  {
    what: 'items of a set: the added one goes, those of others stay',
    rules: { ports: 'subset' },
    before: { ports: ['a'] },
    after: { ports: ['a', 'b'] },
    now: { ports: ['a', 'b', 'c'] },
    goal: { ports: ['a', 'c'] },
  },
  {
    what: 'items of a set: the one taken away comes back',
    rules: { ports: 'set' },
    before: { ports: ['a', 'b'] },
    after: { ports: ['b'] },
    now: { ports: ['b', 'c'] },
    goal: { ports: ['b', 'c', 'a'] },
  },
  {
    what: 'a list whose order counts goes back as a whole',
    before: { rules: [1, 2] },
    after: { rules: [2, 1] },
    now: { rules: [2, 1] },
    goal: { rules: [1, 2] },
  },
  {
    what: 'a list whose order counts, changed since',
    before: { rules: [1] },
    after: { rules: [1, 2] },
    now: { rules: [1, 2, 3] },
    goal: { rules: [1] },
    moved: [{ path: 'rules', from: [1, 2], to: [1, 2, 3] }],
  },
  {
    what: 'items with a key: made, changed and taken away, those of others stay',
    rules: { vfs: { keyed: 'id' } },
    before: { vfs: [{ id: 0, vlan: 1 }, { id: 1, vlan: 1 }] }, // prettier-ignore
    after: { vfs: [{ id: 0, vlan: 2 }, { id: 2, vlan: 2 }] }, // prettier-ignore
    now: { vfs: [{ id: 0, vlan: 2, mac: 'x' }, { id: 2, vlan: 2 }, { id: 7, vlan: 7 }] }, // prettier-ignore
    goal: { vfs: [{ id: 0, vlan: 1, mac: 'x' }, { id: 1, vlan: 1 }, { id: 7, vlan: 7 }] }, // prettier-ignore
  },
  {
    what: 'an item with a key, changed since',
    rules: { vfs: { keyed: 'id' } },
    before: { vfs: [{ id: 0, vlan: 1 }] },
    after: { vfs: [{ id: 0, vlan: 2 }] },
    now: { vfs: [{ id: 0, vlan: 3 }] },
    goal: { vfs: [{ id: 0, vlan: 1 }] },
    moved: [{ path: 'vfs[0].vlan', from: 2, to: 3 }],
  },
  {
    what: 'a key that was not there goes, and is asked to go',
    before: { flows: { a: 1 } },
    after: { flows: { a: 1, b: 2 } },
    now: { flows: { a: 1, b: 2, c: 3 } },
    goal: { flows: { a: 1, c: 3 } },
  },
  {
    what: 'what was not set before',
    before: { bond: null },
    after: { bond: { mode: 1 } },
    now: { bond: { mode: 1, miimon: 100 } },
    goal: { bond: null },
  },
];

describe('taking a change back', () => {
  it.each(cases)('$what', ({ rules, before, after, now, goal, moved = [] }) => {
    const reverted = revertState(now, before, after, rules);
    expect(reverted.goal).toEqual(goal);
    expect(reverted.moved).toEqual(moved);
    // What is wanted is reached by the goal, and by nothing that holds more.
    expect(diffState(goal, reverted.want, exactRules(rules))).toEqual([]);
    expect(diffState(now, reverted.want, exactRules(rules)).length === 0).toBe(
      JSON.stringify(now) === JSON.stringify(goal),
    );
  });

  const leaf = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b'));
  const list = fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's'), { maxLength: 4 });
  const keyed = fc.uniqueArray(fc.record({ id: fc.integer({ min: 0, max: 3 }), v: leaf }), {
    selector: ({ id }) => id,
    maxLength: 4,
  });
  const state = fc.record({
    x: leaf,
    nested: fc.record({ y: leaf, z: leaf }),
    set: list,
    some: list,
    order: list,
    keyed,
  });
  const want = fc.record(
    { x: leaf, nested: fc.record({ y: leaf }, { requiredKeys: [] }), set: list, some: list, order: list, keyed },
    { requiredKeys: [] },
  );
  const rules: CompareRules = { set: 'set', some: 'subset', keyed: { keyed: 'id' } };

  it('right after a change brings back exactly what was before, for every rule', () => {
    fc.assert(
      fc.property(fc.option(state), fc.option(want), (before, wanted) => {
        const after = overlayState(before, wanted, rules);
        const { goal, moved, want: asked } = revertState(after, before, after, rules);
        expect(moved).toEqual([]);
        expect(diffState(goal, before, exactRules(rules))).toEqual([]);
        expect(diffState(before, asked, exactRules(rules))).toEqual([]);
      }),
    );
  });

  it('done twice changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.option(state), fc.option(want), fc.option(state), (before, wanted, now) => {
        const after = overlayState(before, wanted, rules);
        const { goal } = revertState(now, before, after, rules);
        const again = revertState(goal, before, after, rules);
        expect(again.moved).toEqual([]);
        expect(diffState(goal, again.want, exactRules(rules))).toEqual([]);
      }),
    );
  });
});
