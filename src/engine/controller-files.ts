import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import type { ControllerFiles } from '../sdk/index.ts';
import { KvmnetError } from '../util/errors.ts';

export interface FileStat {
  readonly sha256: string;
  readonly size: number;
  readonly mode: string;
  readonly folder?: boolean;
}

/** Hashes of the controller's files, for a whole run: a file that 5,000 hosts get is read once. */
export class FileHashes {
  readonly #known = new Map<string, { readonly stamp: string; readonly stat: Promise<FileStat> }>();

  async stat(path: string): Promise<FileStat> {
    const found = await stat(path);
    const stamp = `${found.ino} ${found.size} ${found.mtimeMs} ${found.mode}`;
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known.stat;
    const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
    if (found.isDirectory()) return { sha256: '', size: 0, mode, folder: true };
    const hashed = hashFile(path).then((sha256) => ({ sha256, size: found.size, mode }));
    this.#known.set(path, { stamp, stat: hashed });
    return hashed;
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

interface Options {
  /** Folders to look in, nearest first: those of the role, then the playbook's. */
  readonly folders: readonly string[];
  readonly hashes: Pick<FileHashes, 'stat'>;
  readonly render: (text: string, file: string) => string;
}

/** The controller's files as one task sees them. */
export function controllerFiles({ folders, hashes, render }: Options): ControllerFiles {
  const find = (path: string, kind: 'files' | 'templates' = 'files'): string => {
    const candidates = isAbsolute(path)
      ? [path]
      : folders.flatMap((folder) => [join(folder, kind, path), join(folder, path)]);
    const found = candidates.find((candidate) => existsSync(candidate));
    if (found !== undefined) return resolve(found);
    throw new KvmnetError('missing', `"${path}" is not on this controller`, {
      hint: `looked at ${candidates.join(', ')}`,
    });
  };
  return {
    resolve: find,
    stat: (path) => hashes.stat(path),
    read: async (path) => new Uint8Array(await readFile(path)),
    list: async (path) => {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
      return files.map((file) => file.slice(path.length).replace(/^\/+/, '')).toSorted();
    },
    render: async (path) => {
      const file = find(path, 'templates');
      return render(await readFile(file, 'utf8'), file);
    },
  };
}
