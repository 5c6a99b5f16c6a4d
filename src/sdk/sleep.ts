import { setTimeout as delay } from 'node:timers/promises';
import { KvmnetError } from '../util/errors.ts';
import type { ActionHost } from './action.ts';

/** Waits on the controller. @throws KvmnetError code `interrupted` when the run is ended meanwhile */
export async function sleep(seconds: number, host: Pick<ActionHost, 'signal' | 'timePassed'>): Promise<void> {
  if (seconds <= 0) return;
  try {
    await delay(seconds * 1000, undefined, { signal: host.signal });
  } catch (error) {
    if (host.signal.aborted) throw new KvmnetError('interrupted', 'interrupted');
    throw error;
  }
  host.timePassed();
}
