import { appendFileSync } from 'node:fs';
import { KvmnetError } from '../../util/errors.ts';
import { diffState, overlayState } from '../diff.ts';
import type { AnyResource } from '../any-module.ts';
import type { Boot, Touches } from '../module.ts';
import type { Probe, ProbeOutput } from '../probe.ts';
import type { StateObject } from '../state.ts';
import type { Step } from '../step.ts';

/** What real tools on a real kernel once answered to the probes of a module, and what the module is to make of it. */
export interface RecordedCase {
  /** As a user writes them. */
  readonly params?: unknown;
  /** In their place: what `prepare` made of them, where that is JSON. */
  readonly prepared?: unknown;
  /** By the name of the probe; text as its lines. */
  readonly outputs: Readonly<Record<string, RecordedOutput>>;
  readonly gives: RecordedOutcome;
}

interface RecordedOutput {
  readonly code?: number;
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
}

/** What a module says of one reading of a host. Steps are written as one line each: what they do, and with what. */
export interface RecordedOutcome {
  readonly refused?: string;
  readonly hint?: string;
  readonly state?: StateObject | null;
  readonly changes?: readonly string[];
  readonly pending?: readonly string[];
  readonly warnings?: readonly string[];
  readonly touches?: Touches | 'none';
  readonly steps?: readonly string[];
  readonly undo?: readonly string[];
  readonly boot?: readonly string[];
}

type Asked = Pick<RecordedCase, 'params' | 'prepared'>;
type Outputs = RecordedCase['outputs'];

const parametersOf = (module: AnyResource, { params, prepared }: Asked): unknown =>
  prepared === undefined ? module.params.parse(params) : prepared;

