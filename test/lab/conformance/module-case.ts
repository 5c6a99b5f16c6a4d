import type { TaskStatus } from '../../../src/engine/events.ts';

/** What the conformance suite has to know of a module or an action that it cannot find out: one file each below `cases/`. */
interface CaseOf<E> {
  /** `systemd` where the module needs services; default: a bare host, which starts in no time. */
  readonly host?: 'bare' | 'systemd';
  /** What every example takes for granted: sh, run in the host from outside, before that of the example. */
  readonly setup?: string;
  /** By the title of the example; all that run in the lab. */
  readonly examples: Readonly<Record<string, E>>;
  /** Parameters that are refused before anything connects, each with the words. */
  readonly refuses: readonly [Refusal, ...Refusal[]];
}

export interface ModuleCase extends CaseOf<ExampleCase> {
  /** What a network namespace cannot hold, and that its examples therefore run against files made for them; for the title. */
  readonly recorded?: string;
  /**
   * Titles of the examples that go onto the one host that is rebooted, together with those of all other modules; or why
   * there are none.
   */
  readonly reboot: readonly [string, ...string[]] | { readonly not: string };
  /** In place of all `setup` on the host that is rebooted: what it does has to be there after a boot, too. */
  readonly rebootSetup?: string;
  /** In place of parameters of the examples on that host. */
  readonly rebootParams?: Readonly<Record<string, unknown>>;
}

export type ActionModuleCase = CaseOf<ActionCase>;

export type ExampleCase = StateCase | ActionCase;

interface Given {
  /** sh, run in the host from outside: what must be there, and what differs from what the example wants. */
  readonly setup?: string;
  /** Files of the controller beside the playbook, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface StateCase extends Given {
  /** sh that shows the resource by plain tools, run in the host from outside. The module's own code has no part in it. */
  readonly look: string;
  /** What it prints once the example has been applied. */
  readonly shows: string | RegExp;
  /** sh, run in the host from outside: somebody else changes the resource. */
  readonly spoil: string;
  /** The warning that says, before it is done, that and why an undo does not bring back all of it. */
  readonly notUndone?: string;
  /** Lines of a snapshot that a repair leaves different: copies kept on purpose. */
  readonly leaves?: RegExp;
}

/** The example asks for no state but for something to be done each time, such as a restart, or only looks. */
export interface ActionCase extends Given {
  /** How a run ends. */
  readonly gives: Ending;
  /** In check mode; default: where it never changes anything, as in a run; else it would change something. */
  readonly checked?: Ending;
  /** The second time; default: as the first. */
  readonly again?: Ending;
  /** sh that shows it by plain tools, run in the host from outside, and what it prints then; default: the host is as before. */
  readonly does?: { readonly look: string; readonly shows: string | RegExp };
  /** It comes back as another boot, whenever it has changed something. */
  readonly reboots?: true;
  /** What register holds, by its path: each with sh that prints the same by plain tools, run in the host from outside. */
  readonly registers?: Readonly<Record<string, string>>;
  /** Files beside the playbook that a run brings, HOST in place of its name: each with such sh that prints the same. */
  readonly brings?: Readonly<Record<string, string>>;
  /** sh, run in the host from outside while the run goes on: what is waited for. */
  readonly meanwhile?: string;
  /** What its play has beside the task, which registers `result`; the ad-hoc form has only `args` of it. */
  readonly play?: {
    readonly keywords?: Readonly<Record<string, unknown>>;
    readonly before?: readonly Readonly<Record<string, unknown>>[];
    readonly after?: readonly Readonly<Record<string, unknown>>[];
    /** For every run. */
    readonly args?: readonly string[];
  };
  /** What comes after it in a run, in order: handlers and the tasks after it. */
  readonly follows?: readonly Ending[];
}

/** A status; with words, those of the task's message, warning or text. */
export type Ending = TaskStatus | { readonly status: TaskStatus; readonly says: string | RegExp };

export interface Refusal {
  readonly params: unknown;
  /** The first line of the mistake, after its place. */
  readonly says: string;
}
