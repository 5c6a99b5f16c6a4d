import { KvmnetError } from '../util/errors.ts';

/** Gathers chunks without copying them, up to a limit. */
export class Output {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  take(): Buffer {
    const [first] = this.#chunks;
    const all = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [];
    this.#length = 0;
    return all;
  }
}

/** The last bytes of a stream that nobody asked for: what a host printed before it went away. */
export class Tail {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = (this.#text + chunk.subarray(-2000).toString('utf8')).slice(-2000);
  }

  clear(): void {
    this.#text = '';
  }

  /** Printable, on one line, at most about 400 characters; empty when nothing was printed. */
  text(): string {
    const clean = this.#text
      .replace(/\u001B\[[0-9;?]*[ -/]*[@-~]/g, '')
      .replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]|\p{Bidi_Control}/gu, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join('; ');
    return clean.length > 400 ? `… ${clean.slice(-400)}` : clean;
  }
}

export const tooMuchOutput = (host: string, limit: number): KvmnetError =>
  new KvmnetError('remote-command', `a command printed more than ${limit} bytes and was ended`, {
    host,
    hint: 'let the command print less, or fetch its output as a file',
  });
