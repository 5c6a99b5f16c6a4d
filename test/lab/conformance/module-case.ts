/** What the conformance suite has to know of a module that it cannot find out: one file per module below `cases/`. */
export interface ModuleCase {
  /** `systemd` where the module needs services; default: a bare host, which starts in no time. */
  readonly host?: 'bare' | 'systemd';
  /** What a network namespace cannot hold, and that its examples therefore run against files made for them; for the title. */
  readonly recorded?: string;
  /** What every example takes for granted: sh, run in the host from outside, before that of the example. */
  readonly setup?: string;
  /** By the title of the example; all that run in the lab. */
  readonly examples: Readonly<Record<string, ExampleCase>>;
  /**
   * Titles of the examples that go onto the one host that is rebooted, together with those of all other modules; or why
   * there are none.
   */
  readonly reboot: readonly [string, ...string[]] | { readonly not: string };
  /** In place of all `setup` on the host that is rebooted: what it does has to be there after a boot, too. */
  readonly rebootSetup?: string;
  /** Parameters that are refused before anything connects, each with the words. */
  readonly refuses: readonly [Refusal, ...Refusal[]];
}

export type ExampleCase = StateCase | ActionCase;

interface Shown {
  /** sh, run in the host from outside: what must be there, and what differs from what the example wants. */
  readonly setup?: string;
  /** Files of the controller beside the playbook, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** sh that shows the resource by plain tools, run in the host from outside. The module's own code has no part in it. */
  readonly look: string;
  /** What it prints once the example has been applied. */
  readonly shows: string | RegExp;
}

export interface StateCase extends Shown {
  readonly acts?: never;
  /** sh, run in the host from outside: somebody else changes the resource. */
  readonly spoil: string;
  /** The warning that says, before it is done, that and why an undo does not bring back all of it. */
  readonly notUndone?: string;
  /** Lines of a snapshot that a repair leaves different: copies kept on purpose. */
  readonly leaves?: RegExp;
}

/** The example asks for no state but for something to be done each time, such as a restart. */
export interface ActionCase extends Shown {
  readonly acts: true;
}

export interface Refusal {
  readonly params: unknown;
  /** The first line of the mistake, after its place. */
  readonly says: string;
}
