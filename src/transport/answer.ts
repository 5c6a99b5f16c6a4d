import { KvmnetError } from '../util/errors.ts';
import { deferred } from './deferred.ts';
import { FrameDecoder } from './frame.ts';
import { GUARD_FIRED } from './host-functions.ts';
import { Output, Tail } from './output.ts';
import type { PartResult } from './types.ts';

/** How a request came to its end on the host. */
export interface Outcome {
  readonly results: readonly PartResult[];
  /** Set when the request was ended from outside: its status, and whether its own guard did it. */
  readonly ended?: { readonly code: number; readonly byGuard: boolean } | undefined;
}

export interface RunHooks {
  /** The pid of the control shell is known: the request runs. */
  started(pid: number): void;
  /** A part has printed more than allowed; what comes after is thrown away. */
  tooMuch(): void;
}

interface Collected {
  readonly ran: boolean;
  readonly code: number;
}

/** Puts the two streams of an answer together again, part by part. */
export class Answer {
  readonly complete: Promise<Outcome>;
  begun = false;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: Error) => void;
  readonly #expected: number;
  readonly #limit: number;
  readonly #hooks: RunHooks;
  readonly #stdout: FrameDecoder;
  readonly #stderr: FrameDecoder;
  readonly #out = new Output();
  readonly #err = new Output();
  readonly #outs: (Collected & { readonly bytes: Buffer })[] = [];
  readonly #errs: Buffer[] = [];
  readonly #errTail = new Tail();
  #errBegun = false;
  #total = 0;
  #overflowed = false;
  #ended: { code: number; byGuard: boolean } | undefined;
  #errEnded = false;

  constructor(token: string, expected: number, limit: number, noise: Tail, hooks: RunHooks) {
    [this.complete, this.#resolve, this.#reject] = deferred<Outcome>();
    this.#expected = expected;
    this.#limit = limit;
    this.#hooks = hooks;
    this.#stdout = new FrameDecoder(token, {
      data: (bytes) => this.#collect(this.begun ? this.#out : noise, bytes),
      mark: (words) => this.#outMark(words),
    });
    this.#stderr = new FrameDecoder(token, {
      data: (bytes) => {
        this.#errTail.add(bytes);
        this.#collect(this.#errBegun ? this.#err : noise, bytes);
      },
      mark: (words) => this.#errMark(words),
    });
  }

  stdout(chunk: Buffer): void {
    this.#stdout.push(chunk);
  }

  stderr(chunk: Buffer): void {
    this.#stderr.push(chunk);
  }

  printed(): string {
    return this.#errTail.text();
  }

  #collect(output: Output | Tail, bytes: Buffer): void {
    if (this.#overflowed) return;
    this.#total += bytes.length;
    if (this.#total <= this.#limit) return output.add(bytes);
    this.#overflowed = true;
    this.#hooks.tooMuch();
  }

  /** A host that ends more parts than it was sent would fill the memory with them. */
  #expects(ends: readonly unknown[]): boolean {
    return ends.length < this.#expected;
  }

  #outMark([kind, first, second]: readonly string[]): void {
    if (kind === 'b' && !this.begun && isPid(first)) {
      this.begun = true;
      this.#hooks.started(Number(first));
    } else if (kind === 'e' && this.begun && isStatus(first) && this.#expects(this.#outs)) {
      this.#outs.push({ bytes: this.#out.take(), ran: true, code: Number(first) });
    } else if (kind === 's' && this.begun && this.#expects(this.#outs)) {
      this.#outs.push({ bytes: this.#out.take(), ran: false, code: 0 });
    } else if (kind === 'x' && isStatus(first)) {
      this.#ended = { code: Number(first), byGuard: Number(second) === GUARD_FIRED };
    } else {
      this.#reject(garbled());
    }
    this.#finish();
  }

  #errMark([kind]: readonly string[]): void {
    if (kind === 'b') this.#errBegun = true;
    else if ((kind === 'e' || kind === 's') && this.#expects(this.#errs)) this.#errs.push(this.#err.take());
    else if (kind === 'x') this.#errEnded = true;
    else this.#reject(garbled());
    this.#finish();
  }

  #finish(): void {
    const whole = this.#outs.length === this.#expected && this.#errs.length === this.#expected;
    if (!whole && !(this.#ended && this.#errEnded)) return;
    const results = this.#outs.map(({ bytes, ran, code }, i): PartResult => {
      return { ran, code, stdout: bytes, stderr: this.#errs[i] ?? this.#err.take(), timedOut: false };
    });
    // The part that was running has no end mark; those after it never ran.
    const { code = 0, byGuard = false } = this.#ended ?? {};
    while (results.length < this.#expected) {
      const running = results.length === this.#outs.length;
      results.push({
        ran: running,
        code,
        stdout: running ? this.#out.take() : Buffer.alloc(0),
        stderr: running ? this.#err.take() : Buffer.alloc(0),
        timedOut: byGuard,
      });
    }
    this.#resolve({ results, ...(this.#ended === undefined || whole ? {} : { ended: this.#ended }) });
  }
}

const isStatus = (word: string | undefined): word is string => word !== undefined && /^\d{1,3}$/.test(word);
const isPid = (word: string | undefined): word is string => word !== undefined && /^\d{1,10}$/.test(word);

const garbled = (): Error =>
  new KvmnetError('connection-lost', 'the answers of the shell on the host are out of step', {
    hint: 'a background process may be writing to the output of the session',
  });
