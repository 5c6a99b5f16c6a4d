import type { AnyResource, Pending } from '../../sdk/index.ts';
import type { Become } from '../../transport/types.ts';
import type { Waiting } from '../host/pending-reasons.ts';
import { RebootedError } from '../host/rebooted-error.ts';
import type { HostSession } from '../host/session.ts';
import type { TaskHost } from '../host/task-host.ts';
import { verifyReasons } from '../host/verify-reasons.ts';
import type { Resource } from '../resource/reading.ts';
import type { RunContext } from './run-context.ts';

/** What a task has found to wait for a reboot of its host, with what it takes to see afterwards whether that has helped. */
export function waitingFor(
  module: AnyResource,
  resource: Resource,
  pending: readonly Pending[],
  task: string,
  become: Become | undefined,
): Waiting {
  const reboots = (found: readonly Pending[]): readonly Pending[] => found.filter(({ until }) => until === 'reboot');
  return {
    reasons: reboots(pending).map(({ path, reason }) => ({ task, path, reason })),
    scripts: resource.requests.map(({ key }) => key),
    become,
    settle: module.settle?.timeout ?? 0,
    standing: (outputOf) =>
      reboots(resource.read(outputOf).pending).map(({ path, reason, cause }) => ({ task, path, reason, hint: cause })),
  };
}

/** A reboot that no task has asked for may have mended what waited for one, or not. */
export async function warnOfStanding(context: RunContext, host: TaskHost): Promise<void> {
  for (const { task, reason, hint } of await verifyReasons(host.session, host)) {
    const why = hint === undefined ? '' : ` (${hint})`;
    const message = `it has rebooted; configured but not effective: ${reason} (${task})${why}`;
    context.emit({ type: 'warning', host: host.name, message });
  }
}

/** Runs a task's work. @throws RebootedError with `again` where a reboot has come in between before anything was changed */
export async function orAgain<T>(session: HostSession, work: () => Promise<T>): Promise<T> {
  const sent = session.changesSent;
  try {
    return await work();
  } catch (error) {
    const again = error instanceof RebootedError && session.changesSent === sent;
    throw again ? new RebootedError(session.name, true) : error;
  }
}
