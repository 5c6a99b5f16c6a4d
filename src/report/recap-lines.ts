import type { HostRecap, RunEvent } from '../engine/events.ts';
import { durationText } from './duration.ts';
import type { Paint, Style } from './paint.ts';
import { padEnd, padStart } from '../util/text-width.ts';

type RecapEvent = Extract<RunEvent, { type: 'recap' }>;

interface Column {
  readonly key: keyof HostRecap;
  readonly title: string;
  readonly style: Style;
  /** Shown even where it is zero for all hosts. */
  readonly always?: true;
}

const columns: readonly Column[] = [
  { key: 'ok', title: 'ok', style: 'green', always: true },
  { key: 'changed', title: 'changed', style: 'yellow', always: true },
  { key: 'would_change', title: 'would change', style: 'cyan' },
  { key: 'unknown', title: 'unknown', style: 'magenta' },
  { key: 'skipped', title: 'skipped', style: 'dim' },
  { key: 'failed', title: 'failed', style: 'red', always: true },
  { key: 'unreachable', title: 'unreachable', style: 'red' },
  { key: 'rescued', title: 'rescued', style: 'magenta' },
  { key: 'ignored', title: 'ignored', style: 'magenta' },
  { key: 'reboots', title: 'reboots', style: 'yellow' },
  { key: 'reboot_pending', title: 'reboot pending', style: 'magenta' },
  { key: 'round_trips', title: 'round trips', style: 'dim' },
];

/** More hosts than that, and those that ended alike share a row. */
const foldAbove = 24;
const namesPerRow = 2;

interface RecapShape {
  readonly table: boolean;
  /** Hosts that ended alike may share a row where there are many. */
  readonly fold?: boolean;
}

interface Row {
  readonly hosts: readonly string[];
  readonly counts: HostRecap;
}

/** The table at the end of a run, what waits for a reboot, and one line that says it all. */
export function recapLines(event: RecapEvent, paint: Paint, shape: RecapShape): string[] {
  const hosts = Object.entries(event.hosts);
  const all: Row[] = hosts.map(([host, counts]) => ({ hosts: [host], counts }));
  const rows = all.length > foldAbove && shape.fold === true ? fold(all) : all;
  return [
    ...(rows.length === 0 || !shape.table ? [] : table(rows, hosts, paint)),
    ...pendingLines(event, paint),
    summaryLine(event, paint),
  ];
}

function table(rows: readonly Row[], hosts: readonly (readonly [string, HostRecap])[], paint: Paint): string[] {
  const shown = columns.filter(({ key, always }) => always === true || hosts.some(([, counts]) => counts[key] > 0));
  const width = Math.max('host'.length, ...rows.map((row) => rowName(row).length));
  const cell = (text: string, { title }: Column): string => padStart(text, title.length);
  const head = [padEnd('host', width), ...shown.map((column) => column.title)].join('  ');
  const body = rows.map((row) => {
    const bad = row.counts.failed + row.counts.unreachable > 0;
    const name = padEnd(rowName(row), width);
    const cells = shown.map((column) => {
      const count = row.counts[column.key];
      return paint(count === 0 ? 'dim' : column.style, cell(String(count), column));
    });
    return [bad ? paint(['bold', 'red'], name) : name, ...cells].join('  ');
  });
  return [paint('bold', head), ...body];
}

/** Hosts that went alike stand in one row. Those that failed keep their own, and none is left out. */
function fold(rows: readonly Row[]): Row[] {
  const groups = new Map<string, Row>();
  for (const row of rows) {
    const bad = row.counts.failed + row.counts.unreachable > 0;
    const key = JSON.stringify(bad ? row : row.counts);
    const group = groups.get(key);
    groups.set(key, group === undefined ? row : { ...group, hosts: [...group.hosts, ...row.hosts] });
  }
  return [...groups.values()];
}

function rowName({ hosts }: Row): string {
  const [first = '', second] = hosts;
  if (second === undefined) return first;
  return hosts.length > namesPerRow ? `${first} and ${hosts.length - 1} more` : `${first}, ${second}`;
}

function pendingLines({ pending }: RecapEvent, paint: Paint): string[] {
  const lines = Object.entries(pending).flatMap(([host, reasons]) =>
    reasons.map(({ task, path, reason }) => `  ${host}: ${task}: ${path}: ${reason}`),
  );
  return lines.length === 0 ? [] : [paint('magenta', 'waiting for a reboot:'), ...lines];
}

function summaryLine({ hosts, ms, interrupted, run }: RecapEvent, paint: Paint): string {
  const all = Object.values(hosts);
  const total = (key: keyof HostRecap): number => all.reduce((sum, counts) => sum + counts[key], 0);
  const affected = (key: keyof HostRecap): number => all.filter((counts) => counts[key] > 0).length;
  const unreachable = affected('unreachable');
  const failed = all.filter((counts) => counts.failed > 0 && counts.unreachable === 0).length;
  const fine = all.length - failed - unreachable;
  const bad = failed + unreachable > 0;
  const [changed, would, unknown] = [total('changed'), total('would_change'), total('unknown')];
  const parts = [
    ...(interrupted === true ? [paint(['bold', 'red'], 'interrupted')] : []),
    paint(bad ? 'reset' : 'green', `${fine} ${fine === 1 ? 'host' : 'hosts'} ok`),
    ...(failed > 0 ? [paint(['bold', 'red'], `${failed} failed`)] : []),
    ...(unreachable > 0 ? [paint(['bold', 'red'], `${unreachable} unreachable`)] : []),
    ...(changed > 0 ? [paint('yellow', `${changed} changed`)] : []),
    ...(would > 0 ? [paint('cyan', `${would} would change`)] : []),
    ...(unknown > 0 ? [paint('magenta', `${unknown} unknown`)] : []),
    ...(changed + would + unknown > 0 || bad || interrupted === true ? [] : ['nothing to change']),
    durationText(ms),
    paint('dim', `run ${run}`),
  ];
  return parts.join(', ');
}
