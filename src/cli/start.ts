import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { createRedactor } from '../util/secrets.ts';
import type { Cli } from './cli.ts';

/** The program, from its arguments to its exit code. */
export async function start(version: string): Promise<void> {
  cacheCompiledCode();
  boundRegularExpressions();
  const args = process.argv.slice(2);
  const cli = createCli(version, args);
  // A reader that has gone away (`| head`) is no reason to leave hosts half done: the run goes on unseen.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  const onBug = async (error: unknown): Promise<void> => {
    // Should telling of it fail as well, that must not come back here.
    process.removeAllListeners('uncaughtException');
    process.exit(await fail(cli, error));
  };
  process.on('uncaughtException', (error) => void onBug(error));
  const { dispatch } = await import('./dispatch.ts');
  const code = await dispatch(cli, args).catch((error: unknown) => fail(cli, error));
  await Promise.all([drain(process.stdout), drain(process.stderr)]);
  process.exit(code);
}

function createCli(version: string, args: readonly string[]): Cli {
  const ours = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const colour = ours.findLast((arg) => arg === '--color' || arg === '--no-color');
  const verbose = ours.map((arg) => (arg === '--verbose' ? 1 : (/^-(v+)$/.exec(arg)?.[1]?.length ?? 0)));
  return {
    version,
    cwd: process.cwd(),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    colour: colour === undefined ? undefined : colour === '--color',
    verbosity: verbose.reduce((sum, n) => sum + n, 0),
    redactor: createRedactor(),
    print: (text) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** Shows what went wrong. @returns the exit code */
async function fail(cli: Cli, error: unknown): Promise<number> {
  const { createPaint, formatError, wantsColour } = await import('../report/index.ts');
  const { exitCodeOfError } = await import('./exit-codes.ts');
  const paint = createPaint(wantsColour(cli.colour, cli.stderr, cli.env));
  cli.note(cli.redactor.redact(formatError(error, paint, cli.verbosity)));
  return exitCodeOfError(error);
}

/**
 * Node 22 and later keep what they compiled for the next call. Not in their usual folder below /tmp: somebody else may
 * own that one, and code that root runs must not come from there.
 */
function cacheCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kvmnet', 'compiled'));
}

/**
 * A pattern of a playbook (`matches`, `~host`) and a text of a host may meet in a way that takes a backtracking engine years.
 * V8 then goes over to its linear one.
 */
function boundRegularExpressions(): void {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const drain = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
