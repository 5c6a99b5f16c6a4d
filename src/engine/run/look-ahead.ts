import type { Task, TaskNode } from '../../playbook/model.ts';
import type { Become } from '../../transport/types.ts';
import {
  bindBecome,
  bindEnvironment,
  bindTask,
  bindText,
  conditions,
  holds,
  loopItems,
  taskFiles,
  taskScope,
  type LoopItem,
} from './bind-task.ts';
import { inside, keyword, type Frames } from './frames.ts';
import type { PlayHost } from './play-host.ts';
import type { RunContext } from './run-context.ts';
import { tagsAllow } from './tags.ts';

/** A task that may come, with what it will inherit. */
export interface Upcoming {
  readonly task: Task;
  readonly frames: Frames;
  /** What is left of its loop, where some turns of it are done. */
  readonly items?: readonly LoopItem[];
}

/** The tasks below some nodes in the order in which they run while nothing fails. */
export function* flatten(nodes: readonly TaskNode[], frames: Frames): Generator<Upcoming> {
  for (const node of nodes) {
    if (node.kind === 'task') yield { task: node, frames };
    else if (node.kind === 'block') yield* flatten([...node.tasks, ...node.always], inside(frames, node));
    else if (node.known !== undefined && node.loop === undefined) {
      const below = inside(frames, node);
      yield* flatten(node.known, { ...below, when: [...below.when, ...node.when] });
    }
  }
}

/**
 * The probes of the tasks to come, as far ahead as the host's window allows, as the same user. What cannot be bound yet
 * (a variable that an earlier task will register) is passed over; a task whose `when` cannot be decided is probed all the
 * same. What is read in vain costs a little of the host's time and no round trip.
 */
export async function probesAhead(
  context: RunContext,
  host: PlayHost,
  upcoming: Iterable<Upcoming>,
  become: Become | undefined,
): Promise<readonly string[]> {
  const cache = host.session.cache(become);
  const scripts = new Set<string>();
  let room = cache.window;
  for (const next of upcoming) {
    if (room <= 0) break;
    if (!tagsAllow(next.task.tags, context.options.tags, context.options.skipTags)) continue;
    const found = await probesOf(context, host, next, become, room);
    if (found === 'stop') break;
    for (const group of found) for (const script of group) if (!cache.has(script)) scripts.add(script);
    room -= found.length;
  }
  return [...scripts];
}

/** The probes of one task, a group for each item of its loop; `stop` where what comes after it cannot be known. */
async function probesOf(
  context: RunContext,
  host: PlayHost,
  { task, frames, items: left }: Upcoming,
  become: Become | undefined,
  room: number,
): Promise<readonly (readonly string[])[] | 'stop'> {
  const module = await context.input.registry.get(task.module);
  if (module === undefined) return [];
  const vars = taskScope(context, host.host, task, frames);
  const exprs = conditions(task, frames);
  const decided = attempt(() => holds(exprs, vars));
  if (decided === false) return [];
  const harmless =
    module.kind === 'module' ||
    module.effect === 'none' ||
    context.options.check ||
    task.changedWhen?.every(({ source }) => source === 'false') === true;
  if (module.kind === 'action' && module.looks === undefined && module.idle === undefined) {
    return harmless ? [] : 'stop';
  }
  const groups: (readonly string[])[] = [];
  const items = attempt(() => left ?? loopItems(task.loop, vars) ?? [undefined]) ?? [];
  for (const item of items) {
    if (groups.length >= room) break;
    const itemVars = item === undefined ? vars : taskScope(context, host.host, task, frames, [item.layer]);
    if (attempt(() => holds(exprs, itemVars)) === false) continue;
    const group = await attemptAsync(async () => {
      if (bindText(keyword(frames, task, 'delegateTo'), itemVars) !== undefined) return [];
      if (!sameUser(bindBecome(context, host.host, task, frames, itemVars), become)) return [];
      const environment = bindEnvironment(task, frames, itemVars);
      const bound = await bindTask(module, task, itemVars, taskFiles(context, task, itemVars), environment);
      if (bound.kind === 'resource') return bound.resource.requests.map(({ key }) => key);
      const rests = harmless || (bound.idle && host.session.pending.length === 0);
      return rests ? bound.looks : 'stop';
    });
    if (group === 'stop') return groups.length === 0 ? 'stop' : groups;
    if (group !== undefined) groups.push(group);
  }
  return groups;
}

export const sameUser = (a: Become | undefined, b: Become | undefined): boolean =>
  a?.user === b?.user && a?.method === b?.method;

// Looking ahead must never fail: whatever is wrong is said when the task's turn comes, if it comes.
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

export async function attemptAsync<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
