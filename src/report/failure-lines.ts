import type { FailureReport } from '../engine/events.ts';
import { codeFrame } from './code-frame.ts';
import type { Paint } from './paint.ts';
import { printable } from './value-text.ts';

const maxOutputLines = 20;

/** Why a task failed: message, place in the user's file, the remote command with its output, what to do about it. */
export function failureLines(failure: FailureReport, paint: Paint, verbosity: number): string[] {
  const { at, command, hint, stack } = failure;
  return [
    ...printable(failure.message).trimEnd().split('\n'),
    ...(at === undefined ? [] : [paint('dim', `at ${at.file}:${at.line}:${at.column}`), ...codeFrame(at, paint)]),
    ...(command === undefined ? [] : commandLines(failure.message, command, paint, verbosity)),
    ...(hint === undefined ? [] : [`${paint('cyan', 'hint:')} ${printable(hint)}`]),
    ...(stack === undefined ? [] : [paint('red', 'this is a bug of kvmnet:'), ...printable(stack).split('\n')]),
  ];
}

/** The command as one would type it, with what it said, unless the message says so already. */
function commandLines(
  message: string,
  { argv, code, stderr, stdout }: NonNullable<FailureReport['command']>,
  paint: Paint,
  verbosity: number,
): string[] {
  const head = `${paint('dim', '$')} ${printable(commandText(argv))} ${paint('dim', `(exit ${code})`)}`;
  const news = [stderr, stdout].filter((text) => !message.includes(text.trim()));
  return [head, ...news.flatMap((text) => outputLines(text, paint, verbosity))];
}

const plainWord = /^[\w@%+=:,./-]+$/;

/** An argv as one would type it. */
const commandText = (argv: readonly string[]): string =>
  // A single word with blanks is a command line.
  (argv.length === 1 && argv[0]?.includes(' ')) === true
    ? (argv[0] ?? '')
    : argv.map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** Output of a command, set off from our own words; its end where it is long, because errors stand there. */
export function outputLines(text: string, paint: Paint, verbosity: number): string[] {
  if (text.trim() === '') return [];
  const lines = printable(text).trimEnd().split('\n');
  const shown = verbosity > 0 ? lines : lines.slice(-maxOutputLines);
  const left = lines.length - shown.length;
  const more = left === 0 ? [] : [paint('dim', `| … ${left} lines before (-v shows all)`)];
  return [...more, ...shown.map((line) => `${paint('dim', '|')} ${line}`)];
}
