import type { RunEvent } from '../engine/events.ts';
import { textWidth } from '../util/text-width.ts';
import type { Paint } from './paint.ts';
import { recapLines } from './recap-lines.ts';
import { resultLines } from './result-lines.ts';
import { printable } from './value-text.ts';

export interface LineView {
  readonly paint: Paint;
  readonly verbosity: number;
  readonly showOutput: boolean;
}

/** Long host names do not push everything else off the screen. */
const maxHostWidth = 32;

/**
 * Turns events into lines for people: a log on its own, and what the terminal reporter prints above its rows.
 * Says nothing about what is as it should be (that is counted in the recap), unless -v asks for it.
 */
export function createLineFormatter(view: LineView): (event: RunEvent) => readonly string[] {
  const { paint, verbosity } = view;
  let hostWidth = 0;
  let check = false;
  let anything = false;
  const lastProgress = new Map<string, string>();

  const playLines = (event: Extract<RunEvent, { type: 'play' }>): string[] => {
    hostWidth = Math.min(maxHostWidth, Math.max(hostWidth, ...event.hosts.map(textWidth)));
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

  return (event) => {
    switch (event.type) {
      case 'run':
        check = event.check;
        return [];
      case 'play':
        return playLines(event);
      case 'task':
        return resultLines(event, { ...view, check, hostWidth: Math.max(hostWidth, textWidth(event.host)) });
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
}
