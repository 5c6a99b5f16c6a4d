import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { kvmnetOn, type Played } from '../lab/play-on.ts';
import { labDir } from '../lab/use-lab.ts';
import { createGuest, type GuestOptions } from './create-guest.ts';
import { guestInventoryPath, readGuests } from './guest-files.ts';
import { Guest } from './guest.ts';

/** Why vm tests are skipped here is said at the start: `describe.skipIf(noGuest())`. */
export const noGuest = (): boolean => labDir() === undefined;

/** The lab of this test run, in whose network the guests are. */
export function useVmLab(): Lab {
  const dir = labDir();
  if (dir === undefined) throw new Error('no guest can run here: guard the test with describe.skipIf(noGuest())');
  return new Lab(dir, console.log);
}

/**
 * The guest that all tests of this run share, started when it is first asked for, as it takes half a minute and more. Whoever
 * uses it finds it as the tests before have left it; who needs a fresh one makes it (`createGuest`) and removes it.
 */
export async function useGuest(lab: Lab, options: Omit<GuestOptions, 'name'> = {}): Promise<Guest> {
  return await withLock(join(lab.dir, 'shared.lock'), async () => {
    const shared = readGuests(lab).find(({ name }) => name === 'shared');
    return shared === undefined ? await createGuest(lab, { name: 'shared', ...options }) : new Guest(lab, shared);
  });
}

/** Plays a file on a guest with the real command, from the hub of the lab. */
export async function playOnGuest(
  lab: Lab,
  file: string,
  guest: Guest,
  args: readonly string[] = [],
  timeout = 900,
): Promise<Played> {
  return await kvmnetOn(lab, ['play', file, '-l', guest.name, '-i', guestInventoryPath(lab), ...args], { timeout });
}

/** Power lost in the middle of a run, and back. Its controller goes as well: how one finds out that a host is gone is shown elsewhere. */
export async function losePower(guest: Guest, run: ChildProcess): Promise<void> {
  await guest.powerOff();
  const over = run.exitCode !== null || run.signalCode !== null;
  const ended = over ? undefined : once(run, 'close');
  run.kill('SIGKILL');
  await ended;
  await guest.powerOn();
  await guest.waitUp();
}

/** What did not go as `statuses` say, told so that a failing test shows why; a play of which no task ran went wrong as well. */
export function otherThan(played: Played, ...statuses: readonly string[]): readonly unknown[] {
  if (played.tasks.length === 0) return [{ code: played.code, stdout: played.stdout, stderr: played.stderr }];
  return played.tasks
    .filter((task) => !statuses.includes(task.status))
    .map(({ task, item, status, changes, failure }) => ({ task, item, status, changes, failure }));
}
