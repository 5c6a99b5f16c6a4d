import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Serial } from '../../playbook/model.ts';
import { batches } from './batches.ts';

const hosts = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const sizes = (n: number, serial: readonly Serial[]): number[] =>
  batches(hosts(n), serial).map((batch) => batch.length);

describe('serial', () => {
  it.each<[number, readonly Serial[], readonly number[]]>([
    [5, [], [5]],
    [0, [2], []],
    [5, [2], [2, 2, 1]],
    [5, ['50%'], [2, 2, 1]],
    [3, ['10%'], [1, 1, 1]],
    [10, ['100%'], [10]],
    [10, [1, 3, '50%'], [1, 3, 5, 1]],
    [4, [0], [4]],
    [3, [10], [3]],
  ])('%i hosts by %j', (n, serial, expected) => {
    expect(sizes(n, serial)).toEqual(expected);
  });

  it('loses no host and changes no order', () => {
    const entry = fc.oneof(
      fc.nat(20),
      fc.integer({ min: 1, max: 100 }).map((p): Serial => `${p}%`),
    );
    fc.assert(
      fc.property(fc.nat(60), fc.array(entry), (n, serial) => {
        expect(batches(hosts(n), serial).flat()).toEqual(hosts(n));
      }),
    );
  });
});
