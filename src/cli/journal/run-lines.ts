import type { RunEvent, TaskEvent } from '../../engine/index.ts';
import { createLineFormatter, durationText, printable, type Paint } from '../../report/index.ts';
import { commandOf, whenOf } from './history-lines.ts';
import type { IntentLine, TaskLine } from './lines.ts';
import type { RecordedRun } from './read-run.ts';
import { resultsOf, type Fates } from './run-state.ts';

interface View {
  readonly paint: Paint;
  /** Number of -v. */
  readonly verbosity: number;
}

/** One run: who, when, what, and then what it changed, as it was reported when it ran. */
export function runLines(run: RecordedRun, fates: Fates, { paint, verbosity }: View): string[] {
  const formatter = createLineFormatter({ paint, verbosity, showOutput: false });
  const events = eventsOf(run, fates);
  return [
    ...headLines(run, fates, paint),
    '',
    ...events.flatMap((event) => [...formatter.lines(event)]),
    ...formatter.flush(),
    ...(run.recap === undefined ? ['', paint(['bold', 'red'], 'the run has not come to its end')] : []),
  ];
}

function headLines(run: RecordedRun, fates: Fates, paint: Paint): string[] {
  const { begun, recap } = run;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['run', `${run.id}, ${fates.stateOf(run)}`],
    ['began', `${whenOf(run)}${recap === undefined ? '' : `, took ${durationText(recap.ms)}`}`],
    ['by', begun && `${begun.user} on ${begun.controller}, kvmnet ${begun.kvmnet}`],
    ['command', commandOf(run)],
    ['in', begun?.folder],
    ['takes back', begun?.undoes && `run ${begun.undoes}`],
  ];
  return rows.flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : [`${paint('bold', name.padEnd(10))}  ${printable(text)}`],
  );
}

/** What was reported while it ran, play by play; of changes whose end nobody saw, that. */
function eventsOf(run: RecordedRun, fates: Fates): readonly RunEvent[] {
  const seen = resultsOf(run);
  const intents = new Map(run.intents.map((intent) => [intent.change, intent]));
  const unseen = [...intents.values()].filter(({ change }) => !seen.has(change));
  const tasks = [
    ...run.results.map((line) => {
      const own = line.begun.flatMap((change) => intents.get(change) ?? []);
      return eventOf(run.id, line, own, fates);
    }),
    ...unseen.map((intent) => unseenEvent(intent)),
  ];
  const plays = [...new Set(tasks.map(({ play }) => play))];
  return [
    ...plays.flatMap((play): RunEvent[] => {
      const own = tasks.filter((task) => task.play === play);
      const hosts = [...new Set(own.map(({ host }) => host))];
      return [{ type: 'play', play, hosts, batch: 1, batches: 1 }, ...own];
    }),
    ...(run.recap === undefined ? [] : [recapOf(run.id, run.recap)]),
  ];
}

function recapOf(run: string, { hosts, ms, pending, interrupted }: NonNullable<RecordedRun['recap']>): RunEvent {
  return { type: 'recap', hosts, ms, pending, run, ...(interrupted === undefined ? {} : { interrupted }) };
}

function eventOf(run: string, line: TaskLine, own: readonly IntentLine[], fates: Fates): TaskEvent {
  const warnings = [
    ...(line.warnings ?? []),
    ...own.flatMap(({ undo }) => ('cannot' in undo ? [`cannot be undone: ${undo.cannot}`] : [])),
  ];
  const undone = own.some(({ change }) => fates.isUndone(run, change));
  return {
    ...about(line),
    status: line.status,
    changes: line.changes,
    ms: line.ms,
    delegatedTo: line.delegatedTo,
    failure: line.failure,
    warnings,
    text: undone ? 'taken back by a later run' : undefined,
  };
}

const unseenEvent = (intent: IntentLine): TaskEvent => ({
  ...about(intent),
  status: 'failed',
  changes: intent.changes,
  ms: 0,
  failure: {
    code: 'interrupted',
    message: 'the run ended while this was being done: how far it came is not known',
    hint: 'cannot' in intent.undo ? undefined : 'an undo takes back what there is of it',
  },
});

const about = ({ play, host, task, module, at, item, role, handler }: TaskLine | IntentLine) => ({
  type: 'task' as const,
  play,
  host,
  task,
  module,
  at,
  item,
  role,
  handler,
});
