import pLimit from 'p-limit';
import { KvmnetError } from '../../util/errors.ts';
import type { Layer } from '../../lang/index.ts';
import type { Block, Include, Task, TaskNode } from '../../playbook/model.ts';
import { bindBoolean, bindNumber, bindText, holds, loopItems } from './bind-task.ts';
import { allLayers, inside, keyword, type Frames } from './frames.ts';
import { flatten, type Upcoming } from './look-ahead.ts';
import { isActive, type PlayHost } from './play-host.ts';
import type { PlayRun } from './play-run.ts';
import { runTask, type TaskOutcome, type TaskRun } from './run-task.ts';
import { tagsAllow } from './tags.ts';

/** Where a list of nodes stands: what it inherits, and what comes after it. */
export interface Place {
  readonly frames: Frames;
  readonly after: () => Iterable<Upcoming>;
  readonly handler?: boolean;
  /** Runs the handlers of these hosts now (`meta: flush_handlers`). */
  readonly flush?: (hosts: readonly PlayHost[]) => Promise<void>;
}

/** Runs nodes in order on the hosts that are still active, all hosts in step. */
export async function runNodes(
  play: PlayRun,
  nodes: readonly TaskNode[],
  hosts: readonly PlayHost[],
  place: Place,
): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    const active = hosts.filter(isActive);
    if (active.length === 0 || play.ended !== undefined) return;
    play.context.checkInterrupted();
    const after = function* (): Generator<Upcoming> {
      yield* flatten(nodes.slice(index + 1), place.frames);
      yield* place.after();
    };
    const here = { ...place, after };
    if (node.kind === 'task') await runOnHosts(play, node, active, here);
    else if (node.kind === 'block') await runBlock(play, node, active, here);
    else await runInclude(play, node, active, here);
    if (play.flush.size > 0 && place.flush !== undefined) {
      const asked = [...play.flush];
      play.flush.clear();
      await place.flush(asked);
    }
  }
}

/**
 * A block: hosts on which a task of it fails go on with `rescue`, all of them end with `always`. A host that `rescue` has
 * brought through is as good as the others.
 */
async function runBlock(play: PlayRun, block: Block, hosts: readonly PlayHost[], place: Place): Promise<void> {
  const frames = inside(place.frames, block);
  const alwaysNext = (): Iterable<Upcoming> => flatten(block.always, frames);
  const next = function* (): Generator<Upcoming> {
    yield* alwaysNext();
    yield* place.after();
  };
  const rescuable = block.rescue.length > 0;
  if (rescuable) play.rescueDepth += 1;
  await runNodes(play, block.tasks, hosts, { ...place, frames, after: next });
  if (rescuable) play.rescueDepth -= 1;
  const broken = hosts.filter(({ status }) => status === 'failed');
  if (rescuable && broken.length > 0) {
    for (const host of broken) {
      host.status = 'active';
      play.context.recap.rescued(host.host.name);
    }
    await runNodes(play, block.rescue, broken, { ...place, frames, after: next });
  }
  if (block.always.length > 0) await runAlways(play, block, hosts, { ...place, frames });
}

/** `always` runs on hosts that have failed as well, and does not make them whole again. */
async function runAlways(play: PlayRun, block: Block, hosts: readonly PlayHost[], place: Place): Promise<void> {
  const lost = hosts.filter(({ status }) => status === 'failed');
  for (const host of lost) host.status = 'active';
  await runNodes(play, block.always, hosts, place);
  for (const host of lost) if (host.status === 'active') host.status = 'failed';
}

async function runInclude(play: PlayRun, include: Include, hosts: readonly PlayHost[], place: Place): Promise<void> {
  if (!wantsNode(play, include.tags)) return;
  // Hosts that include the same thing with the same variables stay in step.
  const groups = new Map<
    string,
    { readonly nodes: readonly TaskNode[]; readonly layers: readonly Layer[]; readonly hosts: PlayHost[] }[]
  >();
  for (const host of hosts) {
    try {
      for (const { target, layers, key } of includeTurns(play, include, host, place.frames)) {
        const same = groups.get(key);
        if (same !== undefined) same.forEach((group) => group.hosts.push(host));
        else groups.set(key, [{ nodes: include.known ?? (await include.load(target)), layers, hosts: [host] }]);
      }
    } catch (error) {
      play.failed(host, include, error);
    }
  }
  for (const { nodes, layers, hosts: members } of [...groups.values()].flat()) {
    await runNodes(play, nodes, members, { ...place, frames: inside(place.frames, include, layers) });
  }
}

