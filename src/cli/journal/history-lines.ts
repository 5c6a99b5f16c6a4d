import { hostList, printable, type Paint } from '../../report/index.ts';
import { padEnd, padStart, textWidth, truncateMiddle } from '../../util/text-width.ts';
import type { RecordedRun } from './read-run.ts';
import type { Fates, RunState } from './run-state.ts';

/** Wider commands and lists of hosts are cut in their middle. */
const widest = 48;

interface Row {
  readonly cells: readonly [id: string, when: string, user: string, command: string, hosts: string];
  readonly changed: number;
  readonly failed: number;
  readonly state: RunState;
}

const titles = ['run', 'when', 'user', 'command', 'hosts', 'changed', 'failed', 'state'] as const;

/** A table of runs, one a line. */
export function historyLines(runs: readonly RecordedRun[], fates: Fates, paint: Paint): string[] {
  const rows = runs.map((run) => rowOf(run, fates));
  const widths = titles
    .slice(0, 5)
    .map((title, column) => Math.max(title.length, ...rows.map(({ cells }) => textWidth(cells[column] ?? ''))));
  const head = titles.map((title, column) => padEnd(title, widths[column] ?? title.length)).join('  ');
  return [paint('bold', head), ...rows.map((row) => line(row, widths, paint))];
}

function line({ cells, changed, failed, state }: Row, widths: readonly number[], paint: Paint): string {
  const count = (number: number, title: string, style: 'yellow' | 'red'): string =>
    paint(number === 0 ? 'dim' : style, padStart(String(number), title.length));
  return [
    ...cells.map((cell, column) => padEnd(cell, widths[column] ?? 0)),
    count(changed, 'changed', 'yellow'),
    count(failed, 'failed', 'red'),
    state === 'finished' ? state : paint(state === 'interrupted' ? 'red' : 'magenta', state),
  ].join('  ');
}

function rowOf(run: RecordedRun, fates: Fates): Row {
  const { id, begun } = run;
  const { changed, failed, hosts } = countsOf(run);
  const shown = (text: string): string => truncateMiddle(printable(text).replaceAll('\n', ' '), widest);
  return {
    cells: [id, whenOf(run), shown(begun?.user ?? '?'), shown(commandOf(run)), shown(hostList(hosts))],
    changed,
    failed,
    state: fates.stateOf(run),
  };
}

/** What a run has come to: from its recap, or, where it has none, from what was seen until it ended. */
function countsOf({ recap, intents, results }: RecordedRun): {
  readonly changed: number;
  readonly failed: number;
  readonly hosts: readonly string[];
} {
  if (recap !== undefined) {
    const all = Object.values(recap.hosts);
    return {
      changed: all.reduce((sum, host) => sum + host.changed, 0),
      failed: all.reduce((sum, host) => sum + host.failed + host.unreachable, 0),
      hosts: Object.keys(recap.hosts),
    };
  }
  const count = (...statuses: readonly string[]): number =>
    results.filter(({ status }) => statuses.includes(status)).length;
  return {
    changed: count('changed'),
    failed: count('failed', 'unreachable'),
    hosts: [...new Set([...intents, ...results].map(({ host }) => host))],
  };
}

/** The time at which a run began, where its reader is. */
export function whenOf({ begun }: RecordedRun): string {
  if (begun === undefined) return '?';
  const time = new Date(begun.time);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** As it could be typed again. */
export const commandOf = ({ begun }: RecordedRun): string =>
  (begun?.command ?? [])
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
