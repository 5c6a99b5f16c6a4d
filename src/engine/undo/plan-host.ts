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
  /** While nothing is taken back yet: what an undo before this one would have left of the same resource. */
  readonly assumed?: { readonly state: StateObject | null } | undefined;
  /** Something that is taken back before it has to do with the same file, interface, service, … */
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
  const later = new Map<string, { readonly now: StateObject | null; readonly goal: StateObject | null }>();
  const before: Concern[] = [];
  const planned = tasks.map((task): UndoTask => {
    const key = resourceKey(task, run);
    const outputs = outputsOf(task);
    try {
      const now = resourceOf(task, run).read(outputs);
      const other = later.get(key);
      // Where parameters decide what the state tells of, as lines of a file do, it is not the same resource.
      const same = other !== undefined && isDeepStrictEqual(other.now, now.now);
      const here = same ? { ...task, assumed: { state: other.goal } } : task;
      const reading = same ? resourceOf(here, run).read(outputs) : now;
      const concern = concernOf(task, reading);
      // It may look otherwise once what came after it is gone: that is judged when its turn comes.
      const depends = (other !== undefined && !same) || before.some((one) => isRelated(one, concern));
      const obstacle = depends ? undefined : obstacleOf(here, reading, force);
      if (obstacle !== undefined) obstacles.set(task.change.change, obstacle);
      later.set(key, { now: now.now, goal: reading.goal });
      before.push(concern);
      return { ...here, depends };
    } catch (error) {
      const depends = before.length > 0;
      if (!depends) obstacles.set(task.change.change, { error });
      return { ...task, depends };
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

/** What an undo has to do with: by that it is seen that another one depends on it. */
interface Concern {
  /** Files and interfaces that it changes. */
  readonly marks: ReadonlySet<string>;
  /** All that its steps speak of. */
  readonly words: ReadonlySet<string>;
  /** Files, interfaces, services, … that its task names. */
  readonly names: ReadonlySet<string>;
}

function concernOf({ record }: UndoTask, reading: UndoReading): Concern {
  const touches = reading.touches();
  const links = touches === 'none' ? [] : (touches.links ?? []);
  const steps = reading.steps();
  const marks = [...steps.flatMap((step) => ('path' in step ? [step.path] : [])), ...links];
  return {
    marks: new Set(marks),
    words: new Set([...steps.flatMap(wordsOf).flatMap(namesIn), ...marks]),
    names: new Set(textsOf(record.params).flatMap(namesIn).filter(isName)),
  };
}

/** Both change the same, or one speaks of what the other one names: a bridge whose port another task has made, for one. */
const isRelated = (a: Concern, b: Concern): boolean =>
  meet(a.marks, b.marks) || meet(a.names, b.words) || meet(a.words, b.names);

const meet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((item) => b.has(item));

function wordsOf(step: Step): readonly string[] {
  if ('path' in step) return [];
  const stdin = 'stdin' in step ? (step.stdin ?? '') : '';
  return [...('argv' in step ? step.argv : step.args), ...stdin.split(/\s+/)];
}

const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

/** `frr=8.4` speaks of frr as well; a flow, `in_port=1,actions=drop`, of nothing more. */
const namesIn = (word: string): readonly string[] => {
  const [, name] = /^([^=,]+)=[^=,]+$/.exec(word) ?? [];
  return name === undefined ? [word] : [word, name];
};

/** Neither a number, such as a mode, nor a text. */
const isName = (text: string): boolean => /^[^\s\d]\S*$/.test(text);

export const sameUser = (a: JournalledChange, b: JournalledChange): boolean => isDeepStrictEqual(userOf(a), userOf(b));

const userOf = ({ undo }: JournalledChange): unknown => ('sha256' in undo ? (undo.become ?? null) : undefined);
