import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffState, overlayState, type CompareRules } from './diff.ts';
import type { StateObject } from './state.ts';

const paths = (now: StateObject | null, want: Parameters<typeof diffState>[1], rules?: CompareRules): string[] =>
  diffState(now, want, rules).map(({ path }) => path);

describe('diffState', () => {
  it.each<[string, StateObject | null, Parameters<typeof diffState>[1], CompareRules, string[]]>([
    ['nothing wanted of nothing', null, null, {}, []],
    ['a thing that should go', { a: 1 }, null, {}, ['state']],
    ['a thing that should come', null, { a: 1, b: null }, {}, ['state', 'a']],
    ['a field left out is left alone', { a: 1, b: 2 }, { a: 1 }, {}, []],
    ['undefined is left alone', { a: 1 }, { a: undefined }, {}, []],
    ['null is back to default', { a: 1 }, { a: null }, {}, ['a']],
    ['nested fields', { a: { b: 1, c: 2 } }, { a: { b: 2 } }, {}, ['a.b']],
    ['a nested object that is new', { a: null }, { a: { b: 1, c: 2 } }, {}, ['a.b', 'a.c']],
    ['an empty object that is new', { a: null }, { a: {} }, {}, ['a']],
    ['names that are no identifiers', { s: { 'net.a': 1 } }, { s: { 'net.a': 2 } }, {}, ['s["net.a"]']],
    ['numbers as names', { s: { '0': 1 } }, { s: { '0': 2 } }, {}, ['s[0]']],
    ['order counts', { l: [1, 2] }, { l: [2, 1] }, {}, ['l']],
    ['a set has no order', { l: [1, 2] }, { l: [2, 1] }, { l: 'set' }, []],
    ['a set has no more', { l: [1, 2, 3] }, { l: [2, 1] }, { l: 'set' }, ['l']],
    ['a subset may have more', { l: [1, 2, 3] }, { l: [2] }, { l: 'subset' }, []],
    ['a subset has no less', { l: [1] }, { l: [2] }, { l: 'subset' }, ['l']],
    [
      'keyed',
      { l: [{ id: 1, a: 1 }] },
      { l: [{ id: 1, a: 2 }, { id: 2 }] },
      { l: { keyed: 'id' } },
      ['l[1].a', 'l[2]'],
    ],
    ['keyed has no more', { l: [{ id: 1 }, { id: 2 }] }, { l: [{ id: 2 }] }, { l: { keyed: 'id' } }, ['l[1]']],
    ['a rule inside an object', { o: { l: [1, 2] } }, { o: { l: [2, 1] } }, { o: { l: 'set' } }, []],
  ])('%s', (_, now, want, rules, expected) => {
    expect(paths(now, want, rules)).toEqual(expected);
  });
});

const values = fc.jsonValue({ maxDepth: 3 });
const state = fc.dictionary(
  fc.string({ maxLength: 4 }).filter((key) => key !== '__proto__'),
  values,
  { maxKeys: 4 },
);

describe('overlayState', () => {
  it('reaches what was wanted: no difference is left', () => {
    fc.assert(
      fc.property(state, state, (before, want) => {
        expect(diffState(overlayState(before as StateObject, want as StateObject), want as StateObject)).toEqual([]);
      }),
    );
  });

  it('leaves what is equal as it stands', () => {
    fc.assert(
      fc.property(state, (same) => {
        expect(overlayState(same as StateObject, same as StateObject)).toEqual(same);
        expect(diffState(same as StateObject, same as StateObject)).toEqual([]);
      }),
    );
  });

  it('takes any name for that of a field', () => {
    const odd = JSON.parse('{"a":{"__proto__":0}}') as StateObject;
    expect(overlayState(odd, odd)).toEqual(odd);
    expect(diffState({ a: {} }, odd)).toEqual([{ path: 'a.__proto__', from: null, to: 0 }]);
    expect(diffState({ a: {} }, JSON.parse('{"a":{"constructor":0}}') as StateObject)).toHaveLength(1);
  });

  it.each<[CompareRules[string], StateObject, StateObject, StateObject]>([
    ['set', { l: [1, 2] }, { l: [2, 1] }, { l: [1, 2] }],
    ['set', { l: [1, 2] }, { l: [3] }, { l: [3] }],
    ['subset', { l: [1, 2] }, { l: [2, 3] }, { l: [1, 2, 3] }],
    [{ keyed: 'id' }, { l: [{ id: 1, a: 1, b: 2 }] }, { l: [{ id: 1, a: 5 }] }, { l: [{ id: 1, a: 5, b: 2 }] }],
  ])('lays lists over one another: %j', (rule, before, want, expected) => {
    const rules: CompareRules = { l: rule };
    expect(overlayState(before, want, rules)).toEqual(expected);
    expect(diffState(overlayState(before, want, rules), want, rules)).toEqual([]);
  });
});
