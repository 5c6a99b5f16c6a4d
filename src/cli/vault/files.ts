import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { KvmnetError } from '../../util/errors.ts';
import { fileProblem } from '../../util/file-problem.ts';
import type { Cli } from '../cli.ts';

/** The text of a file; of the standard input for `-`. @throws KvmnetError code `io` */
export const readInput = (cli: Cli, file: string): Promise<string> =>
  file === '-' ? readAll(cli.stdin) : readText(cli, file);

export const readText = (cli: Cli, file: string): Promise<string> =>
  readFile(resolve(cli.cwd, file), 'utf8').catch((cause: unknown) => {
    throw failed('read', file, cause);
  });

/** Whole or not at all, with the mode that the file has. @throws KvmnetError code `io` */
export async function replaceFile(cli: Cli, file: string, text: string): Promise<void> {
  const path = resolve(cli.cwd, file);
  const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const { mode } = await stat(path);
    await writeFile(beside, text, { mode: 0o600, flag: 'wx' });
    await chmod(beside, mode & 0o7777);
    await rename(beside, path);
  } catch (cause) {
    throw failed('write', file, cause);
  }
}

const failed = (what: string, file: string, cause: unknown): KvmnetError =>
  new KvmnetError('io', `cannot ${what} ${file}: ${fileProblem(cause)}`, { cause });
