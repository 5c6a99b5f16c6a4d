import { join } from 'node:path';
import { inject } from 'vitest';
import type { Host } from './host.ts';
import { Lab } from './lab.ts';
import { withLock } from './lock.ts';

export interface LabNeeds {
  /** Bare sshd hosts: `shared01`, … */
  readonly bare?: number;
  /** Systemd hosts with two data links: `node01`, …; eth1 of all is on one segment, eth2 has none. */
  readonly systemd?: number;
}

export interface UsedLab {
  readonly lab: Lab;
  readonly bare: readonly Host[];
  readonly systemd: readonly Host[];
}

/** Why lab tests are skipped here: `describe.skipIf(noLab())`. */
export const noLab = (): boolean => labDir() === undefined;

/** Folder of the lab of this worker of vitest: its number is from 1 to `maxWorkers`. */
export const labDir = (): string | undefined => inject('labDirs')[Number(process.env['VITEST_POOL_ID']) - 1];

/**
 * The lab of this worker, with at least so many shared hosts. They are started when they are first asked for and serve all
 * tests after that, one file at a time: who changes one puts it back, or starts hosts of its own (`lab.systemdHosts(1, { prefix: 'mine' })`) and
 * removes them (`host.remove()`).
 */
export async function useLab({ bare = 0, systemd = 0 }: LabNeeds = {}): Promise<UsedLab> {
  const dir = labDir();
  if (dir === undefined) throw new Error('no lab can run here: guard the test with describe.skipIf(noLab())');
  const lab = new Lab(dir, console.log);
  return await withLock(join(dir, 'shared.lock'), async () => {
    const have = (prefix: string): readonly Host[] => lab.hosts.filter((h) => h.name.startsWith(prefix));
    const moreBare = bare - have('shared').length;
    if (moreBare > 0) await lab.bareHosts(moreBare, { prefix: 'shared' });
    const moreSystemd = systemd - have('node').length;
    const nics = { eth1: { segment: 'shared' }, eth2: { segment: 'none' } };
    if (moreSystemd > 0) await lab.systemdHosts(moreSystemd, { prefix: 'node', nics });
    return { lab, bare: have('shared').slice(0, bare), systemd: have('node').slice(0, systemd) };
  });
}
