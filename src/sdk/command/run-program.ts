import type { ActionHost, ActionResult, CommandResult } from '../action.ts';
import { launch, type LaunchOptions, type Program } from './launch.ts';
import type { LaunchParams } from './params.ts';

/** What the report and `register` call the command: its text, or its words. */
export type Shown = string | readonly string[];

/**
 * Runs a program on the host as command, shell and script do: one round trip, conditions included. In check mode only
 * the conditions are looked at, and nothing is asked of the host where there are none.
 */
export async function runProgram(
  program: Program,
  shown: Shown,
  p: LaunchParams,
  host: ActionHost,
): Promise<ActionResult> {
  const { chdir, creates, removes } = p;
  const text = typeof shown === 'string' ? shown : shown.join(' ');
  const conditional = creates !== undefined || removes !== undefined;
  if (host.check && !conditional) return wouldRun(shown, text);
  const stdin = p.stdin === undefined ? undefined : p.stdin + (p.stdin_add_newline ? '\n' : '');
  const options: LaunchOptions = host.check ? { chdir, creates, removes } : { chdir, creates, removes, stdin };
  const started = new Date();
  const [result] = await host.run([launch(host.check ? undefined : program, options)]);
  const ended = new Date();
  if (result === undefined) throw new Error('the engine gave no result for a command');
  const [verdict, own] = firstLine(result);
  if (verdict === 'creates') return notNeeded(shown, `not run: ${creates} exists`);
  if (verdict === 'removes') return notNeeded(shown, `not run: ${removes} does not exist`);
  if (verdict === 'chdir') return noFolder(chdir ?? '', host);
  if (host.check) return wouldRun(shown, text);
  return outcome({ ...result, stdout: own }, shown, p.strip_empty_ends, started, ended);
}

const nothing = { rc: 0, stdout: '', stderr: '', stdout_lines: [], stderr_lines: [] };

const wouldRun = (shown: Shown, text: string): ActionResult => ({
  changed: true,
  text: `would run: ${text}`,
  // No made-up output: what a later task asks of it is unknown, and said to be.
  data: { cmd: shown },
});

const notNeeded = (shown: Shown, message: string): ActionResult => ({
  changed: false,
  skipped: true,
  message,
  data: { cmd: shown, ...nothing },
});

/** In check mode an earlier task may be the one that makes the folder. */
const noFolder = (folder: string, host: ActionHost): ActionResult =>
  host.check
    ? { changed: true, text: `would run in ${folder}, which is not there yet` }
    : {
        changed: false,
        failed: true,
        message: `cannot change to the folder ${folder}`,
        hint: 'make it first: file: { path: …, state: directory }',
      };

function outcome(
  { code, stdout, stderr, timedOut }: CommandResult,
  shown: Shown,
  strip: boolean,
  started: Date,
  ended: Date,
): ActionResult {
  const out = strip ? stripEnd(stdout) : stdout;
  const err = strip ? stripEnd(stderr) : stderr;
  const data = {
    cmd: shown,
    rc: code,
    stdout: out,
    stderr: err,
    stdout_lines: lines(out),
    stderr_lines: lines(err),
    start: started.toISOString(),
    end: ended.toISOString(),
    delta: duration(ended.getTime() - started.getTime()),
  };
  if (timedOut) {
    return {
      changed: true,
      failed: true,
      message: `it did not end in time and was killed${lastWords(err, out)}`,
      data,
    };
  }
  if (code === 0) return { changed: true, data };
  const hint = code === 127 ? 'is it installed, and in a folder of PATH?' : undefined;
  return { changed: true, failed: true, message: `exit code ${code}${lastWords(err, out)}`, hint, data };
}

/** The first line says what became of the start; the rest is the program's own output. */
function firstLine({ stdout }: CommandResult): readonly [verdict: string, own: string] {
  const end = stdout.indexOf('\n');
  return end < 0 ? [stdout, ''] : [stdout.slice(0, end), stdout.slice(end + 1)];
}

/** The end of what it had to say, where the reason usually stands. */
function lastWords(stderr: string, stdout: string): string {
  const text = stderr.trim() === '' ? stdout : stderr;
  const last = lines(stripEnd(text)).slice(-3).map(withoutShell);
  return last.length === 0 ? '' : `: ${last.join('\n')}`;
}

/** What the shell says when it cannot start the program begins with names of its own: `/bin/sh: 17: exec: `. */
const withoutShell = (line: string): string => line.replace(/^\S*sh: (?:(?:line )?\d+: )?exec: /, '');

const stripEnd = (text: string): string => text.replace(/[\r\n]+$/, '');
const lines = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/));

function duration(milliseconds: number): string {
  const total = Math.max(0, milliseconds);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const ms = String(total % 1000).padStart(3, '0');
  return `${Math.floor(total / 3_600_000)}:${two((total / 60_000) % 60)}:${two((total / 1000) % 60)}.${ms}`;
}
