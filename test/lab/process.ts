import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Seconds until the command and everything it started is killed; default 120. */
  readonly timeout?: number;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; 128+n when killed by signal n, 124 when the timeout passed. */
  readonly code: number;
}

/** A command of the lab's own that failed: shows what was run and what it said. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly result: RunResult;

  constructor(argv: readonly string[], result: RunResult) {
    super(`${argv.join(' ')}: exit ${result.code}\n${result.stderr || result.stdout}`);
    this.result = result;
  }
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 };

export const spawnArgv = (argv: readonly string[], options: SpawnOptions): ChildProcess => {
  const [command, ...args] = argv;
  if (command === undefined) throw new TypeError('empty argv');
  return spawn(command, args, options);
};

/** Runs a command to its end, whatever its exit status. It gets a process group of its own, killed as a whole. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = spawnArgv(argv, {
    stdio: 'pipe',
    detached: true,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin?.on('error', () => {}); // a command that does not read its input
  child.stdin?.end(options.input ?? '');
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      if (child.pid !== undefined) killGroup(child.pid);
    },
    (options.timeout ?? 120) * 1000,
  );
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve([code, signal]));
    });
    const status = timedOut ? 124 : (code ?? 128 + (SIGNALS[signal ?? ''] ?? 0));
    return { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code: status };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a command that must succeed. @returns what it printed. */
export async function must(argv: readonly string[], options?: RunOptions): Promise<string> {
  const result = await run(argv, options);
  if (result.code !== 0) throw new CommandError(argv, result);
  return result.stdout;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until there is an answer. @throws when there is none after `seconds`. */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined> | T | undefined,
  pauseMs = 20,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`timed out after ${seconds} s: ${what}`);
    await sleep(pauseMs);
  }
}

/** A process told from a later one with the same number by when it started. */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

/** @returns undefined when there is no such process, or only its corpse. */
export function processId(pid: number): ProcessId | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, so count the fields from its end: state is the first, start time the 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const started = fields[19];
    return started === undefined || fields[0] === 'Z' ? undefined : { pid, started };
  } catch {
    return undefined;
  }
}

export const isAlive = (id: ProcessId): boolean => processId(id.pid)?.started === id.started;

/** The processes that this one started and that still run. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
