import { randomBytes } from 'node:crypto';
import { Answer, type Outcome, type RunHooks } from './answer.ts';
import { listen, type Channel, type ChannelExit } from './channel.ts';
import { deferred } from './deferred.ts';
import { HELLO } from './host-functions.ts';
import { Tail } from './output.ts';
import { requestScript } from './request-script.ts';
import { quote } from './sh-quote.ts';
import type { Part, RequestOptions } from './types.ts';

/** Bytes. A host decides how much it prints, and fifty of them may do so at once. */
export const MAX_OUTPUT = 32 * 1024 * 1024;

/** One live sh at the other end of a channel. It knows one request at a time. */
export class ShellSession {
  readonly #channel: Channel;
  readonly #hello: string;
  readonly #noise = new Tail();
  #listener: { stdout(chunk: Buffer): void; stderr(chunk: Buffer): void } | undefined;
  readonly #ended: Promise<ChannelExit>;
  readonly #letGo: (exit: ChannelExit) => void;
  #greeted = false;
  dead = false;

  constructor(channel: Channel, farewell?: string) {
    this.#channel = channel;
    // In a subshell: what it sets must not be in the way of anything. Where nobody listens any more the shell ends by itself.
    this.#hello =
      farewell === undefined ? HELLO : `${HELLO}trap ${quote(`( ${farewell}\n)`)} EXIT; trap 'exit 141' PIPE\n`;
    listen(channel.stdout, (chunk: Buffer) => (this.#listener ? this.#listener.stdout(chunk) : this.#noise.add(chunk)));
    listen(channel.stderr, (chunk: Buffer) => (this.#listener ? this.#listener.stderr(chunk) : this.#noise.add(chunk)));
    const [abandoned, letGo] = deferred<ChannelExit>();
    this.#letGo = letGo;
    this.#ended = Promise.race([channel.closed, abandoned]);
    void channel.closed.then(() => (this.dead = true));
  }

  /** What the host printed outside of any answer: for errors about a shell that would not start. */
  get noise(): string {
    return this.#noise.text();
  }

  /** @throws {SessionEnded} when the sh or the connection has gone before the answer was complete. */
  async run(parts: readonly Part[], options: RequestOptions, hooks: RunHooks): Promise<Outcome> {
    const token = randomBytes(16).toString('hex');
    const script = requestScript(token, parts, options);
    const text = this.#greeted ? script : `${this.#hello}${script}`;
    const answer = new Answer(token, parts.length, options.maxOutput ?? MAX_OUTPUT, this.#noise, hooks);
    this.#listener = answer;
    try {
      this.#channel.stdin.write(text);
      const outcome = await Promise.race([answer.complete, this.#ended]);
      if ('results' in outcome) return outcome;
      const begun = answer.begun || this.#greeted;
      throw new SessionEnded(this.#channel.lost(), begun, outcome, answer.printed() || this.noise);
    } finally {
      if (answer.begun) this.#greeted = true;
      this.#listener = undefined;
      this.#noise.clear();
    }
  }

  close(): void {
    this.dead = true;
    this.#channel.stdin.end();
    this.#channel.close();
    // A host may take its time to confirm, or never do so.
    this.#letGo({ code: null });
  }
}

/** The sh has gone, with or without its connection. `KeptShell` turns this into words for the user. */
export class SessionEnded extends Error {
  override readonly name = 'SessionEnded';
  readonly lost: boolean;
  readonly begun: boolean;
  readonly code: number | null;
  /** `KILL`, where a signal has ended it. */
  readonly signal: string | undefined;
  readonly printed: string;

  constructor(lost: boolean, begun: boolean, { code, signal }: ChannelExit, printed: string) {
    super(`the shell ended with status ${code ?? 'unknown'}`);
    this.lost = lost;
    this.begun = begun;
    this.code = code;
    this.signal = signal?.replace(/^SIG/, '');
    this.printed = printed;
  }
}
