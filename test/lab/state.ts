import { existsSync, readFileSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import { here, labsDir } from './paths.ts';
import { isAlive, must, processId, until, type ProcessId } from './process.ts';
import type { HostRecord } from './wiring.ts';

/** What every process that works with a lab must know of it: `lab.json` in its folder. */
export interface LabState {
  readonly id: string;
  /** Stays until it is taken down; others go with their owner. */
  readonly kept: boolean;
  /** Tidies up after the lab; lives a moment longer than it. */
  readonly supervisor: ProcessId;
  /** The first process of the lab. Its network namespace is the hub. */
  readonly init: ProcessId;
  /** The index the next host gets. */
  readonly nextIndex: number;
  readonly hosts: readonly HostRecord[];
}

const stateFile = (dir: string): string => join(dir, 'lab.json');

export const readState = (dir: string): LabState => JSON.parse(readFileSync(stateFile(dir), 'utf8')) as LabState;

export async function writeState(dir: string, state: LabState): Promise<void> {
  await writeFile(`${stateFile(dir)}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${stateFile(dir)}.new`, stateFile(dir));
}

/** Changes the state while no other process does. */
export async function updateState(dir: string, change: (state: LabState) => LabState): Promise<LabState> {
  return await withLock(join(dir, 'lock'), async () => {
    const state = change(readState(dir));
    await writeState(dir, state);
    return state;
  });
}

/** Folders of labs that live. */
export async function livingLabs(): Promise<readonly string[]> {
  return (await labFolders()).filter((dir) => isLiving(dir));
}

export function isLiving(dir: string): boolean {
  try {
    return isAlive(readState(dir).init);
  } catch {
    return false;
  }
}

/** Removes what labs left behind whose supervisor was killed too. */
export async function sweep(): Promise<void> {
  for (const dir of await labFolders()) {
    // One that is just being started has no state yet, but a starter.
    if (isLiving(dir) || isStarting(dir) || isBeingCleaned(dir)) continue;
    await must(['sh', join(here, 'sh/clean.sh'), dir]);
  }
}

/** Ends a lab and waits until nothing is left of it. */
export async function endLab(dir: string): Promise<void> {
  if (isLiving(dir)) process.kill(readState(dir).init.pid, 'SIGKILL');
  await until(`the lab in ${dir} to be gone`, 60, () => !existsSync(dir) || !isBeingCleaned(dir) || undefined);
  if (existsSync(dir)) await must(['sh', join(here, 'sh/clean.sh'), dir]);
}

export const markStarting = async (dir: string): Promise<void> =>
  await writeFile(join(dir, 'starter'), JSON.stringify(processId(process.pid)));

export const markStarted = async (dir: string): Promise<void> => await rm(join(dir, 'starter'), { force: true });

function isStarting(dir: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(join(dir, 'starter'), 'utf8')) as ProcessId);
  } catch {
    return false;
  }
}

function isBeingCleaned(dir: string): boolean {
  try {
    return isAlive(readState(dir).supervisor);
  } catch {
    return false;
  }
}

async function labFolders(): Promise<string[]> {
  const names = await readdir(labsDir()).catch(() => []);
  return names.filter((name) => !name.startsWith('.')).map((name) => join(labsDir(), name));
}
