import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { sha256Of } from '../files/status.ts';
import type { ControllerFiles } from '../module.ts';

/** Files of a controller, in a folder of their own. */
export interface FolderFiles extends ControllerFiles {
  readonly root: string;
  put(name: string, content: string | Uint8Array, mode?: number): void;
  close(): void;
}

/** @param render - stands in for the template language; default: the text as it is */
export function folderFiles(render: (text: string) => string = (text) => text): FolderFiles {
  const root = mkdtempSync(join(tmpdir(), 'kvmnet-files-'));
  const at = (path: string): string => resolve(root, path);
  return {
    root,
    put: (name, content, mode = 0o644) => {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), content, { mode });
    },
    close: () => rmSync(root, { recursive: true, force: true }),
    resolve: (path) => at(path),
    stat: async (path) => {
      const found = statSync(at(path));
      const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
      if (found.isDirectory()) return { sha256: '', size: 0, mode, folder: true };
      return { sha256: sha256Of(readFileSync(at(path))), size: found.size, mode };
    },
    read: async (path) => readFileSync(at(path)),
    list: async (path) =>
      readdirSync(at(path), { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(at(path).length + 1))
        .toSorted(),
    render: async (path) => render(readFileSync(at(path), 'utf8')),
  };
}
