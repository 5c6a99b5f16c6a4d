import type { SourceLocation } from './source.ts';

/**
 * What went wrong, as a stable word that programs can test for. The exit code of a run follows from it
 * (see `src/cli/exit-codes.ts`).
 */
export type ErrorCode =
  | 'usage'
  | 'inventory'
  | 'playbook'
  | 'template'
  | 'expression'
  | 'undefined-variable'
  | 'params'
  | 'vault'
  | 'unreachable'
  | 'auth'
  | 'host-key'
  | 'become'
  | 'timeout'
  | 'connection-lost'
  | 'remote-command'
  | 'did-not-converge'
  | 'taken-back'
  | 'refused'
  | 'missing'
  | 'locked'
  | 'interrupted'
  | 'io';

export interface ErrorDetails {
  /** What the user can do about it: one sentence, imperative. */
  readonly hint?: string | undefined;
  /** Where in the user's files the mistake stands. */
  readonly at?: SourceLocation | undefined;
  /** The inventory name of the host it happened on. */
  readonly host?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A failure that the user can understand and act upon. Anything that is thrown and is not a `KvmnetError` is a bug of
 * kvmnet: it is shown with its stack and ends the program with exit code 70.
 */
export class KvmnetError extends Error {
  override readonly name: string = 'KvmnetError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly at: SourceLocation | undefined;
  readonly host: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.at = details.at;
    this.host = details.host;
  }
}

/** What is no mistake but probably not meant, in one line with its remedy. */
export const warningText = ({ message, hint }: KvmnetError): string =>
  hint === undefined ? message : `${message} (${hint})`;

/** Several mistakes found in one pass: all of them are shown, sorted by file and line. Never empty. */
export class DiagnosticsError extends KvmnetError {
  override readonly name = 'DiagnosticsError';
  readonly diagnostics: readonly KvmnetError[];

  constructor(diagnostics: readonly KvmnetError[]) {
    const [first] = diagnostics;
    super(first?.code ?? 'usage', diagnostics.map((d) => d.message).join('\n'));
    this.diagnostics = diagnostics;
  }
}
