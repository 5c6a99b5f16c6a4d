import type { Writable } from 'node:stream';
import type { RunEvent } from '../engine/events.ts';

/** Shows the events of a run to someone: a person, a log, a program. */
export interface Reporter {
  handle(event: RunEvent): void;
  /** After the last event, or when the run broke off: everything is written when it resolves. */
  end(): Promise<void>;
  /** Leaves the terminal to someone else (a question to the person who watches) until `resume`. */
  suspend?(): void;
  resume?(): void;
}

export interface OutputStream extends Writable {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface ReporterOptions {
  readonly stdout: OutputStream;
  /** `--color`, `--no-color`, or neither. */
  readonly colour?: boolean | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Number of -v. */
  readonly verbosity: number;
  /** The output of each result is what the run is for (ad-hoc commands). */
  readonly showOutput?: boolean | undefined;
  /** Milliseconds since some point; for tests. */
  readonly now?: (() => number) | undefined;
}
