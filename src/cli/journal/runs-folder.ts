import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findProjectFile } from '../settings/project-file.ts';

export const journalFile = 'journal.jsonl';

const ours = join('.kvmnet', 'runs');

/** Where the runs of a project are written down: beside its `kvmnet.yml`, else in the folder of the playbook. */
export function runsFolder(folder: string): string {
  const project = findProjectFile(folder);
  return join(project === undefined ? resolve(folder) : dirname(project), ours);
}

/**
 * Where to look for runs from a folder: that of its project; else what is here, or in the nearest folder above that has some,
 * and in the folders right below (of a project whose playbooks have a folder of their own).
 */
export function foldersOfRuns(folder: string): readonly string[] {
  if (findProjectFile(folder) !== undefined) return [runsFolder(folder)];
  const here = upwards(resolve(folder));
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => join(resolve(folder), name, ours))
    .filter((path) => existsSync(path));
  return [...(here === undefined ? [] : [here]), ...below];
}

function upwards(folder: string): string | undefined {
  const path = join(folder, ours);
  if (existsSync(path)) return path;
  const parent = dirname(folder);
  return parent === folder ? undefined : upwards(parent);
}

/** Ids of the runs in a folder, oldest first. */
export const idsOfRuns = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() && /^\d{8}-\d{6}-[0-9a-f]{4,6}$/.test(entry.name) ? [entry.name] : []))
    .toSorted();
