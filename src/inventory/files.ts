import { readdir, readFile, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { KvmnetError } from '../util/errors.ts';

type FileKind = 'file' | 'folder' | undefined;

export async function kindOf(path: string): Promise<FileKind> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
}

export async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** Names in a folder, sorted; none where there is no such folder. */
export async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw unreadable(path, error);
  }
}

/** The path as the user would type it. */
export function displayPath(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short === '' || short.split(sep)[0] === '..' ? path : short;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

const unreadable = (name: string, error: unknown): KvmnetError =>
  new KvmnetError('inventory', `cannot read ${name}: ${error instanceof Error ? error.message : String(error)}`, {
    hint: 'check the permissions of the file and of the folders above it',
    cause: error,
  });
