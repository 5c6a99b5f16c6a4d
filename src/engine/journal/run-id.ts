import { randomBytes } from 'node:crypto';

/**
 * Sorts by time (UTC), to the millisecond, and two controllers hardly ever make the same one: `20261123-140501-1f3a07`, where
 * `1f3` is the milliseconds and the rest chance.
 */
export function newRunId(now = new Date()): string {
  const [day = '', time = ''] = now
    .toISOString()
    .replace(/[-:]|\.\d+Z/g, '')
    .split('T');
  const milliseconds = now.getUTCMilliseconds().toString(16).padStart(3, '0');
  return `${day}-${time}-${milliseconds}${randomBytes(2).toString('hex').slice(1)}`;
}

/** The day of a run that began so many days ago, as ids begin: `20260825`. */
export const dayOfRuns = (daysAgo: number, now = Date.now()): string =>
  new Date(now - daysAgo * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
