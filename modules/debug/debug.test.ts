import { describe, expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { debug } from './index.ts';

describe('debug', () => {
  it.each([
    [{}, 'Hello world!', { msg: 'Hello world!' }],
    [{ msg: `quotes ' " $(id) \`id\` 𝄞` }, `quotes ' " $(id) \`id\` 𝄞`, undefined],
    [{ msg: ['a', 1] }, '[\n  "a",\n  1\n]', { msg: ['a', 1] }],
    [{ msg: null }, 'null', { msg: null }],
    [{ var: { source: 'a.b', value: { c: [1] } } }, 'a.b = {\n  "c": [\n    1\n  ]\n}', { 'a.b': { c: [1] } }],
    [{ var: [{ source: 'x', value: 'text' }] }, 'x = text', { x: 'text' }],
    [{ var: { source: 'x', value: 'text' } }, 'x = text', { x: 'text' }],
  ])('shows %j', async (params, text, data) => {
    const host = fakeHost();
    const result = await runAction(debug, params, host);
    expect(result).toMatchObject({ changed: false, text, ...(data === undefined ? {} : { data }) });
    expect(host.asked).toEqual([]);
  });

  it('shows whole numbers of CEL as numbers', async () => {
    expect(await runAction(debug, { var: { source: 'n', value: [4n] } }, fakeHost())).toMatchObject({
      text: 'n = [\n  4\n]',
    });
  });

  it('fails where the expression has no value', async () => {
    const result = await runAction(debug, { var: { source: 'x', error: 'no such variable: x' } }, fakeHost());
    expect(result).toEqual({ changed: false, failed: true, message: 'x has no value: no such variable: x' });
  });

  it('is silent below its verbosity', async () => {
    const loud = fakeHost({ variable: (name) => (name === 'kvmnet_verbosity' ? 2 : undefined) });
    expect(await runAction(debug, { msg: 'm', verbosity: 3 }, loud)).toEqual({
      changed: false,
      skipped: true,
      message: 'shown with -vvv or more',
    });
    expect(await runAction(debug, { msg: 'm', verbosity: 2 }, loud)).toMatchObject({ text: 'm' });
    expect(await runAction(debug, { msg: 'm', verbosity: 1 }, fakeHost())).toMatchObject({ skipped: true });
  });

  it('refuses both', () => {
    expect(debug.params.safeParse({ msg: 'a', var: 'b' }).error?.issues[0]?.message).toBe('give msg or var, not both');
  });
});
