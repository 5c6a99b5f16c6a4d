import { resolve } from 'node:path';
import type { Journal } from '../../engine/journal/journal.ts';
import type { Cli } from '../cli.ts';
import type { Settings } from '../settings/definitions.ts';
import { openJournal } from './open-journal.ts';
import { runsFolder } from './runs-folder.ts';

/** What a command says of the run that it begins. */
export interface Journalled {
  /** Words of the command line. */
  readonly command: readonly string[];
  /** Where the project is looked for. */
  readonly folder: string;
  readonly playbooks: readonly string[];
  readonly undoes?: string | undefined;
  /** The folder of all runs, where it is known. */
  readonly runs?: string | undefined;
}

/** Begins the journal of a run, as the settings say. @throws KvmnetError where it cannot be written */
export function journalOf(
  cli: Cli,
  settings: Settings,
  { command, folder, playbooks, undoes, runs }: Journalled,
  onProblem: (message: string) => void,
): Journal {
  const { runs_dir: runsDir, runs_keep: keepRuns = 200, runs_days: keepDays = 90, undo_keep: keepUndo = 20 } = settings;
  return openJournal(cli, {
    folder: runs ?? (runsDir === undefined ? runsFolder(folder) : resolve(cli.cwd, runsDir)),
    command,
    inventory: settings.inventory ?? [],
    playbooks,
    keepRuns,
    keepDays,
    keep: { runs: keepUndo, days: keepDays },
    undoes,
    onProblem,
  });
}
