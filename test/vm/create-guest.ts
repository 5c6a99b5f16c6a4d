import { readFileSync } from 'node:fs';
import { updateState } from '../lab/state.ts';
import { addressOf } from '../lab/wiring.ts';
import type { LabHandle } from '../lab/handle.ts';
import { Guest } from './guest.ts';
import { writeGuest, type GuestRecord } from './guest-files.ts';
import { ensureImage } from './image.ts';

export interface GuestOptions {
  readonly name: string;
  /** Default 1280. */
  readonly memoryMb?: number;
  /** Default 2. */
  readonly cpus?: number;
  /** Segments of the lab, which a host of it must have made, for the two data links. */
  readonly data?: string;
  readonly pf?: string;
  readonly log?: (line: string) => void;
}

/** Adds a guest to a lab, half a minute after its image is there, and waits until it can be logged in to. */
export async function createGuest(lab: LabHandle, options: GuestOptions): Promise<Guest> {
  const image = await ensureImage(options.log);
  let index = 0;
  await updateState(lab.dir, (state) => {
    index = state.nextIndex;
    return { ...state, nextIndex: index + 1 };
  });
  const record: GuestRecord = {
    name: options.name,
    index,
    address: addressOf(index),
    memoryMb: options.memoryMb ?? 1280,
    cpus: options.cpus ?? 2,
    data: options.data ?? 'none',
    pf: options.pf ?? 'none',
    hostKey: image.hostKey,
  };
  await writeGuest(lab, record, image);
  const guest = new Guest(lab, record);
  try {
    await guest.powerOn();
    await guest.furnish(readFileSync(`${lab.privateKeyPath}.pub`, 'utf8'));
    await guest.waitUp();
    return guest;
  } catch (error) {
    await guest.remove().catch(() => {});
    throw error;
  }
}
