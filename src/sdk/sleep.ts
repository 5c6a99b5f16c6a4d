import { setTimeout as delay } from 'node:timers/promises';
import { KvmnetError } from '../util/errors.ts';

/** Waits on the controller. @throws KvmnetError code `interrupted` when the run is ended meanwhile */
export async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(seconds * 1000, undefined, { signal });
  } catch (error) {
    if (signal.aborted) throw new KvmnetError('interrupted', 'interrupted');
    throw error;
  }
}
