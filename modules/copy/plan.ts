import {
  baseName,
  fileContent,
  plainPath,
  textContent,
  type ControllerFiles,
  type SourceContent,
} from '../../src/sdk/index.ts';
import type { Copy } from './params.ts';
import { readTree, type Tree } from './tree.ts';

/** What is to be copied. */
export type Source =
  | ({ readonly kind: 'content' } & SourceContent)
  | { readonly kind: 'host'; readonly path: string }
  | ({ readonly kind: 'tree' } & Tree);

/** The parameters, with what the controller knows of the source. */
export interface Plan extends Copy {
  readonly source: Source;
  /** Name under which the file goes into a folder. */
  readonly name: string | undefined;
  /** End of the name of a backup. */
  readonly stamp: string;
}

export async function planCopy(p: Copy, files: ControllerFiles): Promise<Plan> {
  const stamp = timestamp(new Date());
  if (p.content !== undefined) {
    const text = typeof p.content === 'object' ? `${JSON.stringify(p.content)}\n` : String(p.content);
    return { ...p, stamp, name: undefined, source: { kind: 'content', ...textContent(text) } };
  }
  const src = p.src ?? '';
  const name = baseName(src);
  if (p.remote_src) return { ...p, stamp, name, source: { kind: 'host', path: plainPath(src) } };
  const path = files.resolve(src, 'files');
  if ((await files.stat(path)).folder === true) {
    const root = src.endsWith('/') ? plainPath(p.dest) : `${plainPath(p.dest)}/${baseName(path)}`.replace('//', '/');
    return { ...p, stamp, name: undefined, dest: root, source: { kind: 'tree', ...(await readTree(path, files)) } };
  }
  const source = { kind: 'content' as const, ...(await fileContent(path, files)) };
  if (!p.dest.endsWith('/')) return { ...p, stamp, name, source };
  // The folder is part of what is wanted then: a tree of one file.
  const tree = { folders: ['.'], files: { [name]: source } };
  return { ...p, stamp, name: undefined, dest: plainPath(p.dest), source: { kind: 'tree', ...tree } };
}

/** As Ansible writes it, less the process id: `2026-11-23@13:51:12~`, in UTC. */
export const timestamp = (now: Date): string => `${now.toISOString().slice(0, 19).replace('T', '@')}~`;
