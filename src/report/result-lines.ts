import type { TaskEvent } from '../engine/events.ts';
import { durationText } from './duration.ts';
import { failureLines, outputLines } from './failure-lines.ts';
import type { Paint } from './paint.ts';
import { statusStyles } from './status-style.ts';
import { textDiffLines } from './text-diff.ts';
import { padEnd } from '../util/text-width.ts';
import { printable, valueText } from './value-text.ts';

export interface ResultView {
  readonly paint: Paint;
  /** Number of -v. */
  readonly verbosity: number;
  /** Check mode has a longer word for what would change. */
  readonly check: boolean;
  /** Cells of the host column. */
  readonly hostWidth: number;
  /** The output of every result is what was asked for (ad-hoc commands). */
  readonly showOutput: boolean;
}

/** Wide enough for most values; whole ones from -vv on. */
const valueWidth = 60;
/** The same where many stand in one line. */
const shortWidth = 30;

/**
 * One result as lines, each with the host first, so that what happened on a host can be picked out of a log with grep.
 * Empty for what is not worth a line: ok and skipped, unless they carry something to be read.
 */
export function resultLines(event: TaskEvent, view: ResultView): string[] {
  const details = detailLines(event, view);
  const { word, style, from } = statusStyles[event.status];
  if (view.verbosity < from && details.length === 0 && !view.showOutput) return [];
  const { paint } = view;
  const took = view.verbosity > 1 ? paint('dim', `  ${durationText(event.ms)}`) : '';
  const host = padEnd(event.host, view.hostWidth);
  const title = `${paint('bold', host)}  ${paint(style, padEnd(word, (view.check ? 'would change' : 'unreachable').length))}  ${taskTitle(event)}${took}`;
  return [title, ...details.map((line) => `${paint('dim', host)}    ${line}`.trimEnd())];
}

function taskTitle(event: TaskEvent): string {
  const role = event.role === undefined ? '' : `${event.role} : `;
  const extras = [
    ...(event.item === undefined ? [] : [`item ${event.item}`]),
    ...(event.handler === true ? ['handler'] : []),
    ...(event.delegatedTo === undefined ? [] : [`on ${event.delegatedTo}`]),
  ];
  return printable(`${role}${event.task}${extras.length === 0 ? '' : ` (${extras.join(', ')})`}`).replaceAll('\n', ' ');
}

function detailLines(event: TaskEvent, view: ResultView): string[] {
  const { paint, verbosity } = view;
  return [
    ...changeLines(event.changes, view),
    ...(event.texts ?? []).flatMap((texts) => textDiffLines(texts, paint)),
    ...(event.failure === undefined ? [] : failureLines(event.failure, paint, verbosity)),
    ...spokenLines(event, view),
    ...(showsPlace(event) ? [paint('dim', `task at ${event.at.file}:${event.at.line}`)] : []),
    ...(event.warnings ?? []).map((warning) => `${paint('yellow', 'warning:')} ${printable(warning)}`),
    ...(event.pending ?? []).map(({ path, reason, until }) => paint('magenta', `needs a ${until}: ${path}: ${reason}`)),
    ...(verbosity > 1 ? registeredLines(event.result ?? {}, paint) : []),
  ];
}

/** Where a failed task stands, unless the failure says so itself, or has nothing to do with the task. */
const showsPlace = ({ failure, status, at }: TaskEvent): boolean =>
  failure !== undefined && failure.at === undefined && status !== 'unreachable' && !at.file.startsWith('<');

type Change = TaskEvent['changes'][number];

/** What has come into being is told in one line, and of what has gone it is enough that it has; whole with -vv. */
function changeLines(changes: readonly Change[], view: ResultView): string[] {
  const state = changes.find(({ path }) => path === 'state');
  if (view.verbosity > 1 || state === undefined) return changes.map((change) => changeLine(change, view));
  const [made, gone] = [state.from === 'absent', state.to === 'absent'];
  const rest = changes.filter(({ from, to }) => !(made && isUnset(from)) && !(gone && isUnset(to)));
  const values = changes.filter(({ path, from }) => made && isUnset(from) && !isHash(path));
  const words = values.map(({ path, to }) => `${path} ${valueText(to, shortWidth)}`);
  return [
    ...rest.map((change) => changeLine(change, view)),
    ...(words.length === 0 ? [] : [`with ${words.join(', ')}`]),
  ];
}

const isUnset = (value: unknown): boolean => value === null || value === undefined;

/** Tells a person nothing about a file that was not there before. */
const isHash = (path: string): boolean => path === 'sha256';

function changeLine({ path, from, to }: Change, { paint, verbosity }: ResultView): string {
  const width = verbosity > 1 ? undefined : valueWidth;
  const [before, after] = [valueText(from, width), valueText(to, width)];
  return `${path}: ${paint('red', before)} ${paint('dim', '->')} ${paint('green', after)}`;
}

/** What a result has to say beside its changes: a text of its own, or what a command has printed. */
function spokenLines(event: TaskEvent, { paint, verbosity, showOutput }: ResultView): string[] {
  const asked = verbosity > 0 || showOutput;
  const { text, status, module } = event;
  if (text !== undefined && text !== '') {
    if (module === 'debug') return printable(text).trimEnd().split('\n');
    if (status === 'skipped') return asked ? [paint('dim', printable(text))] : [];
    return asked || status !== 'ok' ? outputLines(text, paint, 1) : [];
  }
  // A failure that knows its command has shown this already.
  if (!asked || event.failure?.command !== undefined) return [];
  return ['stdout', 'stderr'].flatMap((stream) => {
    const output = event.result?.[stream];
    return typeof output === 'string' ? outputLines(output, paint, 1) : [];
  });
}

const registeredLines = (result: Readonly<Record<string, unknown>>, paint: Paint): string[] =>
  Object.entries(result)
    .filter(([key, value]) => value !== undefined && value !== '' && !/^std(?:out|err)(?:_lines)?$/.test(key))
    .map(([key, value]) => `${paint('dim', `${key} =`)} ${printable(valueText(value))}`);