function includeTurns(
  play: PlayRun,
  include: Include,
  host: PlayHost,
  frames: Frames,
): readonly { readonly target: string; readonly layers: readonly Layer[]; readonly key: string }[] {
  const scope = (more: readonly Layer[] = []) =>
    play.context.variables.scope(host.host, [...allLayers(frames, include), ...more]);
  const vars = scope();
  const items = loopItems(include.loop, vars);
  return (items ?? [undefined]).flatMap((item, index) => {
    const itemVars = item === undefined ? vars : scope([item.layer]);
    if (!holds([...frames.when, ...include.when], itemVars)) return [];
    const target = bindText(include.target, itemVars);
    if (target === undefined) throw new KvmnetError('playbook', 'what is to be included is null', { at: include.at });
    const key = JSON.stringify([target, index, item?.value ?? null]);
    return [{ target, layers: item === undefined ? [] : [item.layer], key }];
  });
}

const wantsNode = (play: PlayRun, tags: readonly string[]): boolean =>
  tagsAllow(tags, play.context.options.tags, play.context.options.skipTags);

async function runOnHosts(play: PlayRun, task: Task, hosts: readonly PlayHost[], place: Place): Promise<void> {
  const { context } = play;
  if (!wantsNode(play, task.tags) || !play.reachedStart(task) || !(await play.confirmStep(task, hosts))) return;
  context.emit({
    type: 'task-start',
    play: play.play.name,
    task: task.name ?? task.module,
    module: task.module,
    ...(place.handler === true ? { handler: true } : {}),
  });
  const run: TaskRun = {
    context,
    play: play.play.name,
    task,
    frames: place.frames,
    handler: place.handler ?? false,
    upcoming: place.after,
    hostNamed: (name) => play.hosts.find(({ host }) => host.name === name),
    meta: (what, host) => play.meta(what, host),
    confirm: (host) => runConfirm(run, play, host),
  };
  const once = await runsOnce(play, task, place.frames, hosts);
  const targets = once ? hosts.slice(0, 1) : hosts;
  const limit = pLimit(throttle(play, task, place.frames, hosts));
  const outcomes = await Promise.all(
    targets.map((host) =>
      limit(() =>
        play.limit(async () => {
          const doing = task.name ?? task.module;
          context.emit({ type: 'host', host: host.host.name, doing, ...play.progressAt(task) });
          const outcome = await runTask(run, host);
          settleHost(host, outcome);
          return outcome;
        }),
      ),
    ),
  );
  const [first] = outcomes;
  if (once && first !== undefined) share(play, task, hosts.slice(1), first);
  play.afterTask(task, place.frames, hosts);
}

/**
 * The play's `confirm` checks on one host, after a change of the path on which we speak to it. They are tasks like others, but
 * a failure is no failure of theirs: it takes the change back.
 */
async function runConfirm(outer: TaskRun, play: PlayRun, host: PlayHost): Promise<string | undefined> {
  for (const { task, frames } of flatten(play.play.confirm, play.frames)) {
    const run: TaskRun = {
      ...outer,
      task,
      frames,
      upcoming: () => [],
      handler: false,
      confirm: () => Promise.resolve(undefined),
      confirming: true,
    };
    const { status, registered } = await runTask(run, host);
    if (status !== 'failed' && status !== 'unreachable') continue;
    const why = typeof registered['msg'] === 'string' ? `: ${registered['msg']}` : '';
    return `the check "${task.name ?? task.module}" failed${why}`;
  }
  return undefined;
}

function settleHost(host: PlayHost, { status }: TaskOutcome): void {
  if (status === 'failed' || status === 'unreachable') host.status = status;
}

async function runsOnce(play: PlayRun, task: Task, frames: Frames, hosts: readonly PlayHost[]): Promise<boolean> {
  const module = await play.context.input.registry.get(task.module);
  if (module?.kind === 'action' && module.runOnce === true) return true;
  const [first] = hosts;
  const bindable = keyword(frames, task, 'runOnce');
  if (first === undefined || bindable === undefined) return false;
  return bindBoolean(bindable, play.context.variables.scope(first.host, allLayers(frames, task))) ?? false;
}

/** `run_once`: the result counts for all hosts. */
function share(play: PlayRun, task: Task, others: readonly PlayHost[], outcome: TaskOutcome): void {
  for (const host of others) {
    if (task.register !== undefined) play.context.setVariables(host.host, { [task.register]: outcome.registered });
    settleHost(host, outcome);
  }
}

function throttle(play: PlayRun, task: Task, frames: Frames, hosts: readonly PlayHost[]): number {
  const [first] = hosts;
  const bindable = keyword(frames, task, 'throttle');
  if (first === undefined || bindable === undefined) return Number.POSITIVE_INFINITY;
  const wanted = bindNumber(bindable, play.context.variables.scope(first.host, allLayers(frames, task))) ?? 0;
  return wanted >= 1 ? Math.floor(wanted) : Number.POSITIVE_INFINITY;
}
