import { KvmnetError } from '../../util/errors.ts';
import type { Become } from '../../transport/types.ts';
import type { VarSource } from '../../lang/index.ts';
import { actionHost } from '../action/action-host.ts';
import { crossedPath } from '../guard/crossed-path.ts';
import { endWindow } from '../guard/guarded-change.ts';
import { TaskHost } from '../host/task-host.ts';
import { ChangeLog, hidden } from '../journal/change-log.ts';
import { neverChanges } from '../lock/may-change.ts';
import { runResource } from '../resource/run-resource.ts';
import {
  bindBecome,
  bindBoolean,
  bindEnvironment,
  bindNumber,
  bindTask,
  bindText,
  taskFiles,
  type LoopItem,
} from './bind-task.ts';
import { keyword } from './frames.ts';
import { attemptAsync, probesAhead } from './look-ahead.ts';
import { nextReading } from './next-turn.ts';
import type { PlayHost } from './play-host.ts';
import { report, taskName } from './report-turn.ts';
import { orAgain, waitingFor, warnOfStanding } from './reboot-reasons.ts';
import type { TaskRun } from './run-task.ts';
import { failed, ofAction, ofResource, type TurnResult } from './task-result.ts';

/**
 * Runs a task once on a host: no loop, no `until`.
 * @param begun - takes the numbers of the changes that it begins
 * @throws whatever went wrong on the way
 */
export async function runTurn(
  run: TaskRun,
  host: PlayHost,
  vars: VarSource,
  item: LoopItem | undefined,
  begun: number[],
): Promise<TurnResult> {
  const { context, task, frames } = run;
  const module = await context.input.registry.get(task.module);
  if (module === undefined) throw new Error(`module ${task.module} is gone`);
  const target = delegate(run, host, vars);
  const check = bindBoolean(keyword(frames, task, 'checkMode'), vars) ?? context.options.check;
  const become = bindBecome(context, target.host, task, frames, vars);
  const environment = bindEnvironment(task, frames, vars);
  const files = taskFiles(context, task, vars);
  const bound = await bindTask(module, task, vars, files, environment);
  const changing = !check && (bound.kind === 'resource' || (bound.effect === 'change' && !neverChanges(task)));
  const { session } = target;
  if (changing) session.willChange();
  const changes = changeLog(run, target, vars, item, become, begun);
  const taskHost = new TaskHost({
    session,
    become,
    environment,
    check,
    diff: bindBoolean(keyword(frames, task, 'diff'), vars) ?? context.options.diff,
    timeout: bindNumber(keyword(frames, task, 'timeout'), vars),
    signal: context.input.signal,
    // What comes next is the business of the play's host, not of the one it delegates to.
    ahead: () => (target === host ? probesAhead(context, host, run.upcoming(), become) : Promise.resolve([])),
    progress: (text, share) => context.emit({ type: 'progress', host: host.host.name, text, share }),
    guard: {
      enabled: context.options.confirm.enabled && run.confirming !== true,
      windowSeconds: context.options.confirm.windowSeconds,
      confirm: () => run.confirm(host),
      task: {
        name: `${taskName(run, vars)}${item === undefined ? '' : ` (item ${item.label(vars)})`}`,
        takenBack: (why) => takenBack(run, host, vars, item, why, begun),
      },
      next: async (taskHost) => {
        if (target !== host) return false;
        const reading = await nextReading(context, host, { task, frames }, run.upcoming(), become);
        return reading !== undefined && (await attemptAsync(() => crossedPath(reading, taskHost))) !== undefined;
      },
    },
    changes,
  });
  if (bound.kind === 'resource') {
    const { module: definition, resource } = bound;
    const turn = ofResource(
      await orAgain(session, async () => {
        await session.ensureSameBoot({ become, signal: context.input.signal });
        return runResource(definition, resource, taskHost);
      }),
    );
    const key = `${task.id} ${item?.label(vars) ?? ''}`;
    session.reasons.set(key, waitingFor(definition, resource, turn.pending, taskName(run, vars), become));
    if (turn.status === 'ok') session.cache(become).unchanged();
    await warnOfStanding(context, taskHost);
    return turn;
  }
  const invalidates = changing;
  if (run.confirming !== true) await endWindow(session);
  if (invalidates) target.session.path.clear();
  if (invalidates) changes?.act(`${task.module} is an action: what it does is not known`);
  const result = await orAgain(session, () =>
    bound.run(
      actionHost({
        host: taskHost,
        vars,
        files,
        rebootPolicy: context.options.rebootPolicy,
        ask: context.input.ask,
        invalidates,
        setVariables: (values) => context.setVariables(host.host, values),
        meta: (what) => run.meta(what, host),
      }),
    ),
  );
  // After a reboot the tasks to come must not look at what the host was before.
  if (result.failed !== true) await warnOfStanding(context, taskHost);
  if (session.lacksFacts) await taskHost.exchange({ probes: await taskHost.ahead() });
  // What did not run in check mode may have been what a later task needs to know.
  if (bound.effect === 'change' && check) host.unsettled = true;
  return ofAction(result, check);
}

/** A change that was there for a while is not there any more: what has been said of it does not hold. */
function takenBack(
  run: TaskRun,
  host: PlayHost,
  vars: VarSource,
  item: LoopItem | undefined,
  why: string,
  begun: readonly number[],
): void {
  run.context.recap.takenBack(host.host.name);
  const turn = failed(new KvmnetError('taken-back', why, { host: host.host.name }));
  report(run, host, vars, item, turn, performance.now(), begun);
}

function changeLog(
  run: TaskRun,
  target: PlayHost,
  vars: VarSource,
  item: LoopItem | undefined,
  become: Become | undefined,
  begun: number[],
): ChangeLog | undefined {
  const { context, task, frames } = run;
  const { journal } = context.input;
  if (journal === undefined) return undefined;
  const quiet = bindBoolean(keyword(frames, task, 'noLog'), vars) ?? false;
  return new ChangeLog({
    journal,
    next: () => context.nextChange(),
    begun,
    quiet,
    become,
    task: {
      play: run.play,
      host: target.host.name,
      task: taskName(run, vars),
      module: task.module,
      at: { file: task.at.file, line: task.at.line },
      ...(item === undefined ? {} : { item: quiet ? hidden : item.label(vars) }),
      ...(task.role === undefined ? {} : { role: task.role.name }),
      ...(run.handler ? { handler: true } : {}),
    },
  });
}

function delegate(run: TaskRun, host: PlayHost, vars: VarSource): PlayHost {
  const { context, task, frames } = run;
  const name = bindText(keyword(frames, task, 'delegateTo'), vars);
  if (name === undefined || name === host.host.name) return host;
  const known = run.hostNamed(name);
  if (known !== undefined) return known;
  const other = context.input.inventory.host(name);
  if (other === undefined) {
    throw new KvmnetError('playbook', `delegate_to: "${name}" is not in the inventory`, {
      at: keyword(frames, task, 'delegateTo')?.at,
    });
  }
  return { host: other, session: context.session(other), status: 'active', notified: new Set(), unsettled: false };
}
