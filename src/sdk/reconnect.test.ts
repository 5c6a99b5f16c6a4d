import { expect, it } from 'vitest';
import { reconnect } from './reconnect.ts';
import { fakeHost } from './testing/fake-host.ts';

/** A host that nobody can log in to. @returns the milliseconds at which somebody has tried, and what was seen last */
async function waited(timeout: number, pause: readonly [number, number]) {
  const started = performance.now();
  const tries: number[] = [];
  const tryReconnect = async () => {
    tries.push(performance.now() - started);
    return false;
  };
  const host = fakeHost({ connection: { drop: async () => {}, tryReconnect, lastError: 'connection refused' } });
  const options = { timeout, connectTimeout: 10, pause, what: 'rebooting', check: async () => undefined };
  const seen = await reconnect(host, options);
  return { tries, seen, said: host.said };
}

it('pauses for longer each time, up to the longest', async () => {
  const { tries, seen } = await waited(0.8, [0.04, 0.16]);
  const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  // A busy machine only makes them longer; a timer may be early by one.
  const due = [40, 60, 90, 135, 160, 160].slice(0, pauses.length);
  expect(pauses.length).toBeLessThanOrEqual(6);
  for (const [index, least] of due.entries()) expect(pauses[index]).toBeGreaterThanOrEqual(least - 2);
  expect(seen).toBe('connection refused');
});

it('does not begin a pause that would end after its time', async () => {
  const { tries, said } = await waited(0.1, [0.06, 10]);
  expect(tries.length).toBeLessThanOrEqual(2);
  expect(said).toEqual(tries.slice(1).map(() => 'rebooting, 0 of 0.1 s: connection refused'));
});
