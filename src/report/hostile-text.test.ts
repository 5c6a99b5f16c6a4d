import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { RunEvent } from '../engine/events.ts';
import { createReporters } from './create-reporter.ts';
import { createPaint, formatError } from './index.ts';
import { KvmnetError } from '../util/errors.ts';
import { sampleRun } from './testing/sample-run.ts';

// Whatever hosts put into their output, their names and the names of what they have: nothing of it may steer the terminal,
// write into its clipboard or title, or turn the order of what is read around.

const escapes = [
  '\u001B[2J\u001B[H',
  '\u001B]0;title\u0007',
  '\u001B]52;c;cm0gLXJmIC8=\u0007',
  '\u009B2J',
  '\u009D0;title\u009C',
  '\u001BP+q\u001B\\',
  '\rok',
  '\b\b\b\b',
  '\u007F',
  '\u000E',
  '\u0000',
  '\u202Ekcatta\u2066',
  '\u2028',
];
const evil = escapes.join('x');

/** Words of ours: reporters decide by them. */
const ours = new Set(['type', 'status', 'code', 'until', 'id', 'started']);

function poisoned(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return ours.has(key) ? value : `${value}${evil}`;
  if (Array.isArray(value)) return value.map((item) => poisoned(item));
  if (typeof value !== 'object' || value === null) return value;
  const free = ['hosts', 'pending', 'result', 'to'].includes(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [free ? `${name}${evil}` : name, poisoned(item, name)]),
  );
}

const events = sampleRun.map((event) => {
  const more =
    event.type === 'task' ? { ...event, result: { stdout: 'x', nested: { deep: ['y'] } }, item: 'z' } : event;
  return poisoned(more) as RunEvent;
});
const bug: RunEvent = poisoned({
  ...sampleRun.find((event) => event.type === 'task'),
  status: 'failed',
  failure: { code: 'bug', message: 'bug: x', stack: 'Error: x\n    at y' },
}) as RunEvent;

/** Nothing but what a reporter uses itself: colours, and moving about its own rows. */
const own = /\u001B\[(?:\d+(?:;\d+)*m|\d*[AGJK]|\?25[lh]|\?2026[lh]|\?7[lh])/g;
const dangerous = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029]|\p{Bidi_Control}/u;

it.each([
  ['lines', 0],
  ['lines', 4],
  ['jsonl', 0],
  ['junit', 0],
  ['tty', 0],
  ['tty', 4],
] as const)('the %s report with verbosity %i gives the terminal no orders', async (kind, verbosity) => {
  const stdout = Object.assign(new PassThrough(), { isTTY: kind === 'tty', columns: 100, rows: 40 });
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const reporter = await createReporters([kind], {
    stdout,
    colour: kind === 'tty',
    env: {},
    verbosity,
    showOutput: true,
  });
  for (const event of [...events.slice(0, -2), bug, ...events.slice(-2)]) reporter.handle(event);
  await reporter.end();
  const text = Buffer.concat(chunks).toString().replaceAll(own, '');
  expect(text).toContain('kvm01');
  // The reporter's own way back to the beginning of a row.
  const shown = kind === 'tty' ? text.replaceAll(/\r(?=\n|$|[^o])/g, '') : text;
  const found = dangerous.exec(shown);
  expect(found === null ? '' : JSON.stringify(shown.slice(Math.max(0, found.index - 60), found.index + 20))).toBe('');
});

it('errors give the terminal no orders', () => {
  const at = { file: `a${evil}`, line: 1, column: 1, text: `b${evil}` };
  const error = new KvmnetError('usage', evil, { hint: evil, host: evil, at, cause: new Error(evil) });
  for (const verbosity of [0, 4]) expect(formatError(error, createPaint(false), verbosity)).not.toMatch(dangerous);
  expect(formatError(new Error(evil), createPaint(false), 4)).not.toMatch(dangerous);
});
