import type { Change, Pending, TextDiff } from '../../sdk/index.ts';
import type { ActionResult } from '../../sdk/action.ts';
import type { TaskStatus } from '../events.ts';
import type { ResourceResult } from '../resource/run-resource.ts';

/** What one turn of a task has come to, before `changed_when` and the like have had their say. */
export interface TurnResult {
  readonly status: Extract<TaskStatus, 'ok' | 'changed' | 'would-change' | 'unknown' | 'skipped' | 'failed'>;
  readonly changes: readonly Change[];
  readonly message?: string | undefined;
  readonly hint?: string | undefined;
  readonly text?: string | undefined;
  readonly warnings: readonly string[];
  readonly pending: readonly Pending[];
  readonly texts: readonly TextDiff[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
  /** What a failure that the action reports itself (an exit code) is where `failed_when` calls it none. */
  readonly unfailed?: 'ok' | 'changed' | undefined;
}

const nothing = { changes: [], warnings: [], pending: [], texts: [], data: {} } as const;

export const skipped = (text: string): TurnResult => ({ ...nothing, status: 'skipped', text });
export const unknown = (text: string): TurnResult => ({ ...nothing, status: 'unknown', text });
export const failed = (error: unknown): TurnResult => ({
  ...nothing,
  status: 'failed',
  message: error instanceof Error ? error.message : String(error),
  error,
});

export const ofResource = (result: ResourceResult): TurnResult => result;

export function ofAction(result: ActionResult, check: boolean): TurnResult {
  const { changed, failed: bad = false, skipped: none = false, changes = [], warnings = [], data = {} } = result;
  const status = bad ? 'failed' : none ? 'skipped' : changed ? (check ? 'would-change' : 'changed') : 'ok';
  const { message, hint, text } = result;
  return { ...nothing, status, changes, warnings, data, message, hint, text, unfailed: changed ? 'changed' : 'ok' };
}

/** What `register` keeps, with Ansible's names. */
export function registered(turn: TurnResult): Record<string, unknown> {
  return {
    ...turn.data,
    changed: turn.status === 'changed' || turn.status === 'would-change',
    failed: turn.status === 'failed',
    skipped: turn.status === 'skipped',
    changes: turn.changes,
    ...(turn.message === undefined ? {} : { msg: turn.message }),
    ...(turn.warnings.length === 0 ? {} : { warnings: turn.warnings }),
  };
}
