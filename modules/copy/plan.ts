import {
  baseName,
  fileContent,
  plainPath,
  textContent,
  timestamp,
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
  const plan = { ...p, dest: plainPath(p.dest), stamp: timestamp(new Date()), name: undefined };
  if (p.content !== undefined) {
    const text = typeof p.content === 'object' ? `${JSON.stringify(p.content)}\n` : String(p.content);
    return { ...plan, source: { kind: 'content', ...textContent(text) } };
  }
  const { src = '' } = p;
  const name = baseName(src);
  if (p.remote_src) return inFolder(p, { ...plan, name, source: { kind: 'host', path: plainPath(src) } });
  const path = files.resolve(src, 'files');
  if ((await files.stat(path)).folder === true) {
    const dest = src.endsWith('/') ? plan.dest : `${plan.dest === '/' ? '' : plan.dest}/${baseName(path)}`;
    return { ...plan, dest, source: { kind: 'tree', ...(await readTree(path, files)) } };
  }
  const content = await fileContent(path, files);
  if (!p.dest.endsWith('/')) return { ...plan, name, source: { kind: 'content', ...content } };
  // The folder is part of what is wanted then: a tree of one file.
  return { ...plan, source: { kind: 'tree', folders: ['.'], files: { [name]: content } } };
}

/** A slash at the end of dest says that it is a folder, whatever stands there. */
const inFolder = (p: Copy, plan: Plan & { readonly name: string }): Plan =>
  p.dest.endsWith('/') ? { ...plan, dest: `${plan.dest}/${plan.name}`, name: undefined } : plan;
