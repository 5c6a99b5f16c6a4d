import { connect, type Socket } from 'node:net';
import type { RunOptions, RunResult } from '../lab/process.ts';
import { sleep } from '../lab/process.ts';

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

/**
 * Runs a program as root in a guest through QEMU's guest agent, past its network and its sshd: the outside view of a test.
 * One connection for each call, as a guest may go away at any moment.
 * @throws where the agent does not answer within the timeout (in seconds, default 120).
 */
export async function runByAgent(
  socketPath: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const [path, ...arg] = argv;
  if (path === undefined) throw new TypeError('empty argv');
  const end = performance.now() + (options.timeout ?? 120) * 1000;
  const agent = await Agent.connect(socketPath, end);
  try {
    const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C'];
    const input = options.input === undefined ? {} : { 'input-data': Buffer.from(options.input).toString('base64') };
    const started = await agent.ask('guest-exec', { path, arg, env, 'capture-output': true, ...input });
    const { pid } = started as { readonly pid: number };
    for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
      const status = (await agent.ask('guest-exec-status', { pid })) as ExecStatus;
      if (status.exited) {
        const code = status.exitcode ?? 128 + (status.signal ?? 0);
        return { stdout: text(status['out-data']), stderr: text(status['err-data']), code };
      }
      if (performance.now() > end) throw new Error(`timed out in the guest: ${argv.join(' ')}`);
      await sleep(pause);
    }
  } finally {
    agent.close();
  }
}

const text = (base64 = ''): string => Buffer.from(base64, 'base64').toString();

/** One conversation: a question, its answer, a line each. */
class Agent {
  readonly #socket: Socket;
  readonly #end: number;
  #received = '';
  #wake: () => void = () => {};

  private constructor(socket: Socket, end: number) {
    this.#socket = socket;
    this.#end = end;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    for (const event of ['close', 'error']) socket.on(event, () => this.#wake());
  }

  static async connect(path: string, end: number): Promise<Agent> {
    for (;;) {
      const socket = connect(path);
      const agent = new Agent(socket, end);
      // An agent that has just started may still have half a question of somebody who gave up: 0xff ends it, and the number
      // tells the answer to this question from older ones.
      const id = Math.trunc(Math.random() * 2 ** 31);
      socket.write(Buffer.from([0xff]));
      try {
        const soon = Math.min(end, performance.now() + 3000);
        agent.#send('guest-sync-delimited', { id });
        for (;;) {
          const line = await agent.#line(soon);
          const answer = parse(line.slice(line.lastIndexOf('\u00ff') + 1));
          if (answer?.return === id) return agent;
        }
      } catch (error) {
        agent.close();
        if (performance.now() > end) throw new Error(`the guest's agent does not answer at ${path}`, { cause: error });
        await sleep(100);
      }
    }
  }

  async ask(execute: string, args: object): Promise<unknown> {
    this.#send(execute, args);
    for (;;) {
      const answer = parse(await this.#line(this.#end));
      if (answer?.error !== undefined) throw new Error(`the guest's agent: ${answer.error.desc}`);
      if (answer !== undefined && 'return' in answer) return answer.return;
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(execute: string, args: object): void {
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
  }

  async #line(end: number): Promise<string> {
    for (;;) {
      const at = this.#received.indexOf('\n');
      if (at >= 0) {
        const line = this.#received.slice(0, at);
        this.#received = this.#received.slice(at + 1);
        return line;
      }
      if (this.#socket.destroyed) throw new Error('the connection to the guest has ended');
      const left = end - performance.now();
      if (left <= 0) throw new Error('no answer in time');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

function parse(line: string): Answer | undefined {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return undefined; // what is left of an older conversation
  }
}
