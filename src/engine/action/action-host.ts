import { createWriteStream } from 'node:fs';
import { KvmnetError } from '../../util/errors.ts';
import { compileStep } from '../../sdk/compile.ts';
import type { ActionHost, CommandResult, ControllerFiles, Step } from '../../sdk/index.ts';
import type { MetaCommand } from '../../sdk/action.ts';
import type { PartResult } from '../../transport/types.ts';
import type { VarSource } from '../../lang/index.ts';
import { exports, withEnvironment } from '../host/probe-request.ts';
import { toOutput } from '../host/exchange.ts';
import { verifyReasons } from '../host/verify-reasons.ts';
import type { TaskHost } from '../host/task-host.ts';
import { stepError } from '../remote-command-error.ts';

/** Asks the person at the terminal; undefined where there is none. */
export type Ask = (question: string, options?: { readonly echo?: boolean }) => Promise<string | undefined>;

interface Options {
  readonly host: TaskHost;
  readonly vars: VarSource;
  readonly files: ControllerFiles;
  readonly rebootPolicy: 'auto' | 'ask' | 'never';
  readonly ask: Ask;
  /** What it runs may change the host: what was read before does not count after it. */
  readonly invalidates: boolean;
  readonly setVariables: (values: Readonly<Record<string, unknown>>) => void;
  readonly meta: (what: MetaCommand) => void;
}

/** The host as an action sees it. */
export function actionHost({
  host,
  vars,
  files,
  rebootPolicy,
  ask,
  invalidates,
  setVariables,
  meta,
}: Options): ActionHost {
  const { session } = host;
  // What comes next is read in the same round trip, after the command: that is what it will find. One that changes nothing
  // and asks again and again has read ahead the first time.
  let asked = false;
  const ahead = async (): Promise<readonly string[]> => {
    if (invalidates) host.changed();
    else if (asked) return [];
    asked = true;
    return host.ahead();
  };
  const run: ActionHost['run'] = async (commands, { timeout, environment = {} } = {}) => {
    const scripts = commands.map((command) => withEnvironment(command, { ...host.environment, ...environment }));
    const exchange = { commands: scripts, probes: await ahead() };
    const { commands: results } = await host.exchange(exchange, { timeout, signal: host.signal });
    return results.map(toCommandResult);
  };
  return {
    name: host.name,
    check: host.check,
    signal: host.signal,
    files,
    rebootPolicy,
    ask,
    variable: (name) => vars.get(name),
    timePassed: () => host.changed(),
    progress: (text) => host.progress(text),
    play: { setVariables, meta },
    async facts() {
      if (session.facts === undefined) {
        session.wantFacts();
        await host.exchange({});
      }
      return session.facts ?? {};
    },
    run,
    async look(commands, options) {
      const known = commands.map((command) => host.cache.get(withEnvironment(command, host.environment)));
      const answers = known.filter((output) => output !== undefined);
      if (answers.length < commands.length) return run(commands, options);
      return answers.map((output) => ({ ...output, timedOut: false }));
    },
    apply: (steps) => applySteps(steps, host, ahead),
    async download(path, to) {
      const connection = await session.connection();
      await connection.download(path, createWriteStream(to, { mode: 0o600 }), {
        become: host.become,
        signal: host.signal,
        onProgress: (bytes) => host.progress(`download ${path}: ${bytes} bytes`),
      });
    },
    connection: {
      drop: () => session.drop(),
      tryReconnect: (seconds) => session.tryReconnect(seconds),
      local: session.isLocal,
      get lastError() {
        return session.lastRefusal;
      },
    },
    pending: {
      list: () => session.pending,
      verify: () => verifyReasons(session, { become: host.become, ahead: host.ahead, signal: host.signal }),
    },
  };
}

async function applySteps(
  steps: readonly Step[],
  host: TaskHost,
  ahead: () => Promise<readonly string[]>,
): Promise<void> {
  const prefix = exports(host.environment);
  const scripts = steps.map((step) => `${prefix}${compileStep(step)}`);
  const { steps: results } = await host.exchange({ steps: scripts, probes: await ahead() });
  const failed = results.findIndex(({ ran, code }) => ran && code !== 0);
  const [result, step] = [results[failed], steps[failed]];
  if (result !== undefined && step !== undefined) throw stepError(step, result, host.name);
}

function toCommandResult(result: PartResult): CommandResult {
  if (!result.ran) throw new KvmnetError('remote-command', 'the command was not run');
  return { ...toOutput(result), timedOut: result.timedOut };
}
