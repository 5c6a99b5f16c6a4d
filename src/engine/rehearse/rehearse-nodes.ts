import type { Host } from '../../inventory/model.ts';
import { materialize, type Layer, type VarSource } from '../../lang/index.ts';
import type { Include, Loop, Task, TaskNode } from '../../playbook/model.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { SourceLocation } from '../../util/source.ts';
import { bindBoolean, conditions, holds, loopItems } from '../run/bind-task.ts';
import { allLayers, inside, keyword, type Frames } from '../run/frames.ts';
import type { RunContext } from '../run/run-context.ts';
import { tagsAllow } from '../run/tags.ts';
import { rehearseTask } from './rehearse-task.ts';
import type { RunNames } from './run-names.ts';
import { isNotKnownYet, unknownLayer } from './unknown.ts';

/** One host going through one play in the head. */
export interface Rehearsal {
  readonly context: RunContext;
  readonly host: Host;
  readonly run: RunNames;
  /** @param at - the place of what was looked at, for errors that know none */
  readonly report: (error: KvmnetError, at: SourceLocation) => void;
}

export interface RehearsedPlace {
  readonly frames: Frames;
  /** The run will come here, unless something fails before. */
  readonly certain: boolean;
}

/** @returns false where the play ends here for the host, or may end here */
export async function rehearseNodes(
  rehearsal: Rehearsal,
  nodes: readonly TaskNode[],
  place: RehearsedPlace,
): Promise<boolean> {
  for (const node of nodes) if (!(await rehearseNode(rehearsal, node, place))) return false;
  return true;
}

async function rehearseNode(rehearsal: Rehearsal, node: TaskNode, place: RehearsedPlace): Promise<boolean> {
  if (node.kind === 'task') return rehearseOne(rehearsal, node, place);
  if (node.kind === 'include') return rehearseInclude(rehearsal, node, place);
  const frames = inside(place.frames, node);
  // What a rescue stands ready for may well be meant.
  const reached = node.rescue.length > 0 || (await rehearseNodes(rehearsal, node.tasks, { ...place, frames }));
  return reached && (await rehearseNodes(rehearsal, node.always, { ...place, frames }));
}

async function rehearseInclude(rehearsal: Rehearsal, include: Include, place: RehearsedPlace): Promise<boolean> {
  if (!isWanted(rehearsal, include)) return true;
  const { context, host } = rehearsal;
  const layers = unknownItem(include.loop);
  const vars = context.variables.scope(host, [...allLayers(place.frames, include), ...layers]);
  const decided = decide(rehearsal, include, place.certain, () => holds([...place.frames.when, ...include.when], vars));
  if (decided === false || include.known === undefined) return true;
  const frames = inside(place.frames, include, layers);
  return rehearseNodes(rehearsal, include.known, { frames, certain: place.certain && decided === true });
}

async function rehearseOne(rehearsal: Rehearsal, task: Task, { frames, certain }: RehearsedPlace): Promise<boolean> {
  if (!isWanted(rehearsal, task) || rehearsal.run.faulty.has(task.id)) return true;
  const { context, host } = rehearsal;
  const base = allLayers(frames, task);
  const vars = context.variables.scope(host, base);
  if (mayFail(task, frames, vars)) return true;
  const overItems = context.variables.scope(host, [...base, ...unknownItem(task.loop)]);
  const decided = decide(rehearsal, task, certain, () => holds(conditions(task, frames), overItems));
  if (decided === false) return true;
  const sure = certain && decided === true;
  for (const layers of itemLayers(task, vars)) {
    const scope = context.variables.scope(host, [...base, ...layers]);
    if (layers.length > 0 && decided === undefined) {
      const now = decide(rehearsal, task, certain, () => holds(conditions(task, frames), scope));
      if (now === false) continue;
      await rehearseTask(rehearsal, task, frames, scope, certain && now === true);
    } else await rehearseTask(rehearsal, task, frames, scope, sure);
  }
  return !mayEnd(task, vars);
}

/** Whether a node will run; undefined where only the run can tell. Reports what can never be decided. */
function decide(rehearsal: Rehearsal, node: TaskNode, certain: boolean, judge: () => boolean): boolean | undefined {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    if (isNotKnownYet(error) || rehearsal.run.open || !certain) return undefined;
    rehearsal.report(error, node.at);
    return false;
  }
}

/** The variables of each turn of the task's loop: unknown ones where the list is not there yet. */
function itemLayers(task: Task, vars: VarSource): readonly (readonly Layer[])[] {
  try {
    return loopItems(task.loop, vars)?.map(({ layer }) => [layer]) ?? [[]];
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    // A list that cannot be made is reported with the task, if the task will run at all.
    return [unknownItem(task.loop)];
  }
}

const unknownItem = (loop: Loop | undefined): readonly Layer[] =>
  loop === undefined
    ? []
    : [unknownLayer('loop', new Set([loop.loopVar, ...(loop.indexVar === undefined ? [] : [loop.indexVar])]))];

const isWanted = ({ context: { options } }: Rehearsal, node: TaskNode): boolean =>
  tagsAllow(node.tags, options.tags, options.skipTags);

function mayFail(task: Task, frames: Frames, vars: VarSource): boolean {
  const ignore = keyword(frames, task, 'ignoreErrors');
  if (ignore === undefined) return false;
  try {
    return bindBoolean(ignore, vars) ?? false;
  } catch {
    return true;
  }
}

/** A task that is there to end the play, or the host's part in it. */
function mayEnd(task: Task, vars: VarSource): boolean {
  if (task.module === 'fail') return true;
  if (task.module !== 'meta') return false;
  try {
    const params = materialize(task.params.bind(vars)) as { readonly command?: unknown };
    return params.command === 'end_host' || params.command === 'end_play';
  } catch {
    return true;
  }
}
