import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { isVaultText } from '../lang/index.ts';
import type { ControllerFiles } from '../sdk/index.ts';
import { KvmnetError } from '../util/errors.ts';

export interface FileStat {
  readonly sha256: string;
  readonly size: number;
  readonly mode: string;
  readonly folder?: boolean;
  /** Encrypted as a whole: hash and size are those of what stands on the disk. */
  readonly encrypted?: boolean;
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
    const hashed = hashFile(path).then((hash) => ({ ...hash, size: found.size, mode }));
    this.#known.set(path, { stamp, stat: hashed });
    return hashed;
  }
}

async function hashFile(path: string): Promise<{ readonly sha256: string; readonly encrypted?: true }> {
  const hash = createHash('sha256');
  let encrypted: boolean | undefined;
  for await (const chunk of createReadStream(path)) {
    encrypted ??= isVaultText((chunk as Buffer).subarray(0, 128).toString('latin1'));
    hash.update(chunk as Buffer);
  }
  return { sha256: hash.digest('hex'), ...(encrypted === true ? { encrypted } : {}) };
}

/** Undefined where there is none; then `looked` names the places. */
export type FindPartialFile = (
  name: string,
  includer: string,
) => Promise<{ readonly file: string; readonly text: string } | { readonly looked: readonly string[] }>;

interface Options {
  /** Folders to look in, nearest first: those of the role, then the playbook's. */
  readonly folders: readonly string[];
  readonly hashes: Pick<FileHashes, 'stat'>;
  /** @param find - the file of a partial, with its text: beside the template that takes it in, else where templates are */
  readonly render: (text: string, file: string, find: FindPartialFile) => Promise<string>;
  /** What is in a file that the vault has encrypted as a whole. */
  readonly open: (text: string, file: string) => Promise<Uint8Array>;
}

/** The controller's files as one task sees them. */
export function controllerFiles({ folders, hashes, render, open }: Options): ControllerFiles {
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
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await readFile(path);
    const sealed = isVaultText(bytes.subarray(0, 128).toString('latin1'));
    return sealed ? await open(bytes.toString('utf8'), path) : new Uint8Array(bytes);
  };
  const readText = async (file: string): Promise<string> => Buffer.from(await read(file)).toString('utf8');
  return {
    resolve: find,
    stat: async (path) => {
      const found = await hashes.stat(path);
      if (found.encrypted !== true) return found;
      const bytes = await read(path);
      return { ...found, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
    },
    read,
    list: async (path) => {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
      return files.map((file) => file.slice(path.length).replace(/^\/+/, '')).toSorted();
    },
    render: async (path) => {
      const file = find(path, 'templates');
      return render(await readText(file), file, async (name, includer) => {
        const names = extname(name) === '' ? [name, `${name}${extname(includer)}`, `${name}.hbs`] : [name];
        const below = [dirname(includer), ...folders.flatMap((folder) => [join(folder, 'templates'), folder])];
        const looked = [...new Set(below.flatMap((folder) => names.map((one) => resolve(folder, one))))];
        const found = looked.find(isFile);
        return found === undefined ? { looked } : { file: found, text: await readText(found) };
      });
    },
  };
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
