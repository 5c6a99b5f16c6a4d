import { stat } from 'node:fs/promises';
import type { VarSource } from '../../lang/index.ts';
import type { Task } from '../../playbook/model.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { SourceLocation } from '../../util/source.ts';
import { didYouMean } from '../../util/suggest.ts';
import type { FileStat } from '../controller-files.ts';
import { bindBecome, bindEnvironment, bindTask, bindText, conditions, loopItems, taskFiles } from '../run/bind-task.ts';
import { keyword, type Frames } from '../run/frames.ts';
import type { Rehearsal } from './rehearse-nodes.ts';
import { isNotKnownYet } from './unknown.ts';

/**
 * Binds all that a task says on one host.
 * @param certain - the task will run; if that is not so, only what can be right on no host at all is reported
 */
export async function rehearseTask(
  rehearsal: Rehearsal,
  task: Task,
  frames: Frames,
  vars: VarSource,
  certain: boolean,
): Promise<void> {
  const { context, host, run } = rehearsal;
  const module = await context.input.registry.get(task.module);
  if (module === undefined) return;
  const attempt = async (work: () => unknown): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof KvmnetError)) throw error;
      if (counts(error)) rehearsal.report(error, placeOf(error, task));
      return false;
    }
  };
  const counts = (error: KvmnetError): boolean => {
    if (isNotKnownYet(error)) return false;
    if (error.code === 'undefined-variable') return !run.open && (certain || isNowhere(rehearsal, task, frames, error));
    if (error.code === 'missing') return !run.bringsFiles;
    return certain;
  };
  if (!(await attempt(() => loopItems(task.loop, vars)))) return;
  await attempt(() => {
    const target = bindText(keyword(frames, task, 'delegateTo'), vars);
    if (target !== undefined && context.input.inventory.host(target) === undefined) {
      throw new KvmnetError('playbook', `delegate_to: "${target}" is not in the inventory`, {
        at: keyword(frames, task, 'delegateTo')?.at,
        hint: didYouMean(target, context.input.inventory.hosts.keys()),
      });
    }
  });
  await attempt(() => bindBecome(context, host, task, frames, vars));
  await attempt(async () => {
    const environment = bindEnvironment(task, frames, vars);
    await bindTask(module, task, vars, taskFiles(context, task, vars, unhashed), environment);
  });
  await attempt(() => task.notify.map((bindable) => bindable.bind(vars)));
}

/** Nobody reads the hashes in a rehearsal, and making one of a large file takes its time. */
const unhashed = {
  async stat(path: string): Promise<FileStat> {
    const found = await stat(path);
    const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
    return { sha256: '0'.repeat(64), size: found.size, mode, ...(found.isDirectory() ? { folder: true } : {}) };
  },
};

/** Errors about files of the controller do not know where they were named. */
function placeOf(error: KvmnetError, task: Task): SourceLocation {
  const { entries } = task.paramsNode;
  const named = error.code === 'missing' ? (entries.get('src') ?? entries.get('cmd')) : undefined;
  return named?.value.at ?? task.at;
}

/**
 * No host of the inventory has the variable, and no condition around the task asks for it: a slip, even where it is not
 * known whether the task will run.
 */
function isNowhere({ context }: Rehearsal, task: Task, frames: Frames, error: KvmnetError): boolean {
  const name = /^"([A-Za-z_]\w*)" is undefined/.exec(error.message)?.[1];
  // Not by `roots`: what stands in defined(…) is no root, and that is just what is looked for.
  if (name === undefined || conditions(task, frames).some(({ source }) => words(source).includes(name))) return false;
  const { hosts } = context.input.inventory;
  return [...hosts.values()].every(({ layers }) => !layers.some(({ values }) => values.has(name)));
}

const words = (source: string): readonly string[] => source.split(/\W+/);
