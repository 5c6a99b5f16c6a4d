import type { HostRecap, TaskStatus } from './events.ts';

const columns = {
  ok: 'ok',
  changed: 'changed',
  'would-change': 'would_change',
  unknown: 'unknown',
  skipped: 'skipped',
  failed: 'failed',
  unreachable: 'unreachable',
  rescued: 'rescued',
  ignored: 'ignored',
} as const satisfies Record<TaskStatus, keyof HostRecap>;

type Counts = Record<(typeof columns)[TaskStatus], number>;

/** Counts results by host. */
export class Recap {
  readonly #hosts = new Map<string, Counts>();

  add(host: string): Counts {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const counts: Counts = {
      ok: 0,
      changed: 0,
      would_change: 0,
      unknown: 0,
      skipped: 0,
      failed: 0,
      unreachable: 0,
      rescued: 0,
      ignored: 0,
    };
    this.#hosts.set(host, counts);
    return counts;
  }

  count(host: string, status: TaskStatus): void {
    this.add(host)[columns[status]] += 1;
  }

  /** Failures that a rescue section has made good count as rescued: there are several where a failed task took others back. */
  rescued(host: string): void {
    const counts = this.add(host);
    counts.rescued += counts.failed;
    counts.failed = 0;
  }

  /** What a task has changed is not there any more: it is counted anew, by what it is now. */
  takenBack(host: string): void {
    this.add(host).changed -= 1;
  }

  result(
    sessionOf: (host: string) => Pick<HostRecap, 'reboots' | 'reboot_pending' | 'round_trips'>,
  ): Record<string, HostRecap> {
    return Object.fromEntries([...this.#hosts].map(([host, counts]) => [host, { ...counts, ...sessionOf(host) }]));
  }
}
