import type { z } from 'zod';
import type { JsonObject } from '../util/json.ts';
import type { ControllerFiles, Example } from './module.ts';
import type { ProbeCommand } from './probe.ts';
import type { Change } from './state.ts';
import type { Step } from './step.ts';

/** How a command on the host ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Uint8Array;
  readonly timedOut: boolean;
}

export interface CommandOptions {
  /** Seconds; default: the task's `timeout`. */
  readonly timeout?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Why a host has to be rebooted. */
export interface RebootReason {
  /** Name of the task that has found it. */
  readonly task: string;
  readonly path: string;
  readonly reason: string;
}

/** A reason that a reboot has not mended. */
export interface StandingReason extends RebootReason {
  /** What may be the matter, and what to do about it. */
  readonly hint?: string | undefined;
}

/** What an action can do with its host. */
export interface ActionHost {
  /** Name in the inventory. */
  readonly name: string;
  /** Check mode: say what would be done, do nothing. */
  readonly check: boolean;
  readonly signal: AbortSignal;
  readonly files: ControllerFiles;
  /** A variable of the host as the task sees it, or undefined. */
  variable(name: string): unknown;
  /** The facts of the host; read now if they were not. */
  facts(): Promise<JsonObject>;
  /** Runs commands in one round trip; all of them, whatever their exit codes. */
  run(commands: readonly ProbeCommand[], options?: CommandOptions): Promise<readonly CommandResult[]>;
  /**
   * Asks what the action has announced in {@link ActionDefinition.looks}: answered without a round trip where it was read
   * ahead and nothing has changed since, else as by `run`.
   */
  look(commands: readonly ProbeCommand[], options?: CommandOptions): Promise<readonly CommandResult[]>;
  /** Runs steps in one round trip. @throws KvmnetError code `remote-command` at the first that fails */
  apply(steps: readonly Step[]): Promise<void>;
  /** Copies a file of the host to the controller. */
  download(path: string, to: string): Promise<void>;
  /** Something may have happened on the host meanwhile (a wait): what was read before does not count any more. */
  timePassed(): void;
  /** A line for the person who watches: `waiting for port 22`. */
  progress(text: string): void;
  readonly connection: {
    /** Gives the connection up; the next use opens a new one. */
    drop(): Promise<void>;
    /** Tries to log in anew, once; longer where the inventory gives logins longer. @returns false while the host cannot be reached */
    tryReconnect(timeoutSeconds: number): Promise<boolean>;
    /** True: there is none, the host is the machine that kvmnet runs on. */
    readonly local?: boolean | undefined;
    /** Why the last attempt to log in gave false: `connection refused`. */
    readonly lastError?: string | undefined;
  };
  /** What waits for a reboot on this host. That it has rebooted the engine sees by itself. */
  readonly pending: {
    list(): readonly RebootReason[];
    /** After a reboot: reads again what waited for it. @returns the reasons that still stand */
    verify(): Promise<readonly StandingReason[]>;
  };
  /** How the run answers reboots: `--reboot`. */
  readonly rebootPolicy: 'auto' | 'ask' | 'never';
  /** Asks the person at the terminal. @returns undefined where there is none */
  ask(question: string, options?: { readonly echo?: boolean }): Promise<string | undefined>;
  /** Steers the play. */
  readonly play: {
    setVariables(values: Readonly<Record<string, unknown>>): void;
    meta(what: MetaCommand): void;
  };
}

export type MetaCommand =
  'flush_handlers' | 'end_host' | 'end_play' | 'clear_host_errors' | 'refresh_facts' | 'reset_connection' | 'noop';

export interface ActionResult {
  readonly changed: boolean;
  /** True: the task failed, with `message` as the reason (a failed assertion, an exit code). */
  readonly failed?: boolean | undefined;
  /** True: there was nothing to do for a reason of the action's own (`creates` exists). */
  readonly skipped?: boolean | undefined;
  readonly message?: string | undefined;
  readonly hint?: string | undefined;
  /** Shown as the result's text (debug). */
  readonly text?: string | undefined;
  readonly changes?: readonly Change[] | undefined;
  readonly warnings?: readonly string[] | undefined;
  /** What `register` keeps, beside changed, failed, skipped and msg. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** A CEL expression of the playbook with what it gave on this host. */
export interface BoundExpression {
  readonly source: string;
  /** Its value; undefined where `error` is set. */
  readonly value?: unknown;
  /** Why it has no value. */
  readonly error?: string | undefined;
}

/** What cannot be a resource: a command, a wait, an assertion (DESIGN.md, section 1). */
export interface ActionDefinition<Params extends z.ZodObject> {
  readonly kind: 'action';
  readonly name: string;
  readonly summary: string;
  readonly params: Params;
  readonly examples: readonly Example<z.input<Params>>[];
  /** `change`: it may change the host, so what was read before it does not count any more. */
  readonly effect: 'none' | 'change';
  /** What it does in check mode, for its page: `it is skipped`. Default: what looks runs as ever, what may change something says that it would. */
  readonly inCheckMode?: string;
  /** `controller`: it never speaks to the host, so no connection is made for it. */
  readonly where?: 'host' | 'controller';
  /** The parameter that a bare value stands for: `command: uname -r` is `command: { cmd: uname -r }`. */
  readonly shortForm?: string;
  /**
   * Parameters whose strings (or items) are CEL. They are compiled with the playbook, not templated, and arrive at
   * `params` as {@link BoundExpression}, one for each string.
   */
  readonly expressions?: readonly string[];
  /** Read-only commands that it will `look` at first: they travel ahead, with the probes of resources. */
  readonly looks?: (p: z.output<Params>) => readonly ProbeCommand[];
  /** Whether it leaves the host alone while nothing waits for a reboot: then what comes after it is read ahead as well. */
  readonly idle?: (p: z.output<Params>) => boolean;
  /** Looks at the controller's files before anything is connected. @throws KvmnetError where one is missing */
  readonly precheck?: (p: z.output<Params>, files: ControllerFiles) => void | Promise<void>;
  /** Runs on the first host only; the result counts for all. */
  readonly runOnce?: true;
  readonly run: (p: z.output<Params>, host: ActionHost) => Promise<ActionResult>;
}

export function defineAction<Params extends z.ZodObject>(
  definition: Omit<ActionDefinition<Params>, 'kind'>,
): ActionDefinition<Params> {
  return { kind: 'action', ...definition };
}
