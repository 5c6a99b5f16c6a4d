import { createReadStream } from 'node:fs';
import pLimit from 'p-limit';
import type { JsonObject } from '../../util/json.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { ProbeOutput } from '../../sdk/index.ts';
import type { Become, Connection, ConnectionSpec, Part, PartResult, Transport } from '../../transport/types.ts';
import { factsSnippet } from '../facts/snippet.ts';
import { parseFacts } from '../facts/parse.ts';
import type { ConfirmWindow } from '../guard/confirm-window.ts';
import type { HostLock } from '../lock/host-lock.ts';
import { ProbeCache } from './probe-cache.ts';

/** A reason to reboot that a task has found and that still stands. */
export interface PendingReason {
  readonly task: string;
  readonly path: string;
  readonly reason: string;
}

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
}

interface SessionOptions {
  readonly name: string;
  readonly transport: Transport;
  /** How to connect, worked out when it is first needed. */
  readonly connectionSpec: () => ConnectionSpec;
  readonly signal: AbortSignal;
  /** Undefined: other runs are not minded. */
  readonly lock: HostLock | undefined;
}

/** One host during a run: its connection, what is known of it, what is still true of what was read. */
export class HostSession {
  readonly name: string;
  facts: JsonObject | undefined;
  reboots = 0;
  /** Why the last attempt to connect anew failed. */
  lastRefusal: string | undefined;
  /** Changes of our own path that wait for their confirmation. */
  window: ConfirmWindow | undefined;
  /** One change of our own path at a time: others may delegate theirs to this host. */
  readonly alone = pLimit(1);
  /** What waits for a reboot, by the task (and the item of its loop) that has found it. */
  readonly #pending = new Map<string, readonly PendingReason[]>();
  /** The caches, one for each user that reads: what root sees another may not. */
  readonly #caches = new Map<string, ProbeCache>();
  readonly #options: SessionOptions;
  #connection: Promise<Connection> | undefined;
  #roundTripsBefore = 0;
  #wantsFacts = false;
  #factsAreOld = false;
  #current: Connection | undefined;

