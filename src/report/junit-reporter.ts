import type { TaskEvent } from '../engine/events.ts';
import { failureLines } from './failure-lines.ts';
import type { OutputTarget } from './output-target.ts';
import { plain } from './paint.ts';
import type { Reporter } from './reporter.ts';
import { textDiffLines } from './text-diff.ts';
import { valueText } from './value-text.ts';
import { xmlDocument, type XmlElement } from './xml.ts';

/** For continuous integration: a test suite for each host, a test case for each result. */
export function createJunitReporter(target: OutputTarget): Reporter {
  const results = new Map<string, TaskEvent[]>();
  let started: string | undefined;
  return {
    handle(event) {
      if (event.type === 'run') started = event.started;
      if (event.type === 'play') for (const host of event.hosts) if (!results.has(host)) results.set(host, []);
      if (event.type === 'task') results.set(event.host, [...(results.get(event.host) ?? []), event]);
    },
    end() {
      const suites = [...results].map(([host, events]) => suite(host, events, started));
      const all = [...results.values()].flat();
      target.write(
        xmlDocument({ name: 'testsuites', attributes: { name: 'kvmnet', ...counts(all) }, children: suites }),
      );
      return target.close();
    },
  };
}

const suite = (host: string, events: readonly TaskEvent[], started: string | undefined): XmlElement => ({
  name: 'testsuite',
  attributes: { name: host, hostname: host, timestamp: started, ...counts(events) },
  children: events.map(testcase),
});

const counts = (events: readonly TaskEvent[]): Record<string, string | number> => ({
  tests: events.length,
  failures: events.filter((event) => event.status === 'failed').length,
  errors: events.filter((event) => event.status === 'unreachable').length,
  skipped: events.filter(isSkipped).length,
  time: seconds(events.reduce((sum, event) => sum + event.ms, 0)),
});

/** What could not be known in check mode was not tested either. */
const isSkipped = (event: TaskEvent): boolean => event.status === 'skipped' || event.status === 'unknown';

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function testcase(event: TaskEvent): XmlElement {
  const item = event.item === undefined ? '' : ` (item ${event.item})`;
  const output = outputText(event);
  return {
    name: 'testcase',
    attributes: {
      name: `${event.task}${item}`,
      classname: `${event.play}.${event.module}`,
      time: seconds(event.ms),
      file: event.at.file,
      line: event.at.line,
    },
    children: [...verdict(event), ...(output === '' ? [] : [{ name: 'system-out', children: [output] }])],
  };
}

function verdict(event: TaskEvent): XmlElement[] {
  if (isSkipped(event)) return [{ name: 'skipped', attributes: { message: event.text ?? event.status } }];
  if (event.status !== 'failed' && event.status !== 'unreachable') return [];
  const { failure } = event;
  return [
    {
      name: event.status === 'failed' ? 'failure' : 'error',
      attributes: { message: failure?.message ?? event.status, type: failure?.code ?? event.status },
      children: failure === undefined ? [] : [failureLines(failure, plain, 1).join('\n')],
    },
  ];
}

/** The failure of a task that was rescued or ignored is no verdict, but worth reading. */
function outputText(event: TaskEvent): string {
  const forgiven = event.status === 'rescued' || event.status === 'ignored' ? event.failure : undefined;
  return [
    `status: ${event.status}`,
    ...event.changes.map(({ path, from, to }) => `${path}: ${valueText(from)} -> ${valueText(to)}`),
    ...(event.texts ?? []).flatMap((texts) => textDiffLines(texts, plain)),
    ...(event.text === undefined ? [] : [event.text]),
    ...(forgiven === undefined ? [] : failureLines(forgiven, plain, 1)),
    ...(event.warnings ?? []).map((warning) => `warning: ${warning}`),
    ...(event.pending ?? []).map(({ path, reason, until }) => `needs a ${until}: ${path}: ${reason}`),
  ].join('\n');
}
