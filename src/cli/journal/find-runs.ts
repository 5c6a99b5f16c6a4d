import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KvmnetError } from '../../util/errors.ts';
import type { Cli } from '../cli.ts';
import { readRun, type RecordedRun } from './read-run.ts';
import { foldersOfRuns, idsOfRuns } from './runs-folder.ts';

/** All runs that are known here, oldest first. */
export function allRuns(cli: Cli, runsDir: string | undefined): readonly RecordedRun[] {
  return folders(cli, runsDir)
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      idsOfRuns(folder)
        .map((id) => readRun(folder, id))
        .filter((run) => run !== undefined),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

const folders = (cli: Cli, runsDir: string | undefined): readonly string[] =>
  runsDir === undefined ? foldersOfRuns(cli.cwd) : [resolve(cli.cwd, runsDir)];

/**
 * The run that a word means: its id, the beginning of one, or `last`.
 * @throws KvmnetError code `usage` where it means none, or several
 */
export function findRun(runs: readonly RecordedRun[], word: string): RecordedRun {
  const last = runs.at(-1);
  if (last === undefined) {
    throw new KvmnetError('usage', 'no run is written down here', {
      hint: 'call it in the folder of the project or of the playbook, or name the folder with --runs-dir',
    });
  }
  const found = word === 'last' ? [last] : runs.filter(({ id }) => id.startsWith(word));
  const [only, second] = found;
  if (only === undefined) {
    throw new KvmnetError('usage', `there is no run "${word}"`, { hint: '"kvmnet history" lists the runs' });
  }
  if (second !== undefined) {
    const names = found.slice(0, 4).map(({ id }) => id);
    throw new KvmnetError('usage', `"${word}" means ${found.length} runs`, {
      hint: `say more of it: ${names.join(', ')}${found.length > 4 ? ', …' : ''}`,
    });
  }
  return only;
}
