import type { ProbeOutput } from '../../sdk/index.ts';
import type { Become, PartResult } from '../../transport/types.ts';

/** What goes to a host in one round trip, in this order. */
export interface Exchange {
  /** Scripts that change something; what follows the first that fails is left out. */
  readonly steps?: readonly string[];
  /** Scripts that run whatever happened before them. */
  readonly commands?: readonly string[];
  /** Probe scripts whose answers are remembered. */
  readonly probes?: readonly string[];
}

export interface ExchangeResult {
  readonly steps: readonly PartResult[];
  readonly commands: readonly PartResult[];
}

export interface ExchangeOptions {
  readonly become?: Become | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of output of each script beyond which the request fails. */
  readonly maxOutput?: number | undefined;
}

export const toOutput = (result: PartResult): ProbeOutput => ({
  stdout: result.stdout.toString('utf8'),
  stderr: result.stderr.toString('utf8'),
  code: result.code,
  bytes: result.stdout,
});
