import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ReadStream, WriteStream } from 'node:tty';
import type { Ask } from '../engine/action/action-host.ts';
import { KvmnetError } from '../util/errors.ts';
import type { Cli } from './cli.ts';

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  close(): void;
}

/** Who else uses the terminal makes room while a question is open. */
interface Neighbour {
  suspend?(): void;
  resume?(): void;
}

/**
 * Asks the person at the terminal, one question at a time; undefined where there is no terminal. The terminal is the
 * standard input, or /dev/tty where that is a pipe.
 */
export function createAsk(cli: Cli, signal?: AbortSignal, neighbour: Neighbour = {}): Ask {
  let last: Promise<unknown> = Promise.resolve();
  return (question, { echo = true } = {}) => {
    const answer = last.then(async () => {
      const terminal = openTerminal(cli);
      if (terminal === undefined) return undefined;
      neighbour.suspend?.();
      try {
        return await askOn(terminal, question, echo, signal);
      } finally {
        terminal.close();
        neighbour.resume?.();
      }
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

function openTerminal(cli: Cli): Terminal | undefined {
  if (cli.stdin.isTTY && cli.stderr.isTTY === true) {
    return { input: cli.stdin, output: cli.stderr, close: () => void cli.stdin.pause() };
  }
  try {
    const [input, output] = [new ReadStream(openSync('/dev/tty', 'r')), new WriteStream(openSync('/dev/tty', 'w'))];
    const close = (): void => {
      input.destroy();
      output.destroy();
    };
    return { input, output, close };
  } catch {
    return undefined;
  }
}

/** @throws KvmnetError code `interrupted` where the person ends the input instead of answering */
async function askOn(terminal: Terminal, question: string, echo: boolean, signal?: AbortSignal): Promise<string> {
  let muted = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) terminal.output.write(chunk);
      done();
    },
  });
  const reader = createInterface({ input: terminal.input, output, terminal: true, historySize: 0 });
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = (): void => reject(new KvmnetError('interrupted', 'no answer was given'));
      reader.once('close', stop);
      // In raw mode ^C is a key and not a signal.
      reader.once('SIGINT', () => {
        stop();
        process.kill(process.pid, 'SIGINT');
      });
      signal?.addEventListener('abort', stop, { once: true });
      reader.question(question, resolve);
      muted = !echo;
    });
  } finally {
    muted = false;
    if (!echo) terminal.output.write('\n');
    reader.close();
  }
}

/** A password that is needed: there is no way on without it. @throws KvmnetError code `usage` without a terminal */
export async function askPassword(ask: Ask, what: string, remedy: string): Promise<string> {
  const answer = await ask(`${what}: `, { echo: false });
  if (answer !== undefined) return answer;
  throw new KvmnetError('usage', `there is no terminal to ask for the ${what}`, { hint: remedy });
}

/** A password that is made up now: asked for twice, because a slip would lock everything away. */
export async function askNewPassword(ask: Ask, what: string, remedy: string): Promise<string> {
  const answer = await askPassword(ask, what, remedy);
  if (answer === '') throw new KvmnetError('usage', `the ${what} is empty`);
  if ((await askPassword(ask, `${what} again`, remedy)) === answer) return answer;
  throw new KvmnetError('usage', 'these were two different passwords');
}
