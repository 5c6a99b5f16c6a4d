import { setTimeout as sleep } from 'node:timers/promises';
import type { Expr, VarSource } from '../../lang/index.ts';
import type { Task } from '../../playbook/model.ts';
import type { MetaCommand } from '../../sdk/action.ts';
import type { TaskStatus } from '../events.ts';
import { RebootedError } from '../host/rebooted-error.ts';
import { bindNumber, conditions, loopItems, taskScope, unmet, type LoopItem } from './bind-task.ts';
import { isInterrupt, needsSomethingElse } from './failure.ts';
import type { Frames } from './frames.ts';
import type { Upcoming } from './look-ahead.ts';
import type { PlayHost } from './play-host.ts';
import { judge } from './judge.ts';
import { report, taskName, type Reported } from './report-turn.ts';
import type { RunContext } from './run-context.ts';
import { runTurn } from './run-turn.ts';
import { failed, skipped, unknown, type TurnResult } from './task-result.ts';

export interface TaskRun {
  readonly context: RunContext;
  readonly play: string;
  readonly task: Task;
  readonly frames: Frames;
  readonly handler: boolean;
  /** What comes after this task, for looking ahead. */
  readonly upcoming: () => Iterable<Upcoming>;
  readonly hostNamed: (name: string) => PlayHost | undefined;
  readonly meta: (what: MetaCommand, host: PlayHost) => void;
  /** Runs the play's `confirm` checks. @returns why a change cannot stay, or undefined */
  readonly confirm: (host: PlayHost) => Promise<string | undefined>;
  /** It is one of these checks itself. */
  readonly confirming?: boolean;
}

export interface TaskOutcome {
  readonly status: TaskStatus;
  /** What `register` keeps; undefined where the task was never decided. */
  readonly registered: Readonly<Record<string, unknown>>;
}

/** Runs one task on one host, all turns of its loop, and reports each. */
export async function runTask(run: TaskRun, host: PlayHost): Promise<TaskOutcome> {
  const { context, task, frames } = run;
  let items: readonly LoopItem[] | undefined;
  try {
    const vars = taskScope(context, host.host, task, frames);
    const reason = dependsOnItem(task, frames) ? undefined : unmet(conditions(task, frames), vars);
    if (reason !== undefined) {
      return finish(run, host, [report(run, host, vars, undefined, notWanted(reason), performance.now())]);
    }
    items = loopItems(task.loop, vars);
  } catch (error) {
    if (isInterrupt(error)) throw error;
    const turn = inCheck(run, host, error) ? unknown(messageOf(error)) : failed(error);
    return finish(run, host, [report(run, host, undefined, undefined, turn, performance.now())]);
  }
  const done: Reported[] = [];
  for (const [index, item] of (items ?? [undefined]).entries()) {
    context.checkInterrupted();
    const left = items?.slice(index + 1) ?? [];
    const upcoming = function* (): Generator<Upcoming> {
      if (left.length > 0) yield { task, frames, items: left };
      yield* run.upcoming();
    };
    done.push(await runItem({ ...run, upcoming }, host, item));
    if (done.at(-1)?.status === 'unreachable') break;
    if (item !== undefined && task.loop?.pause !== undefined && done.length < (items?.length ?? 0)) {
      const seconds = bindNumber(task.loop.pause, taskScope(context, host.host, task, frames, [item.layer])) ?? 0;
      await sleep(seconds * 1000, undefined, { signal: context.input.signal });
    }
  }
  if (items?.length === 0) {
    return finish(run, host, [
      report(run, host, undefined, undefined, skipped('the list of the loop is empty'), performance.now()),
    ]);
  }
  return finish(run, host, done, items !== undefined);
}

const dependsOnItem = (task: Task, frames: Frames): boolean =>
  task.loop !== undefined &&
  conditions(task, frames).some(
    ({ roots }) => roots.has(task.loop?.loopVar ?? '') || roots.has(task.loop?.indexVar ?? ''),
  );

const notWanted = ({ source }: Expr): TurnResult => skipped(`when is false: ${source.trim()}`);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const inCheck = (run: TaskRun, host: PlayHost, error: unknown): boolean =>
  run.context.options.check && host.unsettled && needsSomethingElse(error);

async function runItem(run: TaskRun, host: PlayHost, item: LoopItem | undefined, again = false): Promise<Reported> {
  const { context, task, frames } = run;
  const started = performance.now();
  const vars = taskScope(context, host.host, task, frames, item === undefined ? [] : [item.layer]);
  const changes: number[] = [];
  try {
    const reason = unmet(conditions(task, frames), vars);
    if (reason !== undefined) return report(run, host, vars, item, notWanted(reason), started);
    const turn = await runUntil(run, host, vars, item, changes);
    return report(run, host, vars, item, turn, started, changes);
  } catch (error) {
    if (isInterrupt(error)) throw error;
    // The host has come up anew and nothing was sent yet: variables, conditions and state are looked at afresh, once.
    if (error instanceof RebootedError && error.again && !again) return runItem(run, host, item, true);
    const turn = inCheck(run, host, error) ? unknown(messageOf(error)) : failed(error);
    return report(run, host, vars, item, turn, started, changes);
  }
}

/** Runs a turn, again while `until` does not hold. */
async function runUntil(
  run: TaskRun,
  host: PlayHost,
  vars: VarSource,
  item: LoopItem | undefined,
  changes: number[],
): Promise<TurnResult> {
  const { context, task } = run;
  const attempts =
    1 + (task.until === undefined && task.retries === undefined ? 0 : (bindNumber(task.retries, vars) ?? 3));
  const delay = bindNumber(task.delay, vars) ?? 5;
  for (let attempt = 1; ; attempt++) {
    const { turn, done } = judge(run, host, item, await runTurn(run, host, vars, item, changes), attempt);
    if (done || context.options.check) return turn;
    if (attempt >= attempts) {
      return task.until === undefined
        ? turn
        : { ...turn, status: 'failed', message: turn.message ?? `until did not hold in ${attempts} attempts` };
    }
    context.emit({
      type: 'progress',
      host: host.host.name,
      text: `${taskName(run, vars)}: attempt ${attempt} of ${attempts}`,
    });
    await sleep(delay * 1000, undefined, { signal: context.input.signal });
    // What is waited for happens on the host behind our back.
    host.session.changed();
  }
}

function finish(run: TaskRun, host: PlayHost, turns: readonly Reported[], looped = false): TaskOutcome {
  const { context, task, frames } = run;
  const statuses = new Set(turns.map(({ status }) => status));
  const worst = (['unreachable', 'failed', 'ignored', 'changed', 'would-change', 'unknown', 'ok'] as const).find((s) =>
    statuses.has(s),
  );
  const status: TaskStatus = worst ?? 'skipped';
  const result = looped ? loopResult(turns) : (turns[0]?.registered ?? {});
  if (task.register !== undefined) context.setVariables(host.host, { [task.register]: result });
  if (statuses.has('changed')) {
    const vars = taskScope(context, host.host, task, frames);
    for (const name of task.notify.flatMap((bindable) => bindable.bind(vars))) host.notified.add(String(name));
  }
  return { status, registered: result };
}

const loopResult = (turns: readonly Reported[]): Readonly<Record<string, unknown>> => ({
  results: turns.map(({ registered: result }) => result),
  changed: turns.some(({ registered: result }) => result['changed'] === true),
  failed: turns.some(({ registered: result }) => result['failed'] === true),
  skipped: turns.every(({ registered: result }) => result['skipped'] === true),
});
