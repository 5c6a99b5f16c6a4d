import { describe, expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { meta } from './index.ts';

describe('meta', () => {
  it.each([
    'flush_handlers',
    'end_host',
    'end_play',
    'clear_host_errors',
    'refresh_facts',
    'reset_connection',
    'noop',
  ] as const)('hands on %s', async (command) => {
    const host = fakeHost();
    expect(await runAction(meta, { command }, host)).toEqual({ changed: false });
    expect(host.metas).toEqual([command]);
  });

  it.each([
    [
      'refresh_inventory',
      'refresh_inventory is not offered: the inventory is read once, when kvmnet starts: start it again',
    ],
    [
      'flush',
      'expected one of flush_handlers, end_host, end_play, clear_host_errors, refresh_facts, reset_connection, noop',
    ],
  ])('refuses %s', (command, message) => {
    expect(meta.params.safeParse({ command }).error?.issues[0]?.message).toBe(message);
  });
});
