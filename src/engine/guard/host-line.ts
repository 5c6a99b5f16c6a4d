import { setTimeout as sleep } from 'node:timers/promises';
import { KvmnetError } from '../../util/errors.ts';
import type { Exchange, ExchangeResult } from '../host/exchange.ts';
import type { TaskHost } from '../host/task-host.ts';

/** A line to a host that may be cut at any moment: asks, waits no longer than is sensible, and logs in anew. */
export class HostLine {
  readonly #host: TaskHost;
  /** When the connection in use was begun, as `performance.now()`; undefined: before the change. */
  begun: number | undefined;
  /** When it was there. */
  made = 0;

  constructor(host: TaskHost) {
    this.#host = host;
  }

  /** One round trip; undefined where the line is dead or silent. @throws what is wrong with the request itself */
  async ask(exchange: Exchange, patienceSeconds: number): Promise<ExchangeResult | undefined> {
    const waiting = new AbortController();
    // The task's own limit is for its change, not for us.
    const asked = this.#host.exchange(exchange, { timeout: 600 }).catch((error: unknown) => {
      if (!isLineError(error)) throw error;
      return undefined;
    });
    asked.catch(() => undefined);
    const signal = AbortSignal.any([waiting.signal, this.#host.signal]);
    try {
      return await Promise.race([asked, sleep(Math.max(0, patienceSeconds) * 1000, undefined, { signal })]);
    } finally {
      waiting.abort();
    }
  }

  /** The same, over new connections where it has to be, until `deadline` (`performance.now()`). */
  async reach(exchange: Exchange, patienceSeconds: number, deadline: number): Promise<ExchangeResult | undefined> {
    for (let patience = patienceSeconds; ; patience = 10) {
      const answer = await this.ask(exchange, patience);
      if (answer !== undefined) return answer;
      if (!(await this.renew(deadline))) return undefined;
    }
  }

  /** Gives the connection up and logs in anew, again and again until `deadline`. */
  async renew(deadline: number): Promise<boolean> {
    const { session, signal } = this.#host;
    await session.drop();
    for (let pause = 200; ; pause = Math.min(pause * 1.5, 2000)) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      this.begun = performance.now();
      if (await session.tryReconnect(5, Math.max(1, Math.ceil(left / 1000)))) {
        this.made = performance.now();
        return true;
      }
      await sleep(Math.min(pause, Math.max(0, deadline - performance.now())), undefined, { signal });
    }
  }

  /** Does some work again, over a new connection, where it has lost the line. */
  async steady<T>(work: () => Promise<T>, deadline: number): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isLineError(error) || !(await this.renew(deadline))) throw error;
      }
    }
  }
}

const lineErrors: ReadonlySet<string> = new Set(['connection-lost', 'unreachable', 'timeout', 'auth', 'host-key']);
const isLineError = (error: unknown): boolean => error instanceof KvmnetError && lineErrors.has(error.code);
