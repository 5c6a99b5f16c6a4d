import type { Change } from '../../sdk/index.ts';
import type { RunEvent, TaskEvent } from '../events.ts';

/**
 * Where a run writes down what it does, as it does it. The engine says what happened; where and how that is kept is the
 * business of whoever opened the journal.
 */
export interface Journal {
  /** Id of the run. */
  readonly id: string;
  /** For how many runs, and for how many days, a host keeps what undos need; 0 runs: nothing is kept. */
  readonly keep: UndoKeep;
  /** The secrets that a text holds: an undo has to hide them again. */
  secretsIn(text: string): readonly string[];
  /**
   * Something is about to be changed: written down before it is done.
   * @throws KvmnetError code `io` where that cannot be written: then it must not be done
   */
  intent(intent: Intent): void;
  /** How a task has ended on a host. @param changes - the numbers of the changes that it has begun */
  result(event: TaskEvent, changes: readonly number[], undoes?: number): void;
  end(recap: Extract<RunEvent, { type: 'recap' }>): void;
}

export interface UndoKeep {
  readonly runs: number;
  readonly days: number;
}

/** A change that is about to be made. */
export interface Intent extends Pick<TaskEvent, 'play' | 'task' | 'module' | 'item' | 'role' | 'handler' | 'at'> {
  /** Number of the change in its run, from 1. */
  readonly change: number;
  /** The host that is changed; with `delegate_to` not the one of the result. */
  readonly host: string;
  /** Empty where they are not known before it is done: actions. */
  readonly changes: readonly Change[];
  readonly undo: UndoNote;
  /** Its values are not to be seen, neither when it is taken back. */
  readonly noLog?: true | undefined;
  /** Number of the change of another run that this one takes back. */
  readonly undoes?: number | undefined;
}

/** Where the undo of a change is, or why there is none. */
export type UndoNote =
  | { readonly cannot: string }
  | {
      /** Of the record that the host keeps. */
      readonly sha256: string;
      readonly bytes: number;
      /** As whom the change was made: who keeps the record. */
      readonly become?: { readonly user: string; readonly method: 'sudo' | 'su' | 'doas' } | undefined;
      /** What an undo will not bring back. */
      readonly but?: readonly string[] | undefined;
    };
