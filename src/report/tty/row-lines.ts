import { padEnd, padStart, textWidth, truncateEnd } from '../../util/text-width.ts';
import { shortDuration } from '../duration.ts';
import type { Paint, Style } from '../paint.ts';
import type { HostRow, RowState } from './host-table.ts';

export interface RowView {
  readonly paint: Paint;
  readonly columns: number;
  /** How many lines there may be, the summary included. */
  readonly maxLines: number;
  readonly now: number;
  readonly started: number;
  readonly icon: (row: HostRow) => string;
}

const rowStyles: Readonly<Record<RowState, Style>> = { waiting: 'dim', working: 'reset', done: 'green', failed: 'red' };

/** One line for each host, as many as fit; those that work longest and those that failed first. Then one for the rest. */
export function rowLines(rows: readonly HostRow[], view: RowView): string[] {
  const shown = chooseRows(rows, Math.max(0, view.maxLines - 1));
  const hostWidth = Math.min(Math.floor(view.columns / 3), Math.max(0, ...shown.map(({ host }) => textWidth(host))));
  const counterWidth = Math.max(0, ...shown.map((row) => counter(row).length));
  return [
    ...shown.map((row) => rowLine(row, view, hostWidth, counterWidth)),
    view.paint('dim', truncateEnd(summary(rows, shown, view), view.columns - 1)),
  ];
}

/** The rows to show where not all fit, in the order of the play. */
function chooseRows(rows: readonly HostRow[], limit: number): readonly HostRow[] {
  if (rows.length <= limit) return rows;
  const of = (...states: RowState[]): HostRow[] => rows.filter((row) => states.includes(row.state));
  const failed = of('failed').slice(0, Math.ceil(limit / 3));
  const working = of('working').toSorted((a, b) => a.since - b.since);
  const chosen = new Set([...failed, ...working, ...of('waiting'), ...of('done')].slice(0, limit));
  return rows.filter((row) => chosen.has(row));
}

const counter = ({ taskIndex, taskCount }: HostRow): string => {
  if (taskIndex === undefined) return '';
  return taskCount === undefined
    ? String(taskIndex)
    : `${padStart(String(taskIndex), String(taskCount).length)}/${taskCount}`;
};

function rowLine(row: HostRow, view: RowView, hostWidth: number, counterWidth: number): string {
  const { paint, columns, now } = view;
  const host = padEnd(truncateEnd(row.host, hostWidth), hostWidth);
  const position = counterWidth === 0 ? '' : `${padStart(row.state === 'working' ? counter(row) : '', counterWidth)}  `;
  const elapsed = row.state === 'working' && now - row.since >= 1000 ? shortDuration(now - row.since) : '';
  const changes = changeCount(row);
  const right = [...(changes === '' ? [] : [changes]), padStart(elapsed, 5)].join('  ');
  // Two cells for the icon, and the last column stays free: a full line would wrap on some terminals.
  const room = columns - 1 - 2 - hostWidth - 2 - position.length - right.length - 1;
  const doing = padEnd(truncateEnd(row.doing, Math.max(0, room)), Math.max(0, room));
  const text = `${view.icon(row)} ${paint('bold', host)}  ${paint('dim', position)}${paint(rowStyles[row.state], doing)}`;
  return room < 8 ? truncatePlain(row, view) : `${text} ${paint('yellow', changes)}${right.slice(changes.length)}`;
}

/** On a terminal too narrow for columns. */
const truncatePlain = (row: HostRow, { columns, icon }: RowView): string =>
  `${icon(row)} ${truncateEnd(`${row.host} ${row.doing}`, columns - 3)}`;

function changeCount({ changed, wouldChange }: HostRow): string {
  if (changed > 0) return `${changed} changed`;
  return wouldChange > 0 ? `${wouldChange} would change` : '';
}

function summary(rows: readonly HostRow[], shown: readonly HostRow[], { now, started }: RowView): string {
  const count = (state: RowState): number => rows.filter((row) => row.state === state).length;
  const parts = (['working', 'waiting', 'done', 'failed'] as const)
    .map((state) => [state, count(state)] as const)
    .filter(([, n]) => n > 0)
    .map(([state, n]) => `${n} ${state}`);
  const hosts = rows.length === 1 ? '1 host' : `${rows.length} hosts`;
  const hidden = rows.length - shown.length;
  const more = hidden === 0 ? '' : ` (${hidden} not shown)`;
  return `  ${hosts}${more}: ${[...parts, shortDuration(now - started)].join(', ')}`;
}
