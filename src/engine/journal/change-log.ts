import type { UndoRun } from '../../sdk/compile.ts';
import type { Change } from '../../sdk/index.ts';
import type { Become } from '../../transport/types.ts';
import type { Intent, Journal, UndoNote } from './journal.ts';
import { keepScript } from './keep-record.ts';
import { sealRecord, type ChangeRecord } from './undo-record.ts';

/** What goes to the host ahead of the steps of a change, in the same request. */
export interface Kept {
  /** Keeps the record of the change; where it fails, the change must not be made. */
  readonly script?: string | undefined;
  /** Where the steps keep what they overwrite. */
  readonly store?: UndoRun | undefined;
}

interface ChangeLogOptions {
  readonly journal: Journal;
  /** The number of the next change of the run. */
  readonly next: () => number;
  readonly task: Omit<Intent, 'change' | 'changes' | 'undo'>;
  /** Takes the numbers of the changes that are begun. */
  readonly begun: number[];
  /** Values are not to be seen: no_log. */
  readonly quiet: boolean;
  readonly become: Become | undefined;
}

interface Beginning {
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
  record(): ChangeRecord;
}

/** Instead of a value that no_log hides. */
export const hidden = 'not shown because of no_log';

/** Changes without the values that no_log hides. */
export const hideValues = (changes: readonly Change[]): readonly Change[] =>
  changes.map(({ path }) => ({ path, from: hidden, to: hidden }));

/** Writes down what one turn of a task is about to change, and what an undo of it needs. */
export class ChangeLog {
  readonly #options: ChangeLogOptions;

  constructor(options: ChangeLogOptions) {
    this.#options = options;
  }

  /** A change of a resource is about to be made. @throws KvmnetError where it cannot be written down */
  begin({ changes, warnings, record }: Beginning): Kept {
    const { journal, become } = this.#options;
    const change = this.#next();
    const store = { run: journal.id };
    const noUndo = (cannot: string): Kept => {
      this.#write(change, changes, { cannot });
      return {};
    };
    if (journal.keep.runs === 0) return noUndo('hosts were told to keep nothing for it (undo_keep: 0)');
    const sealed = sealRecord(record(), (text) => journal.secretsIn(text));
    if (sealed === undefined) return noUndo('what it needs is too much to be kept');
    // What a module says of undo beforehand holds afterwards.
    const but = warnings.filter((warning) => /\bundo\b/.test(warning));
    this.#write(change, changes, {
      sha256: sealed.sha256,
      bytes: sealed.bytes,
      ...(become === undefined ? {} : { become: { user: become.user, method: become.method } }),
      ...(but.length === 0 ? {} : { but }),
    });
    return { script: keepScript(store, change, sealed, journal.keep), store };
  }

  /** An action is about to be carried out. @throws KvmnetError where it cannot be written down */
  act(cannot: string): void {
    this.#write(this.#next(), [], { cannot });
  }

  #next(): number {
    const change = this.#options.next();
    this.#options.begun.push(change);
    return change;
  }

  #write(change: number, changes: readonly Change[], undo: UndoNote): void {
    const { journal, task, quiet } = this.#options;
    const shown = quiet ? hideValues(changes) : changes;
    journal.intent({ ...task, change, changes: shown, undo, ...(quiet ? { noLog: true } : {}) });
  }
}
