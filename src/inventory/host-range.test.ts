import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandRanges, parseHostEntry } from './host-range.ts';

describe('ranges', () => {
  it.each<[string, readonly string[]]>([
    ['kvm01', ['kvm01']],
    ['kvm[01:03].dc1', ['kvm01.dc1', 'kvm02.dc1', 'kvm03.dc1']],
    ['k[8:11]', ['k8', 'k9', 'k10', 'k11']],
    ['k[008:011]', ['k008', 'k009', 'k010', 'k011']],
    ['k[0:10:5]', ['k0', 'k5', 'k10']],
    ['k[:2]', ['k0', 'k1', 'k2']],
    ['k[3:3]', ['k3']],
    ['r[a:c]', ['ra', 'rb', 'rc']],
    ['r[y:B]', ['ry', 'rz', 'rA', 'rB']],
    ['r[a:e:2]', ['ra', 'rc', 're']],
    ['[1:2]-[a:b]', ['1-a', '1-b', '2-a', '2-b']],
  ])('%s', (text, expected) => {
    expect(expandRanges(text, undefined)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['k[2:1]', 'range [2:1] of "k[2:1]" begins behind its end'],
    ['k[c:a]', 'range [c:a] of "k[c:a]" begins behind its end'],
    ['k[01:100]', 'range [01:100] of "k[01:100]" has a begin and an end of different lengths'],
    ['k[1:]', 'range [1:] of "k[1:]" has no end'],
    ['k[1]', 'range [1] of "k[1]" is not begin:end or begin:end:step'],
    ['k[1:2:3:4]', 'range [1:2:3:4] of "k[1:2:3:4]" is not begin:end or begin:end:step'],
    ['k[1:9:0]', 'range [1:9:0] of "k[1:9:0]" has a step that is not a number above 0'],
    ['k[1:c]', 'range [1:c] of "k[1:c]" needs two numbers or two letters'],
    ['k[1:999999999]', 'range [1:999999999] of "k[1:999999999]" means more than 100000 hosts'],
    ['k[1:999][1:999]', '"k[1:999][1:999]" means more than 100000 hosts'],
    ['k[1:2', 'a bracket of "k[1:2" has no counterpart'],
    ['k1]', 'a bracket of "k1]" has no counterpart'],
  ])('%s is refused', (text, message) => {
    expect(() => expandRanges(text, undefined)).toThrow(expect.objectContaining({ code: 'inventory', message }));
  });

  it('of numbers count from begin to end, of one width', () => {
    const ranges = fc.record({
      from: fc.nat(500),
      count: fc.integer({ min: 0, max: 200 }),
      step: fc.integer({ min: 1, max: 7 }),
      width: fc.constantFrom(0, 4),
    });
    fc.assert(
      fc.property(ranges, ({ from, count, step, width }) => {
        const written = (n: number): string => String(n).padStart(width, '0');
        const expected = [];
        for (let n = from; n <= from + count; n += step) expected.push(`h${written(n)}.x`);
        expect(expandRanges(`h[${written(from)}:${written(from + count)}:${step}].x`, undefined)).toEqual(expected);
      }),
    );
  });

  it('side by side make the product, the first turning slowest', () => {
    const bound = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(bound, bound, bound, (a, b, c) => {
        const names = expandRanges(`x[1:${a}]-[1:${b}]-[1:${c}]`, undefined);
        expect(new Set(names).size).toBe(a * b * c);
        expect(names).toEqual(names.toSorted());
      }),
    );
  });
});

describe('hosts with a port', () => {
  it.each<[string, readonly string[], number | undefined]>([
    ['kvm01:2222', ['kvm01'], 2222],
    ['kvm[1:2]:2222', ['kvm1', 'kvm2'], 2222],
    ['[fe80::1]:22', ['fe80::1'], 22],
    ['[fe80::1]', ['fe80::1'], undefined],
    ['fe80::1', ['fe80::1'], undefined],
    ['fe80::', ['fe80::'], undefined],
    ['[2001:db8::[1:2]]:22', ['2001:db8::1', '2001:db8::2'], 22],
    ['[1:3]', ['1', '2', '3'], undefined],
    ['[1:2]:22', ['1', '2'], 22],
    ['[kvm01]:22', ['kvm01'], 22],
  ])('%s', (text, names, port) => {
    expect(parseHostEntry(text, undefined)).toEqual({ names, port });
  });

  it.each<[string, string]>([
    ['kvm01:', 'nothing stands behind the ":" of "kvm01:"'],
    ['kvm01:0', 'port 0 of "kvm01:0" does not exist'],
    ['kvm01:65536', 'port 65536 of "kvm01:65536" does not exist'],
  ])('%s is refused', (text, message) => {
    expect(() => parseHostEntry(text, undefined)).toThrow(expect.objectContaining({ message }));
  });
});
