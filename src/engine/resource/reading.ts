import { diffState, overlayState } from '../../sdk/diff.ts';
import type { AnyResource, Change, Pending, Probe, StateObject, Step, TextDiff } from '../../sdk/index.ts';
import type { Boot, Touches } from '../../sdk/module.ts';
import { parseAll, probeRequests, type Environment, type ProbeRequest } from '../host/probe-request.ts';
import type { ProbeOutput } from '../../sdk/index.ts';
import type { ChangeRecord, KeptUnit } from '../journal/undo-record.ts';
import { bootUnit, type BootUnit } from './boot-unit.ts';

/** A resource with its parameters bound and prepared: what to ask, and what to make of the answers. Pure. */
export interface Resource<R extends Reading = Reading> {
  readonly requests: readonly ProbeRequest[];
  read(outputOf: OutputOf): R;
}

type OutputOf = (key: string) => ProbeOutput | undefined;

/** What the probes saw, and what follows from it. */
export interface Reading {
  readonly now: StateObject | null;
  readonly changes: readonly Change[];
  readonly pending: readonly Pending[];
  readonly warnings: readonly string[];
  /** The boot unit that keeps it; undefined: nothing is kept, or no longer. */
  readonly unit?: string | undefined;
  /** The steps that make it as wanted; worked out only when they are asked for. */
  steps(): readonly Step[];
  /** The steps that take it back once the steps above are done. */
  undo(): readonly Step[];
  /** What the change passes over. */
  touches(): Touches | 'none';
  texts(): readonly TextDiff[];
  data(): Readonly<Record<string, unknown>>;
  /** What an undo needs to know once the steps are done. */
  record(): ChangeRecord;
}

/** What is asked of a host about one resource. */
export interface Question {
  readonly module: AnyResource;
  readonly params: unknown;
  readonly environment: Environment;
  readonly persist: boolean;
  readonly own: readonly ProbeRequest[];
  readonly kept: readonly ProbeRequest[];
  readonly unit: BootUnit | undefined;
}

/** @param persist - false: nothing is kept for the next boot, and nothing that was kept is taken away */
export function question(module: AnyResource, params: unknown, environment: Environment, persist: boolean): Question {
  const probes = module.probes(params) as Readonly<Record<string, Probe<unknown>>>;
  const boot = (persist ? module.boot?.(params) : undefined) as Boot<StateObject> | undefined;
  const unit = boot === undefined ? undefined : bootUnit(module, boot, params);
  const own = probeRequests(probes, environment);
  const kept = unit === undefined ? [] : probeRequests({ kept: unit.probe }, environment);
  return { module, params, environment, persist, own, kept, unit };
}

export function bindResource(...asked: Parameters<typeof question>): Resource {
  const it = question(...asked);
  return { requests: [...it.own, ...it.kept], read: (outputOf) => readResource(it, outputOf) };
}

/** What is kept of the boot unit; undefined where there is none, null where systemd does not run. */
export const readKept = ({ kept }: Question, outputOf: OutputOf): KeptUnit | null | undefined =>
  parseAll(kept, outputOf)['kept'] as KeptUnit | null | undefined;

/** What the probes of the module itself have seen, as a record keeps it. */
export const rawOutputs = ({ own }: Question, outputOf: OutputOf): ChangeRecord['outputs'] =>
  Object.fromEntries(
    own.flatMap(({ name, key }) => {
      const output = outputOf(key);
      return output === undefined ? [] : [[name, output]];
    }),
  );

function readResource(asked: Question, outputOf: OutputOf): Reading {
  const { module, params, environment, persist, own, unit } = asked;
  const seen = parseAll(own, outputOf);
  const now = module.state(seen, params) as StateObject | null;
  const want = module.want(params, now, seen) as StateObject | null;
  const pending = module.pending?.(now, want, params) ?? [];
  const waiting = new Set(pending.map(({ path }) => path));
  const differences = diffState(now, want, module.compare).filter(({ path }) => !waiting.has(path));
  const kept = readKept(asked, outputOf) ?? null;
  const bootPlan = unit?.plan(kept, want);
  const after = overlayState(now, want, module.compare);
  const outputs = rawOutputs(asked, outputOf);
  return {
    now,
    changes: [...differences, ...(bootPlan?.changes ?? [])],
    unit: want === null ? undefined : unit?.name,
    pending,
    warnings: [...(module.warnings?.(params, now, seen) ?? []), ...(bootPlan?.warnings ?? [])],
    steps: () => [
      ...(differences.length === 0 ? [] : module.steps(now, after, params, seen)),
      ...(bootPlan?.steps ?? []),
    ],
    undo: () => [
      ...(differences.length === 0 ? [] : module.steps(after, now, params, seen)),
      ...(bootPlan?.undo ?? []),
    ],
    touches: () => (differences.length === 0 ? 'none' : (module.touches?.(now, after, params) ?? 'none')),
    texts: () => module.texts?.(seen, params) ?? [],
    data: () => module.returns?.(params, now) ?? {},
    record: () => ({
      module: module.name,
      params,
      persist,
      environment,
      before: now,
      after: differences.length === 0 ? now : after,
      unit: kept === null || bootPlan?.after === undefined ? undefined : { before: kept, after: bootPlan.after },
      outputs,
    }),
  };
}
