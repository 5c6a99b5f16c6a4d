import { expect } from 'vitest';
import type { Guest } from './guest.ts';

/** A line of shell with plain tools, and what it shows: all of it, or what is in it. */
export type Look = readonly [script: string, shows: RegExp | string];

/** Looks at a guest from outside, past what is under test; all that is not as it should be is told at once. */
export async function expectLooks(guest: Guest, looks: readonly Look[]): Promise<void> {
  for (const [script, shows] of looks) {
    const { stdout } = await guest.outside(['sh', '-c', script]);
    if (typeof shows === 'string') expect.soft(stdout, script).toBe(shows);
    else expect.soft(stdout, script).toMatch(shows);
  }
}
