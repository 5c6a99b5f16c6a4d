import { diffState, overlayState } from '../../sdk/diff.ts';
import type { AnyResource, Change, Pending, Probe, StateObject, Step, TextDiff } from '../../sdk/index.ts';
import type { Boot, Touches } from '../../sdk/module.ts';
import { parseAll, probeRequests, type Environment, type ProbeRequest } from '../host/probe-request.ts';
import type { ProbeOutput } from '../../sdk/index.ts';
import { bootUnit, type BootUnit } from './boot-unit.ts';

/** A resource with its parameters bound and prepared: what to ask, and what to make of the answers. Pure. */
export interface Resource {
  readonly requests: readonly ProbeRequest[];
  read(outputOf: (key: string) => ProbeOutput | undefined): Reading;
}

/** What the probes saw, and what follows from it. */
export interface Reading {
  readonly now: StateObject | null;
  readonly changes: readonly Change[];
  readonly pending: readonly Pending[];
  readonly warnings: readonly string[];
  /** The steps that make it as wanted; worked out only when they are asked for. */
  steps(): readonly Step[];
  /** The steps that take it back once the steps above are done. */
  undo(): readonly Step[];
  /** What the change passes over. */
  touches(): Touches | 'none';
  texts(): readonly TextDiff[];
  data(): Readonly<Record<string, unknown>>;
}

/** @param persist - false: nothing is kept for the next boot, and nothing that was kept is taken away */
export function bindResource(
  module: AnyResource,
  params: unknown,
  environment: Environment,
  persist: boolean,
): Resource {
  const probes = module.probes(params) as Readonly<Record<string, Probe<unknown>>>;
  const boot = (persist ? module.boot?.(params) : undefined) as Boot<StateObject> | undefined;
  const unit = boot === undefined ? undefined : bootUnit(module, boot, params);
  const own = probeRequests(probes, environment);
  const kept = unit === undefined ? [] : probeRequests({ kept: unit.probe }, environment);
  return {
    requests: [...own, ...kept],
    read: (outputOf) => readResource(module, params, own, kept, unit, outputOf),
  };
}

function readResource(
  module: AnyResource,
  params: unknown,
  own: readonly ProbeRequest[],
  kept: readonly ProbeRequest[],
  unit: BootUnit | undefined,
  outputOf: (key: string) => ProbeOutput | undefined,
): Reading {
  const seen = parseAll(own, outputOf);
  const now = module.state(seen, params) as StateObject | null;
  const want = module.want(params, now, seen) as StateObject | null;
  const pending = module.pending?.(now, want, params) ?? [];
  const waiting = new Set(pending.map(({ path }) => path));
  const differences = diffState(now, want, module.compare).filter(({ path }) => !waiting.has(path));
  const bootPlan = unit?.plan(parseAll(kept, outputOf)['kept'] as Parameters<BootUnit['plan']>[0], want);
  const after = overlayState(now, want, module.compare);
  return {
    now,
    changes: [...differences, ...(bootPlan?.changes ?? [])],
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
  };
}
