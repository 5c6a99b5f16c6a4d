import { setTimeout as sleep } from 'node:timers/promises';
import { compileStep } from '../../sdk/compile.ts';
import type { AnyResource, Change, Pending, TextDiff } from '../../sdk/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { TaskHost } from '../host/task-host.ts';
import { exports } from '../host/probe-request.ts';
import { crossedPath, pathScripts, type CrossedPath } from '../guard/crossed-path.ts';
import { endWindow, guardedChange } from '../guard/guarded-change.ts';
import { notKept, stepError } from '../remote-command-error.ts';
import type { Reading, Resource } from './reading.ts';
import { uploadContents } from './upload-contents.ts';

export interface ResourceResult {
  readonly status: 'ok' | 'changed' | 'would-change';
  readonly changes: readonly Change[];
  readonly pending: readonly Pending[];
  readonly warnings: readonly string[];
  readonly texts: readonly TextDiff[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** Brings one resource on one host to what is wanted: read, compare, change, read again. */
export async function runResource(module: AnyResource, resource: Resource, host: TaskHost): Promise<ResourceResult> {
  const before = await readOnHost(resource, host);
  const lost = keepsNoMore(before, host);
  const result = { pending: before.pending, warnings: [...before.warnings, ...lost], data: before.data() };
  if (before.changes.length === 0) {
    if (host.guard.enabled) await endWindow(host.session);
    return { ...result, status: 'ok', changes: [], texts: [] };
  }
  const texts = host.diff ? before.texts() : [];
  if (host.check) {
    const { crossings = [] } = (await crossedPath(before, host)) ?? {};
    const warnings = [...result.warnings, ...crossings.map((what) => `would touch the path of this session: ${what}`)];
    return { ...result, warnings, status: 'would-change', changes: before.changes, texts };
  }

  if (before.steps().length === 0) throw didNotConverge(module, before.changes, host);
  const crossed = await crossedPath(before, host);
  const after =
    crossed === undefined
      ? await plainChange(before, module, resource, host)
      : await crossingChange(before, crossed, module, resource, host);
  if (after.changes.length > 0) throw didNotConverge(module, after.changes, host);
  return {
    status: 'changed',
    changes: before.changes,
    texts,
    pending: after.pending,
    warnings: [...after.warnings, ...lost],
    data: after.data(),
  };
}

/** What a boot brings back is what one task says: where another one of this run has said something else, that is lost. */
function keepsNoMore({ unit, changes }: Reading, { session, guard: { task } }: TaskHost): readonly string[] {
  if (unit === undefined) return [];
  const earlier = session.kept.get(unit);
  session.kept.set(unit, task.name);
  if (earlier === undefined || !changes.some(({ path }) => path === 'boot')) return [];
  return [
    `${unit} brings back at boot only what this task says, no longer what "${earlier}" says: make one task of both, or give one of them persist: false`,
  ];
}

async function plainChange(before: Reading, module: AnyResource, resource: Resource, host: TaskHost): Promise<Reading> {
  if (host.guard.enabled) await endWindow(host.session);
  // Nobody knows what it passes over.
  if (module.touches === undefined) host.session.path.clear();
  await change(before, resource, host);
  return await settle(patience(before, module), resource, host);
}

/** The same for a change that may cut the line on which it is sent. */
async function crossingChange(
  before: Reading,
  { crossings, ends }: CrossedPath,
  module: AnyResource,
  resource: Resource,
  host: TaskHost,
): Promise<Reading> {
  const probes = async (): Promise<readonly string[]> => [
    ...resource.requests.map(({ key }) => key),
    ...pathScripts(),
    ...(await host.ahead()),
  ];
  let after: Reading | undefined;
  const verify = async (): Promise<string | undefined> => {
    after = await settle(patience(before, module), resource, host);
    return after.changes.length === 0 ? undefined : didNotConverge(module, after.changes, host).message;
  };
  await guardedChange({ reading: before, crossings, probes, verify }, ends, host);
  return after ?? (await settle(patience(before, module), resource, host));
}

/** Reads the resource: from what was read ahead, or with one round trip that reads ahead for the tasks to come. */
export async function readOnHost<R extends Reading>(resource: Resource<R>, host: TaskHost): Promise<R> {
  const scripts = resource.requests.map(({ key }) => key);
  if (!scripts.every((script) => host.cache.has(script))) {
    await host.exchange({ probes: [...scripts, ...(await host.ahead())] });
  }
  return resource.read((key) => host.cache.get(key));
}

/** One round trip: what an undo needs is kept, the steps, the probes that verify them, the probes of what comes next. */
async function change(reading: Reading, resource: Resource, host: TaskHost): Promise<void> {
  const steps = reading.steps();
  const uploads = await uploadContents(steps, host);
  const kept = host.changes?.begin(reading);
  host.changed();
  const prefix = exports(host.environment);
  const context = { uploads, undoStore: kept?.store };
  const keep = kept?.script === undefined ? [] : [kept.script];
  const scripts = [...keep, ...steps.map((step) => `${prefix}${compileStep(step, context)}`)];
  const cleanUp = [...uploads.values()].map((path) => compileStep({ kind: 'remove', path }));
  const probes = [...resource.requests.map(({ key }) => key), ...(await host.ahead())];
  const { steps: results } = await host.exchange({ steps: scripts, commands: cleanUp, probes });
  const failed = results.findIndex(({ ran, code }) => ran && code !== 0);
  const [result, step] = [results[failed], steps[failed - keep.length]];
  if (result === undefined) return;
  // What a failed change has left behind is not known: nothing that was read counts any more.
  host.changed();
  throw step === undefined ? notKept(result, host.name) : stepError(step, result, host.name);
}

/** Seconds that a boot unit may take to run where systemd starts it as soon as it is enabled: it first resets what it brings. */
const UNIT_RUNS = 5;

/** Seconds that the state may take until it is as it was asked for. */
function patience(before: Reading, module: AnyResource): number {
  const enabled = before.changes.some(({ path, to }) => path === 'boot' && to !== null);
  return Math.max(module.settle?.timeout ?? 0, enabled ? UNIT_RUNS : 0);
}

/** Reads what the change has brought, again and again for as many seconds as it may take. */
async function settle(seconds: number, resource: Resource, host: TaskHost): Promise<Reading> {
  const deadline = performance.now() + seconds * 1000;
  let reading = await readOnHost(resource, host);
  for (let pause = 100; reading.changes.length > 0 && performance.now() < deadline; pause = Math.min(pause * 2, 2000)) {
    await sleep(pause, undefined, { signal: host.signal });
    host.changed();
    reading = await readOnHost(resource, host);
  }
  return reading;
}

function didNotConverge(module: AnyResource, changes: readonly Change[], host: TaskHost): KvmnetError {
  const show = ({ path, from, to }: Change): string => `${path} is ${JSON.stringify(from)}, not ${JSON.stringify(to)}`;
  return new KvmnetError('did-not-converge', `did not converge: ${changes.map(show).join('; ')}`, {
    host: host.name,
    hint: `something else sets it back, or the host cannot hold it; look at it on the host, and at "kvmnet doc ${module.name}"`,
  });
}
