import { expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { ping } from './index.ts';

it.each(['pong', `'"$(id)\n%s\\`, ''])('answers %j through the shell of the host', async (data) => {
  const host = fakeHost();
  expect(await runAction(ping, { data }, host)).toEqual({ changed: false, text: data, data: { ping: data } });
  expect(host.asked).toHaveLength(1);
});

it('fails on another answer', async () => {
  const host = fakeHost({ answer: () => ({ stdout: 'motd' }) });
  expect(await runAction(ping, {}, host)).toEqual({
    changed: false,
    failed: true,
    message: 'the shell of the host answered "motd"',
  });
});
