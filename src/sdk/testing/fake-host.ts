import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { KvmnetError, type ErrorCode } from '../../util/errors.ts';
import { compileProbe, compileStep } from '../compile.ts';
import type { ActionDefinition, ActionHost, ActionResult, CommandOptions, CommandResult } from '../action.ts';
import type { ControllerFiles } from '../module.ts';
import type { ProbeCommand, ProbeOutput } from '../probe.ts';
import type { Step } from '../step.ts';

/** A host for actions under test, with everything written down that was asked of it. */
export interface FakeHost extends ActionHost {
  /** One entry for each round trip. */
  readonly asked: readonly (readonly (ProbeCommand | Step)[])[];
  readonly said: readonly string[];
  readonly variables: Readonly<Record<string, unknown>>;
  readonly metas: readonly string[];
}

type Answer = Partial<CommandResult>;

export interface FakeHostOptions extends Partial<Omit<ActionHost, 'run' | 'apply' | 'files'>> {
  /** Runs a compiled script; default: the machine's own sh. */
  readonly sh?: (script: string) => ProbeOutput;
  /** Answers commands by hand, in place of `sh`. */
  readonly answer?: (command: ProbeCommand, options: CommandOptions) => Answer;
  readonly files?: Partial<ControllerFiles>;
}

export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const { sh = localSh(), answer, files, ...rest } = options;
  const asked: (readonly (ProbeCommand | Step)[])[] = [];
  const said: string[] = [];
  const metas: string[] = [];
  const variables: Record<string, unknown> = {};
  const run = (command: ProbeCommand, settings: CommandOptions): CommandResult => {
    const output: Answer = answer?.(command, settings) ?? sh(compileProbe(command));
    return { code: 0, stdout: '', stderr: '', bytes: new Uint8Array(), timedOut: false, ...output };
  };
  return {
    name: 'fake',
    check: false,
    signal: new AbortController().signal,
    files: controllerFiles(files),
    variable: (name) => variables[name],
    facts: async () => ({}),
    run: async (commands, settings = {}) => {
      asked.push(commands);
      return commands.map((command) => run(command, settings));
    },
    look: async (commands, settings = {}) => {
      asked.push(commands);
      return commands.map((command) => run(command, settings));
    },
    timePassed: () => {},
    apply: async (steps) => {
      asked.push(steps);
      for (const step of steps) {
        const { code, stderr } = sh(compileStep(step));
        if (code !== 0) throw new Error(`step failed with ${code}: ${stderr}`);
      }
    },
    download: async () => {},
    progress: (text) => void said.push(text),
    connection: { drop: async () => {}, tryReconnect: async () => true },
    pending: { list: () => [], verify: async () => [] },
    rebootPolicy: 'auto',
    ask: async () => undefined,
    play: { setVariables: (values) => void Object.assign(variables, values), meta: (what) => void metas.push(what) },
    ...rest,
    asked,
    said,
    variables,
    metas,
  };
}

/** Runs an action with parameters as a user writes them. */
export const runAction = <P extends z.ZodObject>(
  action: ActionDefinition<P>,
  params: z.input<P>,
  host: ActionHost,
): Promise<ActionResult> => action.run(action.params.parse(params), host);

/** An error as the engine or the transport throws it. */
export const hostError = (code: ErrorCode, message: string): KvmnetError => new KvmnetError(code, message);

/** A runner for the machine itself: for scripts that change nothing but what a test made. */
export const localSh =
  (shell: readonly string[] = ['/bin/sh']) =>
  (script: string): ProbeOutput => {
    const [program = '/bin/sh', ...args] = shell;
    const done = spawnSync(program, args, { input: `(${script}\n)</dev/null`, maxBuffer: 1 << 28 });
    if (done.error !== undefined) throw done.error;
    return {
      stdout: done.stdout.toString(),
      stderr: done.stderr.toString(),
      code: done.status ?? 255,
      bytes: done.stdout,
    };
  };

const controllerFiles = (files: Partial<ControllerFiles> = {}): ControllerFiles => ({
  resolve: (path) => path,
  stat: async () => ({ sha256: '', size: 0, mode: '0644' }),
  read: async (path) => readFileSync(path),
  list: async () => [],
  render: async (path) => readFileSync(path, 'utf8'),
  ...files,
});
