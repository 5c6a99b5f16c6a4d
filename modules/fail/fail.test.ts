import { expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { fail } from './index.ts';

it.each([
  [{}, 'failed as the playbook asked for'],
  [{ msg: 'because' }, 'because'],
])('fails with %j', async (params, message) => {
  expect(await runAction(fail, params, fakeHost())).toEqual({ changed: false, failed: true, message });
});
