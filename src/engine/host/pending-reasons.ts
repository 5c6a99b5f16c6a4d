import type { RebootReason, StandingReason } from '../../sdk/action.ts';
import type { ProbeOutput } from '../../sdk/index.ts';
import type { Become } from '../../transport/types.ts';

/** What one task has found, and how to see whether a reboot has mended it. */
export interface Waiting {
  readonly reasons: readonly RebootReason[];
  /** Probe scripts of the task, as that user. */
  readonly scripts: readonly string[];
  readonly become: Become | undefined;
  /** Seconds that the state may take to settle. */
  readonly settle: number;
  /** Reasons that stand according to what the probes answer. @throws KvmnetError where the module refuses what it sees */
  readonly standing: (outputOf: (script: string) => ProbeOutput | undefined) => readonly StandingReason[];
}

/** What waits for a reboot of one host, by the task (and the item of its loop) that has found it. */
export class PendingReasons {
  readonly #waiting = new Map<string, Waiting>();
  /** What waited for the reboot that has been, and has not been looked at since. */
  readonly #unverified = new Map<string, Waiting>();

  get list(): readonly RebootReason[] {
    return [...this.#unverified.values(), ...this.#waiting.values()].flatMap(({ reasons }) => reasons);
  }

  get unverified(): ReadonlyMap<string, Waiting> {
    return this.#unverified;
  }

  /** A task says what waits; what it said before does not count any more. */
  set(key: string, waiting: Waiting): void {
    this.#unverified.delete(key);
    if (waiting.reasons.length > 0) this.#waiting.set(key, waiting);
    else this.#waiting.delete(key);
  }

  /** The host has come up anew: whether that has mended anything is to be seen. */
  rebooted(): void {
    for (const [key, waiting] of this.#waiting) this.#unverified.set(key, waiting);
    this.#waiting.clear();
  }
}
