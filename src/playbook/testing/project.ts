import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { DiagnosticsError, type KvmnetError } from '../../util/errors.ts';
import type { Playbook, TaskNode } from '../model.ts';
import { loadPlaybook } from '../load.ts';
import type { LoadOptions } from '../options.ts';
import { modules } from './modules.ts';

export type Files = Readonly<Record<string, string>>;

/** Writes the files into a new folder, runs, and removes them. A single text is `site.yml`. */
export async function inProject<T>(files: Files | string, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-playbook-'));
  try {
    for (const [name, text] of Object.entries(typeof files === 'string' ? { 'site.yml': files } : files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const load = (files: Files | string, options: Partial<LoadOptions> = {}): Promise<Playbook> =>
  inProject(files, (folder) => loadPlaybook(join(folder, 'site.yml'), { modules, ...options }));

/** Every mistake as `file:line:column message | hint`. */
export const mistakes = (files: Files | string, options: Partial<LoadOptions> = {}): Promise<readonly string[]> =>
  inProject(files, async (folder) => {
    try {
      await loadPlaybook(join(folder, 'site.yml'), { modules, ...options });
      return [];
    } catch (error) {
      if (!(error instanceof DiagnosticsError)) throw error;
      return error.diagnostics.map((each) => show(each, folder));
    }
  });

function show({ at, message, hint }: KvmnetError, folder: string): string {
  const place =
    at === undefined
      ? ''
      : `${at.file.slice(at.file.indexOf(folder) < 0 ? 0 : folder.length + 1)}:${at.line}:${at.column} `;
  // Paths are shown as they are shorter, and that depends on where the tests are run.
  return `${place}${message} | ${hint ?? ''}`
    .replaceAll(`${relative(process.cwd(), folder)}/`, '')
    .replaceAll(`${folder}/`, '');
}

/** The tasks below, in document order, as `name` or `module`. */
export const outline = (nodes: readonly TaskNode[]): readonly string[] =>
  nodes.flatMap((node) => {
    if (node.kind === 'task') return [node.name ?? node.module];
    if (node.kind === 'block') return outline([...node.tasks, ...node.rescue, ...node.always]);
    return [`include ${node.what}`, ...outline(node.known ?? [])];
  });
