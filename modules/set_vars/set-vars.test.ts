import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { setVars } from './index.ts';

describe('set_vars', () => {
  it('hands over any value as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const host = fakeHost();
        expect(await runAction(setVars, { my_var: value }, host)).toEqual({ changed: false, data: { my_var: value } });
        expect(host.variables).toEqual({ my_var: value });
      }),
    );
  });

  it.each([
    [{}, 'give at least one variable: name: value'],
    [{ 'a-b': 1 }, '"a-b" cannot be the name of a variable: use letters, digits and underscores, a letter first'],
    [{ '1a': 1 }, '"1a" cannot be the name of a variable: use letters, digits and underscores, a letter first'],
    [{ groups: 1 }, 'groups is set by kvmnet itself: choose another name'],
  ])('refuses %j', (params, message) => {
    expect(setVars.params.safeParse(params).error?.issues[0]?.message).toBe(message);
  });
});
