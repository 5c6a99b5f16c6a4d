import type { Reading } from '../resource/reading.ts';

/** A change that crosses the path of our session. */
export interface CrossingChange {
  readonly reading: Reading;
  /** What of our path it crosses, in words. */
  readonly crossings: readonly string[];
  /** Scripts that travel with the question what came of it: what verifies it, what comes next. */
  readonly probes: () => Promise<readonly string[]>;
  /** Reads the resource again and says what is still not as wanted, or undefined. */
  readonly verify: () => Promise<string | undefined>;
}
