import type { Task } from '../../playbook/model.ts';
import type { Become } from '../../transport/types.ts';
import type { Reading } from '../resource/reading.ts';
import {
  bindBecome,
  bindEnvironment,
  bindTask,
  conditions,
  holds,
  loopItems,
  taskFiles,
  taskScope,
} from './bind-task.ts';
import { keyword, type Frames } from './frames.ts';
import { attempt, attemptAsync, sameUser, type Upcoming } from './look-ahead.ts';
import type { PlayHost } from './play-host.ts';
import type { RunContext } from './run-context.ts';
import { tagsAllow } from './tags.ts';

/**
 * What has been read for the turn that comes next on a host, where that turn is as plain a change as this one and fails
 * together with it; undefined where it is not, or where it is not known. Nothing is asked of the host.
 */
export async function nextReading(
  context: RunContext,
  host: PlayHost,
  current: Upcoming,
  upcoming: Iterable<Upcoming>,
  become: Become | undefined,
): Promise<Reading | undefined> {
  if (context.stepping || !isPlain(current)) return undefined;
  for (const next of upcoming) {
    if (!tagsAllow(next.task.tags, context.options.tags, context.options.skipTags)) continue;
    const turn = await turnOf(context, host, next, become);
    if (turn === 'skipped') continue;
    const together = isPlain(next) && sameFate(current.frames, next.frames);
    return turn === 'unknown' || !together ? undefined : turn;
  }
  return undefined;
}

async function turnOf(
  context: RunContext,
  host: PlayHost,
  { task, frames, items }: Upcoming,
  become: Become | undefined,
): Promise<Reading | 'skipped' | 'unknown'> {
  const module = await context.input.registry.get(task.module);
  const scope = taskScope(context, host.host, task, frames);
  const exprs = conditions(task, frames);
  if (attempt(() => holds(exprs, scope)) === false) return 'skipped';
  if (module?.kind !== 'module') return 'unknown';
  const turns = attempt(() => items ?? loopItems(task.loop, scope) ?? [undefined]);
  if (turns === undefined) return 'unknown';
  for (const item of turns) {
    const vars = item === undefined ? scope : taskScope(context, host.host, task, frames, [item.layer]);
    const wanted = attempt(() => holds(exprs, vars));
    if (wanted === false) continue;
    const reading = await attemptAsync(async () => {
      if (wanted === undefined || !sameUser(bindBecome(context, host.host, task, frames, vars), become))
        return undefined;
      const environment = bindEnvironment(task, frames, vars);
      const bound = await bindTask(module, task, vars, taskFiles(context, task, vars), environment);
      const cache = host.session.cache(become);
      if (bound.kind !== 'resource' || !bound.resource.requests.every(({ key }) => cache.has(key))) return undefined;
      return bound.resource.read((key) => cache.get(key));
    });
    return reading ?? 'unknown';
  }
  return 'skipped';
}

/** A task whose result nobody judges otherwise, and that runs on its host itself, as itself. */
const isPlain = ({ task, frames }: Upcoming): boolean =>
  task.until === undefined &&
  task.retries === undefined &&
  task.changedWhen === undefined &&
  task.failedWhen === undefined &&
  (['ignoreErrors', 'ignoreUnreachable', 'delegateTo', 'runOnce', 'checkMode', 'throttle'] as const).every(
    (name) => keyword(frames, task, name) === undefined,
  );

/** What is done about a failure of the one is done about a failure of the other. */
const sameFate = (a: Frames, b: Frames): boolean => {
  const [own, others] = [blocksOf(a), blocksOf(b)];
  return own.length === others.length && own.every((block, i) => block === others[i]);
};

const blocksOf = ({ around }: Frames): readonly unknown[] =>
  around.filter((outer) => {
    const { rescue = [], always = [] } = outer as { rescue?: readonly Task[]; always?: readonly Task[] };
    return rescue.length + always.length > 0;
  });
