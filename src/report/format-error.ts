import { inspect } from 'node:util';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { codeFrame } from './code-frame.ts';
import type { Paint } from './paint.ts';
import { printable } from './value-text.ts';

/**
 * An error as the person at the keyboard gets to see it. Mistakes of theirs are clean text, all of them at once, sorted
 * by place, each `file:line:col: error: …` so that editors can jump there; a bug of ours shows its stack.
 */
export function formatError(error: unknown, paint: Paint, verbosity: number): string {
  if (error instanceof DiagnosticsError) return diagnosticsText(error.diagnostics, paint, verbosity);
  if (error instanceof KvmnetError) return oneError(error, paint, verbosity).join('\n');
  return bugText(error, paint);
}

function diagnosticsText(diagnostics: readonly KvmnetError[], paint: Paint, verbosity: number): string {
  const blocks = diagnostics.toSorted(byPlace).map((d) => oneError(d, paint, verbosity).join('\n'));
  return diagnostics.length < 2 ? blocks.join('\n') : `${blocks.join('\n')}\n${diagnostics.length} errors`;
}

function byPlace({ at: a }: KvmnetError, { at: b }: KvmnetError): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

function oneError(error: KvmnetError, paint: Paint, verbosity: number): string[] {
  const { at, hint, host, message } = error;
  const place = at === undefined ? '' : paint('bold', `${printable(at.file)}:${at.line}:${at.column}: `);
  const [first = '', ...rest] = printable(message).split('\n');
  return [
    `${place}${paint(['bold', 'red'], 'error:')} ${host === undefined ? '' : `${printable(host)}: `}${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(at === undefined ? [] : codeFrame(at, paint)),
    ...(hint === undefined ? [] : [`  ${paint('cyan', 'hint:')} ${printable(hint)}`]),
    ...(verbosity > 0 ? causeLines(error.cause, paint, verbosity) : []),
  ];
}

function causeLines(cause: unknown, paint: Paint, verbosity: number, depth = 0): string[] {
  if (cause === undefined || depth > 8) return [];
  const stack = verbosity > 1 && cause instanceof Error ? (cause.stack ?? '').split('\n').slice(1) : [];
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause);
  return [
    paint('dim', `  caused by ${printable(message)}`),
    ...stack.map((line) => paint('dim', `  ${printable(line)}`)),
    ...causeLines(cause instanceof Error ? cause.cause : undefined, paint, verbosity, depth + 1),
  ];
}

function bugText(error: unknown, paint: Paint): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  const cause = error instanceof Error ? causeLines(error.cause, paint, 2) : [];
  return [
    paint(['bold', 'red'], 'this is a bug of kvmnet; please report it with these lines:'),
    printable(stack),
    ...cause,
  ].join('\n');
}
