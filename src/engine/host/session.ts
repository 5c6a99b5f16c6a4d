import { createReadStream } from 'node:fs';
import pLimit from 'p-limit';
import type { JsonObject } from '../../util/json.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { RebootReason } from '../../sdk/action.ts';
import type { ProbeOutput } from '../../sdk/index.ts';
import type { Become, Connection, ConnectionSpec, Part, PartResult, Transport } from '../../transport/types.ts';
import { factsSnippet } from '../facts/snippet.ts';
import { parseFacts } from '../facts/parse.ts';
import type { ConfirmWindow } from '../guard/confirm-window.ts';
import type { HostLock } from '../lock/host-lock.ts';
import { BootWatch, readBootId } from './boot-watch.ts';
import { toOutput, type Exchange, type ExchangeOptions, type ExchangeResult } from './exchange.ts';
import { PendingReasons } from './pending-reasons.ts';
import { ProbeCache } from './probe-cache.ts';
import { RebootedError } from './rebooted-error.ts';

// A question is at most some hundred small programs. On a link of 1 kB/s their answers take minutes.
const LONGEST_READ_SECONDS = 600;

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
  /**
   * What was read of the way that our session takes, by user and script: it stays true through changes that do not cross it.
   * Whatever else may have changed it clears this.
   */
  readonly path = new Map<string, ProbeOutput>();
  /** One change of our own path at a time: others may delegate theirs to this host. */
  readonly alone = pLimit(1);
  /** The boot units that this run keeps, with the name of the last task that does. */
  readonly kept = new Map<string, string>();
  /** What waits for a reboot. */
  readonly reasons = new PendingReasons();
  /** Requests that may have changed the host. */
  changesSent = 0;
  /** The caches, one for each user that reads: what root sees another may not. */
  readonly #caches = new Map<string, ProbeCache>();
  readonly #options: SessionOptions;
  #connection: Promise<Connection> | undefined;
  #roundTripsBefore = 0;
  #wantsFacts = false;
  #factsAreOld = false;
  #current: Connection | undefined;
  readonly #boot = new BootWatch();

  constructor(options: SessionOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get roundTrips(): number {
    return this.#roundTripsBefore + (this.#current?.roundTrips ?? 0);
  }

  cache(become: Become | undefined): ProbeCache {
    const key = userKey(become);
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

  /** It is the machine that kvmnet runs on. */
  get isLocal(): boolean {
    return this.#spec.kind === 'local';
  }

  get pending(): readonly RebootReason[] {
    return this.reasons.list;
  }

  /** Sends one request and waits for all its answers. @throws KvmnetError where the host cannot be reached */
  async exchange(exchange: Exchange, options: ExchangeOptions = {}): Promise<ExchangeResult> {
    const { steps = [], commands = [] } = exchange;
    const probes = [...new Set(exchange.probes)];
    const changes = steps.length + commands.length > 0;
    if (changes) await this.#mustBeSameBoot(options);
    const facts = this.#wantsFacts;
    const parts: Part[] = [
      ...(facts ? [{ script: factsSnippet }] : []),
      ...steps.map((script) => ({ script, when: 'ok' as const })),
      ...[...commands, ...probes].map((script) => ({ script })),
    ];
    if (parts.length === 0) return { steps: [], commands: [] };
    const results = await this.#send(parts, changes, options);
    const rest = facts ? results.slice(1) : results;
    if (facts) this.#learn(results[0]);
    if (changes) this.changesSent += 1;
    // Noticed only now: what was known is wrong, and somebody may ask for it before the next request.
    else if (this.#wantsFacts && !facts && !this.#boot.isExpected(this.#current)) await this.exchange({}, options);
    const cache = this.cache(options.become);
    probes.forEach((script, index) => {
      const result = rest[steps.length + commands.length + index];
      if (result !== undefined) cache.set(script, toOutput(result));
    });
    return { steps: rest.slice(0, steps.length), commands: rest.slice(steps.length, steps.length + commands.length) };
  }

  /** Looks at a host whose connection was lost meanwhile, before anybody trusts what was read over it. */
  async ensureSameBoot(options: ExchangeOptions): Promise<void> {
    if (this.#current?.closed !== true) return;
    await this.#send([{ script: ':' }], false, options);
    if (this.#wantsFacts) await this.exchange({}, options);
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
    this.path.clear();
    this.#options.lock?.dropped();
    if (connection === undefined) return;
    this.#roundTripsBefore += connection.roundTrips;
    await connection.close();
  }

  /** One attempt to connect anew. A login that the inventory gives more time has it here, too, up to `atMost`. */
  async tryReconnect(timeoutSeconds: number, atMost = Infinity): Promise<boolean> {
    await this.drop();
    const connectTimeout = Math.min(Math.max(timeoutSeconds, this.#spec.connectTimeout ?? 0), atMost);
    const spec = { ...this.#spec, connectTimeout, retries: 0 };
    try {
      this.#current = await this.#options.transport.connect(spec, { signal: this.#options.signal });
      this.#connection = Promise.resolve(this.#current);
      this.#boot.expect(this.#current);
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
    const { become, timeout, signal, maxOutput } = options;
    // What only reads is ours, and soon over; a command takes as long as it takes.
    const giveUp = changes ? undefined : LONGEST_READ_SECONDS;
    const { lock } = this.#options;
    const request = async (gate: readonly Part[]): Promise<readonly PartResult[]> => {
      const connection = await this.connection();
      const isNew = this.#boot.isNew(connection);
      const all = [...(isNew ? [{ script: readBootId }] : []), ...gate, ...parts];
      const results = await connection.shell(become).request(all, { timeout, giveUp, signal, maxOutput });
      if (!isNew) return results;
      if (this.#boot.note(connection, results[0]?.stdout.toString('utf8') ?? '')) this.#rebooted();
      return results.slice(1);
    };
    const send = (): Promise<readonly PartResult[]> =>
      lock === undefined ? request([]) : lock.hold(userKey(become), request, signal ?? this.#options.signal);
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

  /** Before a change is sent over a connection that was made anew. @throws RebootedError where it would meet another boot */
  async #mustBeSameBoot(options: ExchangeOptions): Promise<void> {
    if (this.#boot.isKnown(await this.connection())) return;
    const before = this.reboots;
    await this.#send([{ script: ':' }], false, options);
    if (this.reboots === before) return;
    if (this.#wantsFacts) await this.exchange({}, options);
    throw new RebootedError(this.name);
  }

  /** The host has come up anew: nothing that was known of it counts. */
  #rebooted(): void {
    this.reboots += 1;
    this.reasons.rebooted();
    this.forgetFacts();
    this.changed();
  }

  #learn(result: PartResult | undefined): void {
    this.#wantsFacts = false;
    this.#factsAreOld = false;
    this.facts = parseFacts(result?.stdout.toString('utf8') ?? '');
  }
}

const refusals: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'connection-lost', 'auth', 'host-key']);

const userKey = (become: Become | undefined): string => (become === undefined ? '' : `${become.method} ${become.user}`);
