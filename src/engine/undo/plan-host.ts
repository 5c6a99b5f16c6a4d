import { isDeepStrictEqual } from 'node:util';
import type { AnyResource, Change, StateObject, Step } from '../../sdk/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { ProbeOutput } from '../../sdk/index.ts';
import type { ChangeRecord } from '../journal/undo-record.ts';
import { bindUndo, type UndoReading } from './undo-resource.ts';
import type { JournalledChange } from './undo-input.ts';

/** One change that is to be taken back, with all that is needed for it. */
export interface UndoTask {
  readonly change: JournalledChange;
  readonly module: AnyResource;
  readonly record: ChangeRecord;
  /** Check mode: what an undo before this one would have left of the same resource. */
  readonly assumed?: { readonly state: StateObject | null } | undefined;
  /** Something that is taken back before it has to do with the same file or interface. */
  readonly depends?: boolean;
}

export const resourceOf = ({ module, record, assumed }: UndoTask, run: string): ReturnType<typeof bindUndo> =>
  bindUndo(module, record, run, assumed);

/** What stands in the way of an undo: it is impossible, which the module has said before, or it would do harm. */
export type Obstacle = { readonly cannot: string } | { readonly error: unknown };

export interface HostPlan {
  readonly tasks: readonly UndoTask[];
  /** By the number of the change. */
  readonly obstacles: ReadonlyMap<number, Obstacle>;
}

/**
 * Looks at all undos of a host before the first is made: an undo that stops half way would leave a host that is neither as
 * before nor as after the run. Each is judged as if those before it had been made.
 *
 * @param tasks - the last change first
 */
export function planHost(
  tasks: readonly UndoTask[],
  run: string,
  force: boolean,
  outputsOf: (task: UndoTask) => (key: string) => ProbeOutput | undefined,
): HostPlan {
  const obstacles = new Map<number, Obstacle>();
  const assumed = new Map<string, { readonly state: StateObject | null }>();
  const touched = new Set<string>();
  const planned = tasks.map((task): UndoTask => {
    const key = resourceKey(task, run);
    const here = { ...task, assumed: assumed.get(key) };
    try {
      const reading = resourceOf(here, run).read(outputsOf(task));
      const marks = marksOf(reading);
      // It may look otherwise once what came after it is gone: that is judged when its turn comes.
      const depends = marks.some((mark) => touched.has(mark));
      const obstacle = depends ? undefined : obstacleOf(here, reading, force);
      if (obstacle !== undefined) obstacles.set(task.change.change, obstacle);
      assumed.set(key, { state: reading.goal });
      for (const mark of marks) touched.add(mark);
      return { ...here, depends };
    } catch (error) {
      const depends = touched.size > 0;
      if (!depends) obstacles.set(task.change.change, { error });
      return { ...here, depends };
    }
  });
  return { tasks: planned, obstacles };
}

const resourceKey = (task: UndoTask, run: string): string =>
  JSON.stringify([task.record.module, ...resourceOf(task, run).requests.map(({ key }) => key)]);

/** Why a change is not to be taken back now; undefined where nothing speaks against it. */
export function obstacleOf({ change }: UndoTask, reading: UndoReading, force: boolean): Obstacle | undefined {
  if (reading.changes.length > 0 && reading.steps().length === 0) {
    return { cannot: butOf(change) ?? 'there is no way back from it' };
  }
  if (force || !change.settled || reading.moved.length === 0) return undefined;
  const error = new KvmnetError('refused', `the host has moved on: ${reading.moved.map(movedText).join('; ')}`, {
    hint: 'look at who has changed it since; --force takes it back all the same',
  });
  return { error };
}

/** What the module has said, before the change, of what an undo will not bring back. */
const butOf = ({ undo }: JournalledChange): string | undefined =>
  'sha256' in undo && undo.but !== undefined ? undo.but.join('; ') : undefined;

const movedText = ({ path, from, to }: Change): string =>
  `${path} is ${JSON.stringify(to)}, and the run had left ${JSON.stringify(from)}`;

/** What an undo touches, by which it is seen that another one depends on it: files and interfaces. */
function marksOf(reading: UndoReading): readonly string[] {
  const touches = reading.touches();
  const links = touches === 'none' ? [] : (touches.links ?? []);
  return [...reading.steps().flatMap(pathOf), ...links.map((link) => `link ${link}`)];
}

const pathOf = (step: Step): readonly string[] => ('path' in step ? [step.path] : []);

export const sameUser = (a: JournalledChange, b: JournalledChange): boolean => isDeepStrictEqual(userOf(a), userOf(b));

const userOf = ({ undo }: JournalledChange): unknown => ('sha256' in undo ? (undo.become ?? null) : undefined);
