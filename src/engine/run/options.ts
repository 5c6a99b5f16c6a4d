import type { Inventory } from '../../inventory/model.ts';
import type { Vault, YamlNode } from '../../lang/index.ts';
import type { Playbook } from '../../playbook/model.ts';
import type { Transport } from '../../transport/types.ts';
import type { Ask } from '../action/action-host.ts';
import type { RunEvent } from '../events.ts';
import type { Journal } from '../journal/journal.ts';
import type { Registry } from '../registry.ts';

/** What the person at the command line has asked for. */
export interface RunOptions {
  readonly check: boolean;
  readonly diff: boolean;
  /** How often `-v` was given; for `debug`. */
  readonly verbosity?: number | undefined;
  /** Hosts worked on at the same time. */
  readonly forks: number;
  /** `-l`. */
  readonly limit?: string | undefined;
  /** Tasks with one of these tags run; empty: all but `never`. */
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly extraVars: Readonly<Record<string, unknown>>;
  /** Those of `-e` that hold templates, expressions or vault texts: rendered per host. */
  readonly extraTemplates?: ReadonlyMap<string, YamlNode> | undefined;
  /** `-b`, `--become-user`, `--become-method` and the password of `-K`: weaker than play, task and variables. */
  readonly become: {
    readonly enabled?: boolean | undefined;
    readonly user?: string | undefined;
    readonly method?: 'sudo' | 'su' | 'doas' | undefined;
    readonly password?: string | undefined;
  };
  readonly startAtTask?: string | undefined;
  /** Ask before each task. */
  readonly step: boolean;
  readonly rebootPolicy: 'auto' | 'ask' | 'never';
  /** Changes that cross the path of our session: taken back by the host unless confirmed within the window. */
  readonly confirm: { readonly enabled: boolean; readonly windowSeconds: number };
  /** One run at a time changes a host: how long to wait for another one, and who we are. Undefined: hosts are not locked. */
  readonly lock?: { readonly timeoutSeconds: number; readonly who: string } | undefined;
}

export interface RunInput {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  readonly registry: Registry;
  readonly transport: Transport;
  readonly vault: Vault;
  readonly options: RunOptions;
  readonly emit: (event: RunEvent) => void;
  readonly ask: Ask;
  readonly signal: AbortSignal;
  /** Where the run is written down; check runs, and runs that change nothing by their nature, have none. */
  readonly journal?: Journal | undefined;
}

export interface RunOutcome {
  readonly failed: boolean;
  readonly unreachable: boolean;
  /** Something changed, or would change in check mode. */
  readonly changed: boolean;
  readonly interrupted: boolean;
}
