import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bool } from './bool.ts';
import { int } from './int.ts';
import { seconds } from './seconds.ts';
import { words } from './words.ts';

describe('bool', () => {
  it.each([true, 'yes', 'Yes', 'YES', 'on', 'true', 'True', 'TRUE'])('takes %j as yes', (value) => {
    expect(bool().parse(value)).toBe(true);
  });
  it.each([false, 'no', 'No', 'off', 'OFF', 'false', 'False'])('takes %j as no', (value) => {
    expect(bool().parse(value)).toBe(false);
  });
  it.each([0, 1, 'y', '', 'yes ', null, [], 'oN'])('refuses %j', (value) => {
    expect(
      bool()
        .safeParse(value)
        .error?.issues.map((i) => i.message),
    ).toEqual(['expected yes or no']);
  });
  it('keeps defaults and can be described to an editor', () => {
    const Params = z.strictObject({ force: bool().default(false), other: bool().optional() });
    expect(Params.parse({})).toEqual({ force: false });
    const schema = z.toJSONSchema(Params, { io: 'input' });
    expect(schema.properties?.['force']).toMatchObject({ anyOf: [{ type: 'boolean' }, { type: 'string' }] });
  });
});

describe('int', () => {
  it.each([
    [4, 4],
    ['4', 4],
    ['-3', -3],
    ['007', 7],
  ])('%j gives %j', (value, expected) => {
    expect(int().parse(value)).toBe(expected);
  });
  it.each([
    [{}, 1.5, 'expected a whole number'],
    [{}, '0x10', 'expected a whole number'],
    [{}, true, 'expected a whole number'],
    [{}, 2 ** 60, 'expected a whole number'],
    [{ min: 1 }, 0, 'expected a whole number, 1 or more'],
    [{ max: 9 }, '10', 'expected a whole number, 9 or less'],
    [{ min: 1, max: 65535 }, 65536, 'expected a whole number from 1 to 65535'],
  ])('%j refuses %j', (range, value, message) => {
    expect(
      int(range)
        .safeParse(value)
        .error?.issues.map((i) => i.message),
    ).toEqual([message]);
  });
});

describe('seconds', () => {
  it.each([
    [0, 0],
    [0.5, 0.5],
    ['1.5', 1.5],
  ])('%j gives %j', (value, expected) => {
    expect(seconds().parse(value)).toBe(expected);
  });
  it.each([-1, '-1', 'soon', Number.NaN, Number.POSITIVE_INFINITY, null])('refuses %j', (value) => {
    expect(
      seconds()
        .safeParse(value)
        .error?.issues.map((i) => i.message),
    ).toEqual(['expected a number of seconds, 0 or more']);
  });
});

describe('words', () => {
  it.each([
    ['a', ['a']],
    ['a, b,,c', ['a', 'b', 'c']],
    [
      ['a ', 'b,c'],
      ['a', 'b,c'],
    ],
    ['', []],
  ])('%j gives %j', (value, expected) => {
    expect(words().parse(value)).toEqual(expected);
  });
  it('refuses what is neither', () => {
    expect(words().safeParse(4).error?.issues[0]?.message).toBe('expected a string or a list of strings');
  });
});
