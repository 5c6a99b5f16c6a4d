import type { TaskEvent } from '../engine/events.ts';
import { textWidth } from '../util/text-width.ts';
import { hostList } from './host-list.ts';
import { resultLines, type ResultView } from './result-lines.ts';

type View = Omit<ResultView, 'hostWidth'>;

interface Group {
  readonly event: TaskEvent;
  readonly hosts: string[];
}

/** Results that wait for others that say the same: hosts that went alike are told of once. */
export interface ResultGroups {
  add(event: TaskEvent, view: View): void;
  /** What waits, for good. @param order - the place of each host in the play */
  take(hostWidth: number, order: ReadonlyMap<string, number>): readonly string[];
  /** The task that the waiting results belong to. */
  readonly task: string | undefined;
}

export function createResultGroups(): ResultGroups {
  const groups = new Map<string, Group & { readonly view: View }>();
  return {
    add(event, view) {
      const lines = resultLines({ ...event, host: '' }, { ...view, hostWidth: 0 });
      if (lines.length === 0) return;
      const key = lines.join('\n');
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { event, hosts: [event.host], view });
      else group.hosts.push(event.host);
    },
    take(hostWidth, order) {
      const first = ({ hosts }: Group): number => Math.min(...hosts.map((host) => order.get(host) ?? order.size));
      const taken = [...groups.values()].toSorted((a, b) => first(a) - first(b));
      groups.clear();
      return taken.flatMap(({ event, hosts, view }) => {
        const host = hostList(hosts);
        return resultLines({ ...event, host }, { ...view, hostWidth: Math.max(hostWidth, textWidth(host)) });
      });
    },
    get task() {
      const [first] = groups.values();
      return first?.event.task;
    },
  };
}
