import { randomBytes } from 'node:crypto';

/** Sorts by time (UTC), and two controllers never make the same one: `20261123-140501-1f3a`. */
export function newRunId(now = new Date()): string {
  const [day = '', time = ''] = now
    .toISOString()
    .replace(/[-:]|\.\d+Z/g, '')
    .split('T');
  return `${day}-${time}-${randomBytes(2).toString('hex')}`;
}

/** The day of a run that began so many days ago, as ids begin: `20260825`. */
export const dayOfRuns = (daysAgo: number, now = Date.now()): string =>
  new Date(now - daysAgo * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
