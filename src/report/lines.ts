import type { RunEvent } from '../engine/events.ts';
import { textWidth } from '../util/text-width.ts';
import type { Paint } from './paint.ts';
import { recapLines } from './recap-lines.ts';
import { createResultGroups } from './result-groups.ts';
import { printable } from './value-text.ts';

export interface LineView {
  readonly paint: Paint;
  readonly verbosity: number;
  readonly showOutput: boolean;
}

/** Long host names do not push everything else off the screen. */
const maxHostWidth = 32;

/** Results wait that long, in milliseconds, for those of other hosts: then a slow host holds nobody up. */
export const patience = 1000;

interface LineFormatter {
  /** What an event has to say, behind what has waited until then. */
  lines(event: RunEvent): readonly string[];
  /** Results that still wait for those of other hosts. */
  flush(): readonly string[];
}

/**
 * Turns events into lines for people: a log on its own, and what the terminal reporter prints above its rows.
 * Says nothing about what is as it should be (that is counted in the recap), unless -v asks for it.
 *
 * The results of one task wait for one another: those that say the same are told once, with all their hosts, and they
 * come in the order of the hosts of the play, whoever was faster, so that two logs of the same run can be compared.
 */
export function createLineFormatter(view: LineView): LineFormatter {
  const { paint, verbosity } = view;
  let hostWidth = 0;
  let check = false;
  let anything = false;
  let alone = true;
  const lastProgress = new Map<string, string>();
  const groups = createResultGroups();
  let order = new Map<string, number>();
  const flush = (): readonly string[] => groups.take(hostWidth, order);

  const playLines = (event: Extract<RunEvent, { type: 'play' }>): string[] => {
    hostWidth = Math.min(maxHostWidth, Math.max(hostWidth, ...event.hosts.map(textWidth)));
    alone = event.hosts.length < 2;
    order = new Map(event.hosts.map((host, index) => [host, index]));
    if (view.showOutput) return [];
    const extras = [
      event.hosts.length === 1 ? '1 host' : `${event.hosts.length} hosts`,
      ...(event.batches > 1 ? [`batch ${event.batch} of ${event.batches}`] : []),
      ...(check ? ['check only, nothing is changed'] : []),
    ];
    const space = anything ? [''] : [];
    anything = true;
    return [...space, `${paint('bold', `play ${printable(event.play)}`)} ${paint('dim', `(${extras.join(', ')})`)}`];
  };

  const progressLines = (host: string, text: string): string[] => {
    if (verbosity < 1 || lastProgress.get(host) === text) return [];
    lastProgress.set(host, text);
    return [paint('dim', `${host}  … ${printable(text)}`)];
  };

  const ownLines = (event: RunEvent): readonly string[] => {
    switch (event.type) {
      case 'run':
        check = event.check;
        return [];
      case 'play':
        return playLines(event);
      case 'task':
        groups.add(event, { ...view, check });
        return alone ? flush() : [];
      case 'progress':
        return progressLines(event.host, event.text);
      case 'host':
        return verbosity < 3 ? [] : progressLines(event.host, event.doing);
      case 'warning': {
        const host = event.host === undefined ? '' : `${event.host}: `;
        return [`${paint('yellow', 'warning:')} ${printable(host + event.message)}`];
      }
      case 'recap':
        // What each host has said is the report of an ad-hoc command: one line is enough at its end.
        return view.showOutput
          ? recapLines(event, paint, { table: false })
          : ['', ...recapLines(event, paint, { table: true, fold: verbosity === 0 })];
      default:
        return [];
    }
  };

  /** Whether results may go on waiting: nothing is said in between, and it is still about the same task. */
  const goesOn = (event: RunEvent): boolean => {
    if (event.type === 'task' || event.type === 'task-start') return event.task === groups.task;
    return (event.type === 'host' || event.type === 'progress' || event.type === 'host-end') && verbosity === 0;
  };

  return {
    lines: (event) => (goesOn(event) ? ownLines(event) : [...flush(), ...ownLines(event)]),
    flush,
  };
}
