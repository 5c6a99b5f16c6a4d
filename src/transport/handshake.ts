import type { Readable } from 'node:stream';
import { listen, type Channel } from './channel.ts';
import { Tail } from './output.ts';

// Of a greeting that has no end, only the end can be a sign.
const MOST_HEARD = 64 * 1024;

/** Follows what a program says on both its streams until it is one of a few things. */
export class Listener {
  readonly #channel: Channel;
  readonly #all = new Tail();
  readonly #heard = { stdout: '', stderr: '' };
  #wake: () => void = () => {};
  #ended = false;
  #followed: Readable | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    listen(channel.stdout, this.#onStdout);
    listen(channel.stderr, this.#onStderr);
    void channel.closed.then(() => this.#end());
  }

  /** Listens to one more program, as if all it says came on stderr: the terminal where a password is asked for. */
  follow(terminal: Channel): void {
    listen(terminal.stdout, this.#onStderr);
    this.#followed = terminal.stdout;
    void terminal.closed.then(() => this.#end());
  }

  get printed(): string {
    return this.#all.text();
  }

  /**
   * @param signs what to wait for: a pattern per stream. What stands up to the end of the match is used up.
   * @returns the name of the first that was seen, `ended` when the program has gone, `timeout`.
   */
  async wait<Sign extends string>(
    signs: Readonly<Record<Sign, { readonly on: 'stdout' | 'stderr' | 'both'; readonly text: RegExp }>>,
    seconds: number,
  ): Promise<Sign | 'ended' | 'timeout'> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      for (const sign in signs) if (this.#take(signs[sign].on, signs[sign].text)) return sign;
      if (this.#ended) return 'ended';
      const left = deadline - performance.now();
      if (left <= 0) return 'timeout';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Stops listening; what was read too much is put back. */
  release(): void {
    release(this.#channel.stdout, this.#onStdout, this.#heard.stdout);
    release(this.#channel.stderr, this.#onStderr, this.#followed === undefined ? this.#heard.stderr : '');
    if (this.#followed !== undefined) release(this.#followed, this.#onStderr, '');
  }

  readonly #onStdout = (chunk: Buffer): void => this.#hear('stdout', chunk);
  readonly #onStderr = (chunk: Buffer): void => this.#hear('stderr', chunk);

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #hear(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this.#all.add(chunk);
    this.#heard[stream] = (this.#heard[stream] + chunk.toString('latin1')).slice(-MOST_HEARD);
    this.#wake();
  }

  #take(on: 'stdout' | 'stderr' | 'both', text: RegExp): boolean {
    for (const stream of on === 'both' ? (['stdout', 'stderr'] as const) : [on]) {
      const match = text.exec(this.#heard[stream]);
      if (match === null) continue;
      this.#heard[stream] = this.#heard[stream].slice(match.index + match[0].length);
      return true;
    }
    return false;
  }
}

function release(stream: Readable, listener: (chunk: Buffer) => void, rest: string): void {
  stream.off('data', listener);
  stream.pause();
  if (rest !== '') stream.unshift(Buffer.from(rest, 'latin1'));
}
