import { describe, expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { assert } from './index.ts';

const yes = { source: 'a == 1', value: true };

describe('assert', () => {
  it('is content when all are true', async () => {
    const host = fakeHost();
    expect(await runAction(assert, { that: [yes, true] }, host)).toEqual({
      changed: false,
      text: 'all assertions passed',
      data: { msg: 'all assertions passed' },
    });
    expect(await runAction(assert, { that: yes, success_msg: 'fine' }, host)).toMatchObject({ text: 'fine' });
    expect((await runAction(assert, { that: yes, quiet: 'yes' }, host)).text).toBeUndefined();
    expect(host.asked).toEqual([]);
  });

  it.each([
    [{ source: 'a > b', value: false }, 'not true: a > b'],
    [{ source: 'size(x)', value: 3 }, 'not true: size(x) (it gives 3, not true or false)'],
    [{ source: 'x', value: 'true' }, 'not true: x (it gives "true", not true or false)'],
    [{ source: 'x', value: undefined }, 'not true: x (it gives nothing, not true or false)'],
    [{ source: 'x.y', error: 'no such key: y' }, 'not true: x.y (no such key: y)'],
    [false, 'not true: false'],
  ])('fails on %j', async (that, message) => {
    const result = await runAction(assert, { that: [yes, that] }, fakeHost());
    expect(result).toMatchObject({ changed: false, failed: true, message, data: { msg: message } });
  });

  it('says what it was told to say, and which one it was', async () => {
    const result = await runAction(
      assert,
      { that: [yes, { source: 'a > b', value: false }], fail_msg: 'too old' },
      fakeHost(),
    );
    expect(result).toEqual({
      changed: false,
      failed: true,
      message: 'too old',
      hint: 'a > b',
      data: { assertion: 'a > b', evaluated_to: false, msg: 'too old' },
    });
  });

  it.each([{}, { that: [] }, { that: '' }, { that: 4 }])('refuses %j', (params) => {
    expect(assert.params.safeParse(params).error?.issues[0]?.message).toMatch(/expected a CEL expression|Too small/);
  });
});