  constructor(options: SessionOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get roundTrips(): number {
    return this.#roundTripsBefore + (this.#current?.roundTrips ?? 0);
  }

  cache(become: Become | undefined): ProbeCache {
    const key = become === undefined ? '' : `${become.method} ${become.user}`;
    const known = this.#caches.get(key);
    if (known !== undefined) return known;
    const cache = new ProbeCache();
    this.#caches.set(key, cache);
    return cache;
  }

  /** From here on the run may change the host: its lock is taken with the next exchange, and kept. */
  willChange(): void {
    const { lock } = this.#options;
    if (lock === undefined || lock.wanted) return;
    lock.want();
    // Another run may have changed what was read before.
    if (this.roundTrips > 0) this.changed();
  }

  /** Whose the lock is while we have it: for what the host keeps of us. */
  get holder(): { readonly token: string; readonly words: string } | undefined {
    return this.#options.lock?.holder;
  }

  /** What was read of this host is not true any more. */
  changed(): void {
    this.#factsAreOld = true;
    for (const cache of this.#caches.values()) cache.changed();
  }

  /** Facts travel with the next exchange, unless they are known and nothing has changed since. */
  wantFacts(): void {
    this.#wantsFacts ||= this.facts === undefined || this.#factsAreOld;
  }

  /** What was known of the host is wrong: it is asked again before anybody looks. */
  forgetFacts(): void {
    if (this.facts !== undefined) this.#wantsFacts = true;
    this.facts = undefined;
  }

  /** Facts were known, have been forgotten and are wanted again. */
  get lacksFacts(): boolean {
    return this.#wantsFacts;
  }

  get pending(): readonly PendingReason[] {
    return [...this.#pending.values()].flat();
  }

  /** A task says what waits for a reboot; what it said before does not count any more. */
  wait(key: string, reasons: readonly PendingReason[]): void {
    if (reasons.length > 0) this.#pending.set(key, reasons);
    else this.#pending.delete(key);
  }

  /** The host has come up anew: nothing that was known of it counts. */
  rebooted(): void {
    this.reboots += 1;
    this.#pending.clear();
    this.forgetFacts();
    this.changed();
  }

  /** Sends one request and waits for all its answers. @throws KvmnetError where the host cannot be reached */
  async exchange(exchange: Exchange, options: ExchangeOptions = {}): Promise<ExchangeResult> {
    const { steps = [], commands = [] } = exchange;
    const probes = [...new Set(exchange.probes)];
    const facts = this.#wantsFacts;
    const parts: Part[] = [
      ...(facts ? [{ script: factsSnippet }] : []),
      ...steps.map((script) => ({ script, when: 'ok' as const })),
      ...[...commands, ...probes].map((script) => ({ script })),
    ];
    if (parts.length === 0) return { steps: [], commands: [] };
    const changes = steps.length + commands.length > 0;
    const results = await this.#send(parts, changes, options);
    const rest = facts ? results.slice(1) : results;
    if (facts) this.#learn(results[0]);
    const cache = this.cache(options.become);
    probes.forEach((script, index) => {
      const result = rest[steps.length + commands.length + index];
      if (result !== undefined) cache.set(script, toOutput(result));
    });
    return { steps: rest.slice(0, steps.length), commands: rest.slice(steps.length, steps.length + commands.length) };
  }

  async connection(): Promise<Connection> {
    if (this.#current?.closed === true) await this.drop();
    this.#connection ??= this.#options.transport.connect(this.#spec, {
      signal: this.#options.signal,
    });
    try {
      this.#current = await this.#connection;
      return this.#current;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }

  /** As far as is known: a line that was cut a moment ago may not show it yet. */
  get connected(): boolean {
    return this.#current?.closed === false;
  }

  /** Gives the connection up; the next use makes a new one. */
  async drop(): Promise<void> {
    const connection = this.#current;
    this.#connection = undefined;
    this.#current = undefined;
    if (connection === undefined) return;
    this.#roundTripsBefore += connection.roundTrips;
    await connection.close();
  }

  /** One attempt to connect anew. */
  async tryReconnect(timeoutSeconds: number): Promise<boolean> {
    await this.drop();
    const spec = { ...this.#spec, connectTimeout: timeoutSeconds, retries: 0 };
    try {
      this.#current = await this.#options.transport.connect(spec, { signal: this.#options.signal });
      this.#connection = Promise.resolve(this.#current);
      return true;
    } catch (error) {
      // A host that is on its way up, or cut off, may refuse us for a while in any of these ways.
      if (!(error instanceof KvmnetError) || !refusals.has(error.code)) throw error;
      this.lastRefusal = error.message;
      return false;
    }
  }

  /** Sends a file of the controller ahead of the steps that put it in place. @returns its path on the host */
  async upload(file: string, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
    const connection = await this.connection();
    return connection.upload(createReadStream(file), { onProgress, signal });
  }

  async #send(parts: readonly Part[], changes: boolean, options: ExchangeOptions): Promise<readonly PartResult[]> {
    const { become, timeout, signal } = options;
    const { lock } = this.#options;
    const request = async (gate: readonly Part[]): Promise<readonly PartResult[]> =>
      (await this.connection()).shell(become).request([...gate, ...parts], { timeout, signal });
    const send = (): Promise<readonly PartResult[]> =>
      lock === undefined ? request([]) : lock.hold(request, signal ?? this.#options.signal);
    try {
      return await send();
    } catch (error) {
      // A request that only reads can be sent again; one that changes something may have been carried out.
      const again = !changes && error instanceof KvmnetError && error.code === 'connection-lost';
      if (!again) throw error;
      await this.drop();
      return send();
    }
  }

  get #spec(): ConnectionSpec {
    const { connectionSpec, lock } = this.#options;
    return lock === undefined ? connectionSpec() : { ...connectionSpec(), farewell: lock.farewell };
  }

  #learn(result: PartResult | undefined): void {
    this.#wantsFacts = false;
    this.#factsAreOld = false;
    this.facts = parseFacts(result?.stdout.toString('utf8') ?? '');
  }
}

const refusals: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'connection-lost', 'auth', 'host-key']);

export const toOutput = (result: PartResult): ProbeOutput => ({
  stdout: result.stdout.toString('utf8'),
  stderr: result.stderr.toString('utf8'),
  code: result.code,
  bytes: result.stdout,
});
