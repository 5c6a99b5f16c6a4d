import { execFile } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

interface Output {
  /** Exit status; a word such as `ENOENT` or a signal's name where the program did not run or was killed. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT = 256 * 1024 * 1024;

/** Runs a local program to its end, without a shell. Never rejects for what the program does. */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<Output> {
  return new Promise((done) => {
    const child = execFile(
      file,
      args,
      { cwd: options.cwd, env: { ...options.env }, maxBuffer: MAX_OUTPUT, encoding: 'utf8', signal: options.signal },
      (error, stdout, stderr) => done({ code: error === null ? 0 : (error.code ?? error.signal ?? 1), stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** The end of what a program complained about, indented, for an error. */
export function complaint(stderr: string): string {
  const lines = stderr.trimEnd().split('\n').slice(-10);
  return stderr.trim() === '' ? '' : `:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
