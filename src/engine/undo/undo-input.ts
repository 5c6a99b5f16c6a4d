import type { RunInput } from '../run/options.ts';
import type { Intent } from '../journal/journal.ts';
import type { Host } from '../../inventory/model.ts';

/** A change of a run, as its journal tells of it. */
export interface JournalledChange extends Intent {
  /** The task came to its end and was content: what it has changed is known. Else the host may have stopped half way. */
  readonly settled: boolean;
}

/** How the undo of a run is called wherever plays have names. */
export const playOf = (run: string): string => `undo of run ${run}`;

export interface UndoInput extends Omit<RunInput, 'playbooks'> {
  /** The run that is taken back. */
  readonly run: string;
  /** Those of all hosts, in the order in which they were made. */
  readonly changes: readonly JournalledChange[];
  readonly hosts: readonly Host[];
  /** Hides what the run has hidden: it may show again in what is taken back. */
  readonly hide: (secrets: readonly string[]) => void;
  /** Also where hosts have moved on, and past what fails. */
  readonly force: boolean;
}
