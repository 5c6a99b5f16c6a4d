import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { KvmnetError } from '../../util/errors.ts';
import { refuse } from '../errors.ts';

/** A path on the controller as a user writes it: `~/` is the home folder, the rest is relative to `folder`. */
export const controllerPath = (folder: string, path: string): string =>
  path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(folder, path);

/**
 * A path on the controller below a folder, made of names that a host or its inventory gave.
 * @throws KvmnetError code `refused` for a name that would lead out of the folder
 */
export function pathBelow(folder: string, names: readonly string[]): string {
  const wrong = names.find((name) => name === '..' || name === '.' || name === '' || /[/\0]/.test(name));
  if (wrong !== undefined)
    throw refuse(`${JSON.stringify(wrong)} cannot be the name of a file or folder below ${folder}`);
  return [resolve(folder), ...names].join(sep).replace(/^\/\//, '/');
}

/** SHA-256 of a regular file of the controller; null where there is none. */
export async function controllerSha256(path: string): Promise<string | null> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return null;
  if (found.isDirectory()) throw refuse(`${path} is a folder on the controller`, 'name the file, or end dest with /');
  const hash = createHash('sha256');
  const read = async (): Promise<void> => {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  };
  await read().catch(cannot('read', path));
  return hash.digest('hex');
}

/**
 * Sees to it that nothing on the way from a folder to a file below it is a symbolic link: where others may write, one could lead
 * the file of a host anywhere.
 * @throws KvmnetError code `refused`
 */
export async function refuseLinks(folder: string, file: string): Promise<void> {
  const names = relative(folder, dirname(file)).split(sep);
  for (const [index] of names.entries()) {
    const path = join(folder, ...names.slice(0, index + 1));
    const found = await lstat(path).catch(() => null);
    if (found === null) return;
    if (found.isSymbolicLink() && path !== resolve(folder))
      throw refuse(`${path} is a symbolic link, and what a host sends does not go where it leads`, 'remove it');
  }
}

/**
 * Puts a download in its place as a whole: it lands in a private folder beside it first, then is renamed.
 * @param expected - SHA-256 that it must have; undefined: any
 * @returns its SHA-256, or null where that is not the expected one and nothing was put in place
 */
export async function storeDownload(
  path: string,
  download: (to: string) => Promise<void>,
  expected?: string,
): Promise<string | null> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true }).catch(cannot('make the folder', folder));
  const landing = await mkdtemp(join(folder, '.kvmnet-fetch-')).catch(cannot('write into', folder));
  try {
    const file = join(landing, basename(path));
    await download(file);
    const sha256 = await controllerSha256(file);
    if (expected !== undefined && sha256 !== expected) return null;
    await rename(file, path).catch(cannot('write', path));
    return sha256;
  } finally {
    await rm(landing, { recursive: true, force: true });
  }
}

const cannot =
  (what: string, path: string) =>
  (cause: unknown): never => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new KvmnetError('io', `cannot ${what} ${path} on the controller: ${reason}`, { cause });
  };
