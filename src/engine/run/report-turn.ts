import type { VarSource } from '../../lang/index.ts';
import { hidden } from '../journal/change-log.ts';
import type { FailureReport, TaskEvent, TaskStatus } from '../events.ts';
import { bindBoolean, bindText, taskScope, type LoopItem } from './bind-task.ts';
import { failureReport, isUnreachable } from './failure.ts';
import { keyword } from './frames.ts';
import type { PlayHost } from './play-host.ts';
import type { TaskRun } from './run-task.ts';
import { registered, type TurnResult } from './task-result.ts';

export interface Reported {
  readonly status: TaskStatus;
  readonly registered: Readonly<Record<string, unknown>>;
}

/** Reports a turn, with its final status. */
export function report(
  run: TaskRun,
  host: PlayHost,
  vars: VarSource | undefined,
  item: LoopItem | undefined,
  turn: TurnResult,
  started: number,
  changes: readonly number[] = [],
): Reported {
  const { context, task, frames } = run;
  const scope = vars ?? taskScope(context, host.host, task, frames);
  const quiet = bindBoolean(keyword(frames, task, 'noLog'), scope) ?? false;
  const status = finalStatus(run, turn, scope);
  const problem =
    turn.status === 'failed' ? (turn.error === undefined ? reported(turn) : failureReport(turn.error)) : undefined;
  const delegated = bindText(keyword(frames, task, 'delegateTo'), scope);
  // A skip has no failure to show its reason in.
  const said = turn.text ?? (turn.status === 'skipped' ? turn.message : undefined);
  const event: TaskEvent = {
    type: 'task',
    play: run.play,
    host: host.host.name,
    task: taskName(run, scope),
    module: task.module,
    status,
    changes: quiet ? turn.changes.map(({ path }) => ({ path, from: hidden, to: hidden })) : turn.changes,
    ms: Math.round(performance.now() - started),
    at: { file: task.at.file, line: task.at.line },
    ...(item === undefined ? {} : { item: quiet ? hidden : item.label(scope) }),
    ...(run.handler ? { handler: true } : {}),
    ...(task.role === undefined ? {} : { role: task.role.name }),
    ...(said === undefined || quiet ? {} : { text: said }),
    ...(problem === undefined ? {} : { failure: quiet ? { code: problem.code, message: hidden } : problem }),
    ...(turn.warnings.length === 0 || quiet ? {} : { warnings: turn.warnings }),
    ...(turn.pending.length === 0 ? {} : { pending: turn.pending }),
    ...(turn.texts.length === 0 || quiet ? {} : { texts: turn.texts }),
    ...(delegated === undefined ? {} : { delegatedTo: delegated }),
    ...(quiet || Object.keys(turn.data).length === 0 ? {} : { result: turn.data }),
  };
  context.result(event, changes);
  if (status === 'would-change' || status === 'unknown') host.unsettled = true;
  return { status, registered: registered(turn) };
}

const reported = (turn: TurnResult): NonNullable<TaskEvent['failure']> => ({
  code: 'remote-command',
  message: turn.message ?? 'failed',
  hint: turn.hint,
  ...commandOf(turn.data),
});

/** What command, shell and script say of the program that they ran. */
function commandOf({ cmd, rc, stdout, stderr }: TurnResult['data']): Pick<FailureReport, 'command'> {
  const argv = Array.isArray(cmd) ? cmd.map(String) : [cmd];
  if (typeof rc !== 'number' || typeof stdout !== 'string' || typeof stderr !== 'string') return {};
  return { command: { argv: argv.filter((word) => typeof word === 'string'), code: rc, stdout, stderr } };
}

function finalStatus(run: TaskRun, turn: TurnResult, vars: VarSource): TaskStatus {
  const { task, frames } = run;
  if (turn.status !== 'failed') return turn.status;
  if (isUnreachable(turn.error)) {
    return (bindBoolean(keyword(frames, task, 'ignoreUnreachable'), vars) ?? false) ? 'ignored' : 'unreachable';
  }
  return (bindBoolean(keyword(frames, task, 'ignoreErrors'), vars) ?? false) ? 'ignored' : 'failed';
}

/** The task's name as it is reported on one host. */
export function taskName({ task }: TaskRun, vars: VarSource): string {
  if (task.nameTemplate === undefined) return task.name ?? task.module;
  try {
    return task.nameTemplate.render(vars);
  } catch {
    // A name that cannot be rendered is no reason to fail: shown as written.
    return task.name ?? task.module;
  }
}
