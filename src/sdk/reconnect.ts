import { KvmnetError, type ErrorCode } from '../util/errors.ts';
import type { ActionHost } from './action.ts';
import { sleep } from './sleep.ts';

export interface ReconnectOptions {
  /** Seconds until it gives up; at least one attempt is made. */
  readonly timeout: number;
  /** Seconds for one attempt. */
  readonly connectTimeout: number;
  /** Seconds between two attempts: after the first, and at most. */
  readonly pause: readonly [first: number, longest: number];
  /** Asked over the new connection: what is still wrong; undefined: all is well. */
  readonly check: () => Promise<string | undefined>;
  /** What the host is waited for, for the person who watches. */
  readonly what: string;
}

// While a host goes down or comes up, logins and sessions are refused and break. Anything else will not mend by itself.
const passing: readonly ErrorCode[] = ['unreachable', 'timeout', 'connection-lost', 'auth', 'become', 'refused'];

/**
 * Logs in anew, again and again, until a check over the new connection is content.
 * @returns what was seen last, where the time was up
 */
export async function reconnect(host: ActionHost, options: ReconnectOptions): Promise<string | undefined> {
  const started = performance.now();
  let [pause] = options.pause;
  for (;;) {
    const seen = await attempt(host, options);
    if (seen === undefined) return undefined;
    const elapsed = (performance.now() - started) / 1000;
    if (elapsed + pause >= options.timeout) return seen;
    host.progress(`${options.what}, ${Math.round(elapsed)} of ${options.timeout} s: ${seen}`);
    await sleep(pause, host);
    pause = Math.min(options.pause[1], pause * 1.5);
  }
}

async function attempt(host: ActionHost, { connectTimeout, check }: ReconnectOptions): Promise<string | undefined> {
  try {
    if (await host.connection.tryReconnect(connectTimeout)) return await check();
    return host.connection.lastError ?? 'it cannot be reached';
  } catch (error) {
    if (error instanceof KvmnetError && passing.includes(error.code) && !host.signal.aborted) return error.message;
    throw error;
  }
}
