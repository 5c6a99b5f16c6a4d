import type { RunEvent } from '../../engine/events.ts';

export type RowState = 'waiting' | 'working' | 'done' | 'failed';

/** What a host is at, as far as the events told. */
export interface HostRow {
  readonly host: string;
  readonly state: RowState;
  readonly doing: string;
  /** When it began that, on the reporter's clock. */
  readonly since: number;
  readonly taskIndex?: number | undefined;
  readonly taskCount?: number | undefined;
  readonly changed: number;
  readonly wouldChange: number;
}

/** The hosts of the current play in its order; what was counted stays over the plays of a run. */
export interface HostTable {
  handle(event: RunEvent, now: number): void;
  rows(): readonly HostRow[];
  row(host: string): HostRow | undefined;
}

export function createHostTable(): HostTable {
  const known = new Map<string, HostRow>();
  let current: readonly string[] = [];

  const patch = (host: string, changes: Partial<HostRow>): void => {
    const fresh: HostRow = { host, state: 'waiting', doing: 'waiting', since: 0, changed: 0, wouldChange: 0 };
    known.set(host, { ...fresh, ...known.get(host), ...changes });
  };

  /** A host that failed in an earlier play shows so until it does something again. */
  const startHost = (host: string, now: number): void => {
    if (known.get(host)?.state === 'failed') return;
    patch(host, { state: 'waiting', doing: 'waiting', since: now, taskIndex: undefined, taskCount: undefined });
  };

  const handleTask = (event: Extract<RunEvent, { type: 'task' }>): void => {
    const row = known.get(event.host);
    if (event.status === 'changed') patch(event.host, { changed: (row?.changed ?? 0) + 1 });
    if (event.status === 'would-change') patch(event.host, { wouldChange: (row?.wouldChange ?? 0) + 1 });
    if (event.status === 'failed' || event.status === 'unreachable') {
      const reason = event.failure?.message.split('\n')[0] ?? event.task;
      patch(event.host, { state: 'failed', doing: `${event.status}: ${reason}` });
    }
  };

  return {
    handle(event, now) {
      if (event.type === 'play') {
        current = event.hosts;
        for (const host of event.hosts) startHost(host, now);
      } else if (event.type === 'host') {
        const { host, doing, taskIndex, taskCount } = event;
        patch(host, { state: 'working', doing, since: now, taskIndex, taskCount });
      } else if (event.type === 'progress') {
        const share = event.share === undefined ? '' : ` ${Math.floor(event.share * 100)} %`;
        patch(event.host, { state: 'working', doing: `${event.text}${share}` });
      } else if (event.type === 'task') {
        handleTask(event);
      } else if (event.type === 'host-end') {
        const doing =
          known.get(event.host)?.state === 'failed' ? {} : { doing: event.status === 'ok' ? 'done' : event.status };
        patch(event.host, { state: event.status === 'ok' ? 'done' : 'failed', ...doing });
      }
    },
    rows: () => current.flatMap((host) => known.get(host) ?? []),
    row: (host) => known.get(host),
  };
}
