/**
 * The output of a kept-open sh is one endless stream. A request is found in it again by a random token of its own that
 * the host cannot know before: `<noise><token> b …\n<output of part 1><token> e 0\n<output of part 2>…`.
 */
export interface FrameSink {
  /** Bytes between two marks; before the first mark they are noise. */
  data(bytes: Buffer): void;
  /** The words of a mark, without the token. */
  mark(words: readonly string[]): void;
}

// A mark is the token and a few words, at most a path. More than that after a token was not written by our wrapper.
const LONGEST_MARK = 8192;

/** Cuts one stream at its marks. Output may hold any bytes, in chunks of any size, with or without a last newline. */
export class FrameDecoder {
  readonly #token: Buffer;
  readonly #sink: FrameSink;
  #pending: Buffer = Buffer.alloc(0);

  constructor(token: string, sink: FrameSink) {
    this.#token = Buffer.from(token, 'latin1');
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    for (;;) {
      const at = rest.indexOf(this.#token);
      if (at < 0) return this.#keepPossibleToken(rest);
      if (at > 0) this.#sink.data(rest.subarray(0, at));
      const newline = rest.indexOf(10, at);
      if (newline < 0 && rest.length - at <= LONGEST_MARK) {
        this.#pending = Buffer.from(rest.subarray(at));
        return;
      }
      const end = newline < 0 ? rest.length : newline;
      const words = rest
        .subarray(at + this.#token.length, end)
        .toString('latin1')
        .trim();
      this.#sink.mark(words === '' ? [] : words.split(' '));
      if (end >= rest.length - 1) return;
      rest = rest.subarray(end + 1);
    }
  }

  /** Hands on everything but a tail that may be the beginning of a token. */
  #keepPossibleToken(bytes: Buffer): void {
    let keep = Math.min(this.#token.length - 1, bytes.length);
    const begins = (length: number): boolean =>
      bytes[bytes.length - length] === this.#token[0] &&
      bytes.subarray(bytes.length - length).equals(this.#token.subarray(0, length));
    while (keep > 0 && !begins(keep)) keep--;
    if (bytes.length > keep) this.#sink.data(bytes.subarray(0, bytes.length - keep));
    if (keep > 0) this.#pending = Buffer.from(bytes.subarray(bytes.length - keep));
  }
}
