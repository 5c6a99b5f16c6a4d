import { valueLayer, type VarSource } from '../../lang/index.ts';
import { holds, taskScope, type LoopItem } from './bind-task.ts';
import type { PlayHost } from './play-host.ts';
import type { TaskRun } from './run-task.ts';
import { registered, type TurnResult } from './task-result.ts';

/** Lets `changed_when`, `failed_when` and `until` look at a result. */
export function judge(
  run: TaskRun,
  host: PlayHost,
  item: LoopItem | undefined,
  turn: TurnResult,
  attempt: number,
): { readonly turn: TurnResult; readonly done: boolean } {
  const { context, task, frames } = run;
  const { changedWhen, failedWhen, until } = task;
  if (turn.status === 'skipped' || turn.status === 'unknown') return { turn, done: true };
  const vars = (): VarSource => {
    const result = { ...registered(turn), attempts: attempt };
    const names = task.register === undefined ? {} : { [task.register]: result };
    const layers = [valueLayer('loop', { result, ...names }), ...(item === undefined ? [] : [item.layer])];
    return taskScope(context, host.host, task, frames, layers);
  };
  let judged = turn;
  // In check mode nothing ran whose result could be judged.
  const ran = judged.status !== 'would-change' || !context.options.check;
  if (failedWhen !== undefined && ran && isExitFailure(judged)) {
    const bad = failedWhen.length > 0 && holds(failedWhen, vars());
    if (bad) judged = { ...judged, status: 'failed', message: judged.message ?? 'failed_when holds' };
    else if (judged.status === 'failed') judged = { ...judged, status: judged.unfailed ?? 'ok' };
  }
  if (changedWhen !== undefined && judged.status !== 'failed') {
    const changed = ran ? holds(changedWhen, vars()) : changedWhen.every(({ source }) => source.trim() !== 'false');
    judged = { ...judged, status: changed ? (context.options.check ? 'would-change' : 'changed') : 'ok' };
  }
  const done =
    until === undefined ? judged.status !== 'failed' || task.retries === undefined : ran ? holds(until, vars()) : true;
  return { turn: judged, done };
}

/** A failure that the play may call none: the module has said so itself, nothing broke on the way. */
const isExitFailure = (turn: TurnResult): boolean => turn.status !== 'failed' || turn.error === undefined;
