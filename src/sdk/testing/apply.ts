import { readFileSync } from 'node:fs';
import { compileProbe, compileStep } from '../compile.ts';
import { diffState, overlayState } from '../diff.ts';
import type { AnyResource } from '../any-module.ts';
import type { Probe, ProbeOutput } from '../probe.ts';
import type { Change, StateObject } from '../state.ts';
import { write, type Step } from '../step.ts';
import { record } from './recorded.ts';
import type { Sandbox } from './sandbox.ts';

export interface Reading {
  readonly seen: Readonly<Record<string, unknown>>;
  readonly now: StateObject | null;
  readonly want: StateObject | null;
  readonly changes: readonly Change[];
}

/** Reads a resource in a sandbox as the engine would on a host. `params` are as a user writes them (after `prepare`, if given as `prepared`). */
export function read(module: AnyResource, params: unknown, sandbox: Sandbox, prepared?: unknown): Reading {
  const p: unknown = prepared ?? module.params.parse(params);
  const probes = Object.entries(module.probes(p) as Readonly<Record<string, Probe<unknown>>>);
  const outputs = new Map(probes.map(([name, probe]) => [name, sandbox.run(compileProbe(probe.run))]));
  record(module, prepared === undefined ? { params } : { prepared }, outputs);
  const seen = Object.fromEntries(probes.map(([name, probe]) => [name, probe.parse(outputs.get(name) as ProbeOutput)]));
  const now = module.state(seen, p) as StateObject | null;
  const want = module.want(p, now, seen) as StateObject | null;
  const pending = new Set((module.pending?.(now, want, p) ?? []).map((item) => item.path));
  const changes = diffState(now, want, module.compare).filter((change) => !pending.has(change.path));
  return { seen, now, want, changes };
}

/** Runs steps in a sandbox, one shell each; throws at the first that fails. */
export function runSteps(steps: readonly Step[], sandbox: Sandbox, undoStore = '/var/lib/kvmnet/undo/test'): void {
  for (const step of steps) {
    const { code, stderr } = sandbox.run(compileStep(step, { undoStore, uploads: upload(step, sandbox) }));
    if (code !== 0) throw new Error(`step failed with ${code}: ${JSON.stringify(step)}\n${stderr}`);
  }
}

/** Puts the file that a step writes where an upload would. */
function upload(step: Step, sandbox: Sandbox): ReadonlyMap<string, string> {
  if (step.kind !== 'write' || typeof step.content !== 'object' || !('file' in step.content)) return new Map();
  const { file, sha256 } = step.content;
  const path = `/var/tmp/kvmnet-upload-${sha256}`;
  sandbox.look(compileStep(write(path, readFileSync(file))));
  return new Map([[sha256, path]]);
}

export interface Applied extends Reading {
  readonly steps: readonly Step[];
  /** Differences that are left after the steps: empty when it converged. */
  readonly left: readonly Change[];
  /** Takes the change back, as `kvmnet undo` would. */
  undo(): void;
}

/** Brings a resource to what is wanted and reads it again. */
export function apply(module: AnyResource, params: unknown, sandbox: Sandbox, prepared?: unknown): Applied {
  const p: unknown = prepared ?? module.params.parse(params);
  const reading = read(module, params, sandbox, prepared);
  const after = overlayState(reading.now, reading.want, module.compare);
  const steps: readonly Step[] = reading.changes.length === 0 ? [] : module.steps(reading.now, after, p, reading.seen);
  runSteps(steps, sandbox);
  const left = read(module, params, sandbox, prepared).changes;
  return { ...reading, steps, left, undo: () => runSteps(module.steps(after, reading.now, p, reading.seen), sandbox) };
}