/** Has the module judge recorded outputs as the engine would have it judge a host. */
export function replay(module: AnyResource, asked: Asked, outputs: Outputs): RecordedOutcome {
  try {
    return outcome(module, asked, outputs);
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    return { refused: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

/** The steps from the state of a recording to that same state: none, whatever it is. */
export function stepsOfNothing(module: AnyResource, asked: Asked, outputs: Outputs): readonly string[] {
  try {
    const { p, seen, now } = recordedReading(module, { ...asked, outputs });
    return lines(module.steps(now, now, p, seen));
  } catch (error) {
    // It is refused: what is said of that stands in the case.
    if (error instanceof KvmnetError) return [];
    throw error;
  }
}

/** What the engine would know of a host that gave these answers, and do to it. @throws KvmnetError where it is refused */
export function recordedReading(module: AnyResource, one: Asked & Pick<RecordedCase, 'outputs'>) {
  const p = parametersOf(module, one);
  const probes = Object.entries(module.probes(p) as Readonly<Record<string, Probe<unknown>>>);
  const seen = Object.fromEntries(probes.map(([name, probe]) => [name, probe.parse(outputOf(one.outputs[name]))]));
  const now = module.state(seen, p) as StateObject | null;
  const after = (): StateObject | null =>
    overlayState(now, module.want(p, now, seen) as StateObject | null, module.compare);
  return {
    p,
    seen,
    now,
    after,
    steps: (): readonly Step[] => module.steps(now, after(), p, seen),
    back: (): readonly Step[] => module.steps(after(), now, p, seen),
    touches: (): Touches | 'none' => module.touches?.(now, after(), p) ?? 'none',
  };
}

function outcome(module: AnyResource, asked: Asked, outputs: Outputs): RecordedOutcome {
  const { p, seen, now, after: goalOf, steps, back, touches } = recordedReading(module, { ...asked, outputs });
  const want = module.want(p, now, seen) as StateObject | null;
  const pending = module.pending?.(now, want, p) ?? [];
  const waits = new Set(pending.map(({ path }) => path));
  const changes = diffState(now, want, module.compare).filter(({ path }) => !waits.has(path));
  const after = goalOf();
  const boot = module.boot?.(p) as Boot<StateObject> | undefined;
  const warnings = module.warnings?.(p, now, seen) ?? [];
  // The unit of a goal that is no state yet (what others put there) is the engine's to make.
  const goal = after === null ? null : (boot?.keeps?.(after) ?? after);
  return {
    state: now,
    changes: changes.map(({ path, from, to }) => `${path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`),
    ...(pending.length === 0
      ? {}
      : { pending: pending.map(({ path, reason, until }) => `${path}: ${reason} (${until})`) }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(changes.length === 0 || module.touches === undefined ? {} : { touches: touches() }),
    steps: changes.length === 0 ? [] : lines(steps()),
    undo: changes.length === 0 ? [] : lines(back()),
    ...(boot === undefined || goal === null
      ? {}
      : { boot: [bootLine(boot), ...lines(module.steps(boot.state, goal, p))] }),
  };
}

const bootLine = ({ id, anchor, before = [], after = [], partOf = [], guard }: Boot<StateObject>): string =>
  [
    `${id} with ${'device' in anchor ? anchor.device : anchor.unit}`,
    ...before.map((unit) => `before ${unit}`),
    ...after.map((unit) => `after ${unit}`),
    ...partOf.map((unit) => `part of ${unit}`),
    ...(guard === undefined ? [] : [`unless ${JSON.stringify(guard.args)}`]),
  ].join(', ');

const lines = (steps: readonly Step[]): readonly string[] => steps.map(stepLine);

function stepLine(step: Step): string {
  switch (step.kind) {
    case 'exec':
      return [...step.argv, ...fed(step.stdin)].map(word).join(' ');
    case 'snippet':
      return ['sh', firstLine(step.script), ...step.args, ...fed(step.stdin)].map(word).join(' ');
    case 'write':
      return `write ${step.path} ${contentText(step.content)} ${JSON.stringify([step.mode, step.owner, step.group])}`;
    case 'poke':
      return `poke ${step.path} ${word(step.value)}`;
    case 'remove':
      return `remove ${step.path}`;
    default:
      return ['wait', String(step.timeout), step.what, ...step.args].map(word).join(' ');
  }
}

const firstLine = (script: string): string => script.split('\n')[0] ?? '';
const fed = (stdin: string | undefined): readonly string[] => (stdin === undefined ? [] : ['<', stdin]);
const word = (text: string): string => (/^[\w.:/=@%+,<-]+$/.test(text) ? text : JSON.stringify(text));
const contentText = (content: unknown): string =>
  content instanceof Uint8Array ? Buffer.from(content).toString() : JSON.stringify(content);

function outputOf(output: RecordedOutput = {}): ProbeOutput {
  const stdout = (output.stdout ?? []).join('\n');
  const stderr = (output.stderr ?? []).join('\n');
  return { stdout, stderr, code: output.code ?? 0, bytes: Buffer.from(stdout) };
}

/**
 * With `KVMNET_RECORD=FILE`, what tests see on real systems is added to that file as cases, one a line, for the author of
 * a module to choose from (`modules/NAME/cases/recorded.json`).
 */
export function record(module: AnyResource, asked: Asked, seen: ReadonlyMap<string, ProbeOutput>): void {
  const file = process.env['KVMNET_RECORD'];
  if (file === undefined || !isPlain(asked)) return;
  const outputs = Object.fromEntries([...seen].map(([name, output]) => [name, recordedOutput(output)]));
  const gives = replay(module, asked, outputs);
  appendFileSync(file, `${JSON.stringify({ module: module.name, ...asked, outputs, gives })}\n`);
}

/** Whether it comes back from JSON as it was; bytes do not. */
const isPlain = (value: unknown): boolean =>
  typeof value !== 'object' || value === null
    ? typeof value !== 'function'
    : (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
      Object.values(value).every(isPlain);

const recordedOutput = ({ code, stdout, stderr }: ProbeOutput): RecordedOutput => ({
  ...(code === 0 ? {} : { code }),
  ...(stdout === '' ? {} : { stdout: stdout.split('\n') }),
  ...(stderr === '' ? {} : { stderr: stderr.split('\n') }),
});
