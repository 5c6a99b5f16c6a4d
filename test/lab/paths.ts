import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where labs and what they share are kept: `KVMNET_LAB_DIR`, else `/var/tmp/kvmnet-lab` (it outlives a reboot). */
export function labRoot(): string {
  const root = process.env['KVMNET_LAB_DIR'] || '/var/tmp/kvmnet-lab';
  // Overlay mounts take commas and colons in a path for their own.
  if (!/^\/[\w./-]+$/.test(root)) throw new Error(`KVMNET_LAB_DIR must be a plain absolute path: ${root}`);
  return root;
}

/** Things made once and kept: the Debian root, the compiled delay relay. */
export const cacheDir = (): string => join(labRoot(), 'cache');

/** One folder per lab that lives. */
export const labsDir = (): string => join(labRoot(), 'labs');

/** Makes the folders. Only root may look in: the hosts' root holds setuid programs and users with known passwords. */
export function makeRoot(): void {
  mkdirSync(labRoot(), { recursive: true });
  chmodSync(labRoot(), 0o700);
  for (const dir of [cacheDir(), labsDir()]) mkdirSync(dir, { recursive: true });
}

/** This folder of the repository. */
export const here = import.meta.dirname;

/** A short name for a cached thing, that changes when any of the files it is made from does. */
export function fingerprint(files: readonly string[], ...words: readonly string[]): string {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\0`);
  for (const file of files) hash.update(readFileSync(join(here, file))).update('\0');
  return hash.digest('hex').slice(0, 12);
}
