import type { Change, TextDiff } from '../sdk/index.ts';

export type TaskStatus =
  'ok' | 'changed' | 'would-change' | 'unknown' | 'skipped' | 'failed' | 'unreachable' | 'rescued' | 'ignored';

/** Why a task failed, in words ready to be shown. */
export interface FailureReport {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  /** `site.yml:12:9` with the source line, where the mistake is the user's. */
  readonly at?:
    { readonly file: string; readonly line: number; readonly column: number; readonly text?: string } | undefined;
  /** The failed remote command. */
  readonly command?:
    | { readonly argv: readonly string[]; readonly code: number; readonly stdout: string; readonly stderr: string }
    | undefined;
  /** The stack, where it is a bug of kvmnet. */
  readonly stack?: string | undefined;
}

/** How one task, or one item of its loop, ended on one host. */
export interface TaskEvent {
  readonly type: 'task';
  readonly play: string;
  readonly host: string;
  /** The task's name, or its module with the key parameter where it has none. */
  readonly task: string;
  readonly module: string;
  readonly status: TaskStatus;
  readonly changes: readonly Change[];
  readonly ms: number;
  /** The item's label, where the task is one turn of a loop. */
  readonly item?: string | undefined;
  readonly handler?: true | undefined;
  readonly role?: string | undefined;
  readonly at: { readonly file: string; readonly line: number };
  /** Output of debug, of a command with -v, the reason of a skip. */
  readonly text?: string | undefined;
  readonly failure?: FailureReport | undefined;
  readonly warnings?: readonly string[] | undefined;
  readonly pending?:
    readonly { readonly path: string; readonly reason: string; readonly until: 'reboot' | 'restart' }[] | undefined;
  /** Whole texts before and after, when diffs are asked for. */
  readonly texts?: readonly TextDiff[] | undefined;
  /** Name of the host it was delegated to. */
  readonly delegatedTo?: string | undefined;
  /** What `register` would hold (stdout, code, …), for verbose reports. */
  readonly result?: Readonly<Record<string, unknown>> | undefined;
}

export interface HostRecap {
  readonly ok: number;
  readonly changed: number;
  readonly would_change: number;
  readonly unknown: number;
  readonly skipped: number;
  readonly failed: number;
  readonly unreachable: number;
  readonly rescued: number;
  readonly ignored: number;
  readonly reboots: number;
  readonly reboot_pending: number;
  readonly round_trips: number;
}

/** Everything that happens in a run, in order. Reporters and the journal are made of nothing else. */
export type RunEvent =
  | {
      readonly type: 'run';
      readonly id: string;
      readonly check: boolean;
      readonly diff: boolean;
      readonly playbooks: readonly string[];
      readonly started: string;
    }
  | {
      readonly type: 'play';
      readonly play: string;
      readonly hosts: readonly string[];
      readonly batch: number;
      readonly batches: number;
    }
  /** All hosts that will run it come to this task now (linear) or this host does (free). */
  | {
      readonly type: 'task-start';
      readonly play: string;
      readonly task: string;
      readonly module: string;
      readonly handler?: true | undefined;
    }
  /** What a host does right now: connecting, gathering facts, a task, waiting for a reboot. */
  | {
      readonly type: 'host';
      readonly host: string;
      readonly doing: string;
      readonly taskIndex?: number | undefined;
      readonly taskCount?: number | undefined;
    }
  /** Something is under way: an upload, a wait. `share` from 0 to 1 where it is known. */
  | { readonly type: 'progress'; readonly host: string; readonly text: string; readonly share?: number | undefined }
  | TaskEvent
  | { readonly type: 'host-end'; readonly host: string; readonly status: 'ok' | 'failed' | 'unreachable' }
  | { readonly type: 'warning'; readonly message: string; readonly host?: string | undefined }
  | {
      readonly type: 'recap';
      readonly hosts: Readonly<Record<string, HostRecap>>;
      readonly ms: number;
      /** Reasons for a reboot that wait, by host. */
      readonly pending: Readonly<
        Record<string, readonly { readonly task: string; readonly path: string; readonly reason: string }[]>
      >;
      readonly interrupted?: true | undefined;
      readonly run: string;
    };
