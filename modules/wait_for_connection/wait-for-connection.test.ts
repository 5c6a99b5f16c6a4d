import { describe, expect, it } from 'vitest';
import { fakeHost, hostError, runAction } from '../../src/sdk/testing/fake-host.ts';
import { waitForConnection } from './index.ts';

const connection = (attempts: readonly (boolean | Error)[]) => {
  let next = 0;
  const tryReconnect = async () => {
    const attempt = attempts[Math.min(next++, attempts.length - 1)] ?? false;
    if (attempt instanceof Error) throw attempt;
    return attempt;
  };
  return { drop: async () => {}, tryReconnect, lastError: 'connection refused' };
};

describe('wait_for_connection', () => {
  it('tries until it is there', async () => {
    const host = fakeHost({ connection: connection([false, hostError('auth', 'refused'), true]) });
    expect(await runAction(waitForConnection, { sleep: 0.01 }, host)).toEqual({ changed: false, data: { elapsed: 0 } });
    expect(host.asked).toHaveLength(1);
    expect(host.said).toEqual([
      'waiting for a connection, 0 of 600 s: connection refused',
      'waiting for a connection, 0 of 600 s: refused',
    ]);
  });

  it('gives up, and says what it has seen', async () => {
    const host = fakeHost({ connection: connection([false]) });
    expect(await runAction(waitForConnection, { sleep: 0.01, timeout: 0.05 }, host)).toMatchObject({
      failed: true,
      message: 'no connection within 0.05 s: connection refused',
    });
    const mute = fakeHost({ connection: connection([true]), answer: () => ({ code: 1 }) });
    expect(await runAction(waitForConnection, { timeout: 0 }, mute)).toMatchObject({
      message: 'no connection within 0 s: its shell does not answer',
    });
  });

  it('does not wait for what will not mend by itself', async () => {
    const host = fakeHost({ connection: connection([hostError('host-key', 'the host key has changed')]) });
    await expect(runAction(waitForConnection, {}, host)).rejects.toThrow('the host key has changed');
  });

  it('ends when the run is ended', async () => {
    const controller = new AbortController();
    const host = fakeHost({ connection: connection([false]), signal: controller.signal });
    const running = runAction(waitForConnection, { sleep: 60 }, host);
    setTimeout(() => controller.abort(), 10);
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('does not wait in check mode', async () => {
    expect(await runAction(waitForConnection, {}, fakeHost({ check: true }))).toMatchObject({ skipped: true });
  });
});
