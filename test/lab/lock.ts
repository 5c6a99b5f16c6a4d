import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { isAlive, processId, sleep, type ProcessId } from './process.ts';

/** Runs `work` while no other process of this machine holds the same lock; a lock of a dead holder is taken over. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const me = processId(process.pid);
  if (me === undefined) throw new Error('/proc is not mounted');
  // Written whole before it is linked, so that nobody reads half a lock.
  const mine = `${path}.${me.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(mine, JSON.stringify(me));
  try {
    while (!(await tryLink(mine, path))) {
      const holder = await readHolder(path);
      if (holder !== undefined && !isAlive(holder)) await rm(path, { force: true });
      else await sleep(50);
    }
  } finally {
    await rm(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<ProcessId | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessId;
  } catch {
    return undefined;
  }
}
