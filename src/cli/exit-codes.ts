import type { HostRecap } from '../engine/events.ts';
import { KvmnetError, type ErrorCode } from '../util/errors.ts';

/** What the exit code of a run means. A failed host outweighs one that could not be reached. */
export const exitCodes = {
  ok: 0,
  usage: 1,
  failed: 2,
  pendingChanges: 3,
  unreachable: 4,
  bug: 70,
  interrupted: 130,
} as const;

interface Ended {
  readonly hosts: Readonly<Record<string, HostRecap>>;
  readonly interrupted: boolean;
  /** `--exit-code` in check mode: changes that would be made are told by the exit code. */
  readonly tellChanges: boolean;
}

export function exitCodeOf({ hosts, interrupted, tellChanges }: Ended): number {
  const any = (key: keyof HostRecap): boolean => Object.values(hosts).some((host) => host[key] > 0);
  if (interrupted) return exitCodes.interrupted;
  if (any('failed')) return exitCodes.failed;
  if (any('unreachable')) return exitCodes.unreachable;
  return tellChanges && any('would_change') ? exitCodes.pendingChanges : exitCodes.ok;
}

const unreachable: ReadonlySet<ErrorCode> = new Set(['unreachable', 'auth', 'host-key', 'connection-lost']);
const onHost: ReadonlySet<ErrorCode> = new Set(['become', 'timeout', 'remote-command', 'did-not-converge', 'locked']);

/** The exit code for an error that ended everything. */
export function exitCodeOfError(error: unknown): number {
  if (!(error instanceof KvmnetError)) return exitCodes.bug;
  if (error.code === 'interrupted') return exitCodes.interrupted;
  if (unreachable.has(error.code)) return exitCodes.unreachable;
  return onHost.has(error.code) ? exitCodes.failed : exitCodes.usage;
}
