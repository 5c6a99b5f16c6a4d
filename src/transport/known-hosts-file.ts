import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KvmnetError } from '../util/errors.ts';
import { hashName, keyType, parseKnownHosts, type KnownHost } from './known-hosts.ts';

/** All entries of the files that exist. */
export async function readKnownHosts(files: readonly string[]): Promise<readonly KnownHost[]> {
  const lists = await Promise.all(
    files.map(async (file) => {
      try {
        return parseKnownHosts(await readFile(file, 'utf8'), file);
      } catch (cause) {
        if (isMissing(cause)) return [];
        throw new KvmnetError('host-key', `cannot read ${file}: ${String(cause)}`, { cause });
      }
    }),
  );
  return lists.flat();
}

/**
 * Adds a key at the end of a file. One write of one line in append mode: other programs, and other connections of ours, may be adding
 * at the same moment.
 * @param name as `knownName` gives it.
 */
export async function appendKnownHost(file: string, name: string, key: Buffer, hashed: boolean): Promise<void> {
  const salt = randomBytes(20);
  const shown = hashed ? `|1|${salt.toString('base64')}|${hashName(name, salt).toString('base64')}` : name;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const newline = size > 0 && last[0] !== 10 ? '\n' : '';
    await handle.appendFile(`${newline}${shown} ${keyType(key)} ${key.toString('base64')}\n`);
  } finally {
    await handle.close();
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
