import { KvmnetError } from '../../util/errors.ts';
import type { FailureReport } from '../events.ts';
import { RemoteCommandError } from '../remote-command-error.ts';

/** A task's failure as it is reported. */
export function failureReport(error: unknown): FailureReport {
  if (!(error instanceof KvmnetError)) {
    const bug = error instanceof Error ? error : new Error(String(error));
    return { code: 'bug', message: `bug: ${bug.message}`, stack: bug.stack };
  }
  const { code, message, hint, at } = error;
  if (!(error instanceof RemoteCommandError)) return { code, message, hint, at };
  const { argv, exitCode, stdout, stderr } = error;
  return { code, message, hint, at, command: { argv, code: exitCode, stdout, stderr } };
}

const unreachableCodes: ReadonlySet<string> = new Set(['unreachable', 'auth', 'host-key', 'connection-lost']);

/** The host itself could not be spoken to: nothing is wrong with the task. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof KvmnetError && unreachableCodes.has(error.code);

export const isInterrupt = (error: unknown): boolean =>
  (error instanceof KvmnetError && error.code === 'interrupted') ||
  (error instanceof Error && error.name === 'AbortError');

/** Not decidable before something else is there: in check mode that is no error once something would have changed. */
export const needsSomethingElse = (error: unknown): boolean =>
  error instanceof KvmnetError && (error.code === 'missing' || error.code === 'undefined-variable');
