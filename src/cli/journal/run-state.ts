import { hostname } from 'node:os';
import type { TaskLine } from './lines.ts';
import type { RecordedRun } from './read-run.ts';

export type RunState = 'running' | 'finished' | 'interrupted' | 'undone' | 'partly undone';

/** What has become of the changes of runs, as far as the runs after them tell. */
export interface Fates {
  stateOf(run: RecordedRun): RunState;
  /** Whether a change has been taken back by a later run, and not brought back since. */
  isUndone(run: string, change: number): boolean;
}

export function fatesOf(runs: readonly RecordedRun[]): Fates {
  // By change: the results of later runs that took it back, each with the change that did so.
  const taken = new Map<string, { readonly run: string; readonly begun: readonly number[] }[]>();
  for (const run of runs) {
    const of = run.begun?.undoes;
    if (of === undefined) continue;
    for (const { status, undoes, begun } of run.results) {
      if (undoes === undefined || (status !== 'changed' && status !== 'ok')) continue;
      const key = keyOf(of, undoes);
      taken.set(key, [...(taken.get(key) ?? []), { run: run.id, begun }]);
    }
  }
  const named = new Set(runs.flatMap(({ begun }) => begun?.undoes ?? []));
  const isUndone = (run: string, change: number): boolean =>
    // An undo that has been undone itself does not count. A later run is never undone by an earlier one: this ends.
    (taken.get(keyOf(run, change)) ?? []).some((by) => !by.begun.some((number) => isUndone(by.run, number)));
  return {
    isUndone,
    stateOf(run) {
      // Only of runs that another one names the whole journal has to be read.
      const intents = named.has(run.id) ? run.intents : [];
      const undoable = intents.filter(({ undo }) => !('cannot' in undo));
      const undone = undoable.filter(({ change }) => isUndone(run.id, change)).length;
      if (undone > 0) return undone === undoable.length ? 'undone' : 'partly undone';
      if (run.recap !== undefined) return run.recap.interrupted === true ? 'interrupted' : 'finished';
      return isRunning(run) ? 'running' : 'interrupted';
    },
  };
}

const keyOf = (run: string, change: number): string => `${run} ${change}`;

/** Only of runs of this machine it can be said. */
function isRunning({ begun }: RecordedRun): boolean {
  if (begun === undefined || begun.controller !== hostname()) return false;
  try {
    process.kill(begun.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** How the tasks ended that have begun changes, by change, as it was told last; nothing where nobody was left to see it. */
export const resultsOf = ({ results }: RecordedRun): ReadonlyMap<number, TaskLine> =>
  new Map(results.flatMap((line) => line.begun.map((change) => [change, line])));
