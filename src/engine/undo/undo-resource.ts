import { isDeepStrictEqual } from 'node:util';
import { diffState } from '../../sdk/diff.ts';
import type { AnyResource, Change, StateObject, Step, TextDiff } from '../../sdk/index.ts';
import type { ChangeRecord } from '../journal/undo-record.ts';
import { parseAll } from '../host/probe-request.ts';
import { question, rawOutputs, readKept, type Question, type Reading, type Resource } from '../resource/reading.ts';
import { exactRules, revertState } from './revert-state.ts';

/** A reading with what taking back means for it. */
export interface UndoReading extends Reading {
  /** What somebody has changed since: `from` what the run made of it, `to` what it is now. */
  readonly moved: readonly Change[];
  /** What is read once it is taken back. */
  readonly goal: StateObject | null;
}

/**
 * The resource of a change that is to be taken back: it asks what the change asked, and wants what was before.
 * @param run - the run of the change: its folder on the host holds the old contents of files
 * @param assumed - check mode: what is read instead of the state, once a later change of the same resource is taken back
 */
export function bindUndo(
  module: AnyResource,
  record: ChangeRecord,
  run: string,
  assumed?: { readonly state: StateObject | null },
): Resource<UndoReading> {
  const asked = question(module, record.params, record.environment, record.persist);
  return {
    requests: [...asked.own, ...asked.kept],
    read: (outputOf) => readUndo(asked, record, run, outputOf, assumed),
  };
}

function readUndo(
  asked: Question,
  record: ChangeRecord,
  run: string,
  outputOf: Parameters<Resource['read']>[0],
  assumed: { readonly state: StateObject | null } | undefined,
): UndoReading {
  const { module, params, own, unit } = asked;
  const seen = parseAll(own, outputOf);
  // What was seen before the change: what its steps went by, in either direction.
  const seenBefore = parseAll(own, keyedOutputs(asked, record));
  const now = assumed === undefined ? (module.state(seen, params) as StateObject | null) : assumed.state;
  const { want, goal, moved } = revertState(now, record.before, record.after, module.compare);
  const pending = module.pending?.(now, want, params) ?? [];
  const waiting = new Set(pending.map(({ path }) => path));
  const counts = ({ path }: Change): boolean => !waiting.has(path) && module.oneWay?.(path) !== true;
  const differences = diffState(now, want, exactRules(module.compare)).filter(counts);
  const kept = readKept(asked, outputOf) ?? null;
  const bootPlan = record.unit === undefined ? undefined : unit?.back(kept, record.unit.before);
  const bootMoved =
    record.unit !== undefined && bootPlan?.after !== undefined && !isDeepStrictEqual(kept, record.unit.after)
      ? [{ path: 'boot', from: 'as the run left it', to: 'changed since' }]
      : [];
  const fromRun = (steps: readonly Step[]): readonly Step[] => steps.map((step) => withRun(step, run));
  return {
    now,
    goal,
    moved: [...moved.filter(counts), ...bootMoved],
    changes: [...differences, ...(bootPlan?.changes ?? [])],
    pending,
    warnings: bootPlan?.warnings ?? [],
    steps: () =>
      fromRun([
        ...(differences.length === 0 ? [] : module.steps(now, goal, params, seenBefore, seen)),
        ...(bootPlan?.steps ?? []),
      ]),
    undo: () => [...(differences.length === 0 ? [] : module.steps(goal, now, params, seen)), ...(bootPlan?.undo ?? [])],
    touches: () => (differences.length === 0 ? 'none' : (module.touches?.(now, goal, params) ?? 'none')),
    texts: () => textsBack(asked, seen, seenBefore),
    data: () => module.returns?.(params, now) ?? {},
    record: () => ({
      module: record.module,
      params,
      persist: record.persist,
      environment: record.environment,
      before: now,
      after: differences.length === 0 ? now : goal,
      unit: kept === null || bootPlan?.after === undefined ? undefined : { before: kept, after: bootPlan.after },
      outputs: rawOutputs(asked, outputOf),
    }),
  };
}

/** The recorded answers under the keys of today's questions. */
function keyedOutputs({ own }: Question, { outputs }: ChangeRecord): Parameters<Resource['read']>[0] {
  const byKey = new Map(own.map(({ name, key }) => [key, outputs[name]]));
  return (key) => byKey.get(key);
}

const withRun = (step: Step, run: string): Step =>
  step.kind === 'write' &&
  typeof step.content === 'object' &&
  'stored' in step.content &&
  step.content.run === undefined
    ? { ...step, content: { ...step.content, run } }
    : step;

/** The texts of now and of before, as far as both are known. */
function textsBack(
  { module, params }: Question,
  seen: ReturnType<typeof parseAll>,
  seenBefore: ReturnType<typeof parseAll>,
): readonly TextDiff[] {
  const before = new Map((module.texts?.(seenBefore, params) ?? []).map(({ path, before }) => [path, before]));
  return (module.texts?.(seen, params) ?? []).flatMap(({ path, before: after }) => {
    const old = before.get(path);
    return old === undefined || old === after ? [] : [{ path, before: after, after: old }];
  });
}
