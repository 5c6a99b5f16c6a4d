import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

const rtt = 50;

const copies = (n: number, text: string): string =>
  Array.from({ length: n }, (_, i) => `    - copy: { dest: /etc/trips-${i}, content: "${text}" }\n`).join('');
const site = (tasks: string): string => `- hosts: all\n  tasks:\n${tasks}`;

describe.skipIf(noLab())('round trips on a real host', () => {
  let lab: Lab;
  let host: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-trips-'));
  beforeAll(async () => {
    ({ lab } = await useLab());
    [host] = (await lab.bareHosts(1, { prefix: 'trips' })) as [Host];
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await host.remove();
  });

  const play = (text: string): Promise<Played> => {
    const file = join(folder, 'site.yml');
    writeFileSync(file, text);
    return playOn(lab, file, host);
  };

  it('twenty tasks that all change take at most 24, with nothing to change at most 2; a hundred at most 3', async () => {
    const changing = await play(site(copies(20, 'one')));
    expect(changing.recap(host)).toMatchObject({ changed: 20, failed: 0 });
    expect(changing.recap(host).round_trips).toBeLessThanOrEqual(24);
    const converged = await play(site(copies(20, 'one')));
    expect(converged.recap(host)).toMatchObject({ ok: 20, changed: 0 });
    expect(converged.recap(host).round_trips).toBeLessThanOrEqual(2);

    const hundred = site(`${copies(99, 'one')}    - copy: { dest: /etc/trips-f, content: "{{ facts.boot_id }}" }\n`);
    await play(hundred);
    const again = await play(hundred);
    expect(again.recap(host)).toMatchObject({ ok: 100, changed: 0 });
    expect(again.recap(host).round_trips).toBeLessThanOrEqual(3);
  });

  /** What else the machine does only makes a run slower: the quickest of a few is the nearest to the truth. */
  const quickest = async (text: string): Promise<Played> => {
    const played: Played[] = [];
    for (let i = 0; i < 4; i += 1) played.push(await play(text));
    return played.reduce((best, one) => (one.seconds < best.seconds ? one : best));
  };

  it('are what the clock says they are', async () => {
    const unchanged = site(copies(20, 'two'));
    await play(unchanged);
    const near = await quickest(unchanged);
    const nothing = await quickest(site('    - ping: {}\n'));
    await lab.delay(host, rtt);
    try {
      const far = await quickest(unchanged);
      const farNothing = await quickest(site('    - ping: {}\n'));
      // Login costs the same in both; what is left is what the recap counts.
      const trips = (far.seconds - near.seconds - (farNothing.seconds - nothing.seconds)) * (1000 / rtt);
      const counted = far.recap(host).round_trips - farNothing.recap(host).round_trips;
      expect(far.recap(host)).toMatchObject({ ok: 20, changed: 0 });
      expect(far.recap(host).round_trips).toBeLessThanOrEqual(2);
      expect(Math.abs(trips - counted)).toBeLessThan(4);

      const changing = await play(site(copies(20, 'three')));
      expect(changing.recap(host)).toMatchObject({ changed: 20 });
      expect(changing.recap(host).round_trips).toBeLessThanOrEqual(24);
      const changingTrips = (changing.seconds - far.seconds) * (1000 / rtt);
      // The work of twenty changes takes time as well: never less than the trips, and not many times more.
      expect(changingTrips).toBeGreaterThan((changing.recap(host).round_trips - far.recap(host).round_trips) * 0.9);
      expect(changingTrips).toBeLessThan(60);
    } finally {
      await lab.delay(host, 0);
    }
  });
});
