import type { ProbeOutput } from '../../sdk/index.ts';

/**
 * What was read of one host and is still true, by the exact script that read it, and how far to look ahead.
 *
 * As long as nothing changes, what was read stays true. A change throws all of it away and shrinks the look-ahead to one
 * task; each task that changes nothing doubles it again. So a run that changes nothing reads everything at once, and one
 * that changes everything never reads far ahead in vain. There are no cache keys to get wrong.
 */
export class ProbeCache {
  readonly #outputs = new Map<string, ProbeOutput>();
  #window = Number.POSITIVE_INFINITY;

  /** How many of the coming resource tasks are worth reading now. */
  get window(): number {
    return this.#window;
  }

  get(key: string): ProbeOutput | undefined {
    return this.#outputs.get(key);
  }

  has(key: string): boolean {
    return this.#outputs.has(key);
  }

  set(key: string, output: ProbeOutput): void {
    this.#outputs.set(key, output);
  }

  /** Something on the host has changed, or may have. */
  changed(): void {
    this.#outputs.clear();
    this.#window = 1;
  }

  /** A task found nothing to change. */
  unchanged(): void {
    this.#window *= 2;
  }
}
