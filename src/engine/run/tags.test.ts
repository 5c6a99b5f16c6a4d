import { describe, expect, it } from 'vitest';
import { tagsAllow } from './tags.ts';

describe('tags', () => {
  it.each<[tags: string[], wanted: string[], skipped: string[], runs: boolean]>([
    [[], [], [], true],
    [['a'], [], [], true],
    [['never'], [], [], false],
    [['never', 'a'], ['a'], [], true],
    [['a'], ['a'], [], true],
    [['a'], ['b'], [], false],
    [[], ['b'], [], false],
    [['always'], ['b'], [], true],
    [['always', 'never'], ['b'], [], false],
    [['never'], ['all'], [], false],
    [['a'], ['all'], [], true],
    [['a'], ['tagged'], [], true],
    [[], ['tagged'], [], false],
    [[], ['untagged'], [], true],
    [['a'], [], ['a'], false],
    [['a', 'b'], ['a'], ['b'], false],
    [['always'], [], ['always'], false],
    [['always'], [], ['all'], true],
    [['a'], [], ['all'], false],
    [['a'], [], ['tagged'], false],
  ])('%j with -t %j --skip-tags %j: %s', (tags, wanted, skipped, runs) => {
    expect(tagsAllow(tags, wanted, skipped)).toBe(runs);
  });
});
