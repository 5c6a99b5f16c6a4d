import { KvmnetError } from '../../util/errors.ts';
import { connectionOf, type HostConnection } from '../../inventory/connection.ts';
import type { Host } from '../../inventory/model.ts';
import { FileHashes } from '../controller-files.ts';
import type { RunEvent, TaskEvent } from '../events.ts';
import { HostSession } from '../host/session.ts';
import { Recap } from '../recap.ts';
import { RunVariables } from '../variables.ts';
import type { RunInput, RunOptions } from './options.ts';

/** What all plays of a run share. */
export class RunContext {
  readonly input: RunInput;
  readonly variables: RunVariables;
  readonly recap = new Recap();
  readonly hashes = new FileHashes();
  /** Steps asked for with `--start-at-task` are still ahead. */
  searchingStart: boolean;
  stepping: boolean;
  changed = false;
  /** Hosts that have left the run. */
  readonly lost = new Map<string, 'failed' | 'unreachable'>();
  readonly #sessions = new Map<string, HostSession>();
  readonly #connections = new Map<string, HostConnection>();

  constructor(input: RunInput) {
    this.input = input;
    this.searchingStart = input.options.startAtTask !== undefined;
    this.stepping = input.options.step;
    this.variables = new RunVariables({
      inventory: input.inventory,
      vault: input.vault,
      extra: input.options.extraVars,
      check: input.options.check,
      factsOf: (name) => this.#sessions.get(name)?.facts,
    });
  }

  get options(): RunOptions {
    return this.input.options;
  }

  emit(event: RunEvent): void {
    this.input.emit(event);
  }

  result(event: TaskEvent): void {
    this.recap.count(event.host, event.status);
    if (event.status === 'changed' || event.status === 'would-change') this.changed = true;
    this.emit(event);
  }

  session(host: Host): HostSession {
    const known = this.#sessions.get(host.name);
    if (known !== undefined) return known;
    const session = new HostSession({
      name: host.name,
      transport: this.input.transport,
      connectionSpec: () => this.connection(host).spec,
      signal: this.input.signal,
    });
    this.#sessions.set(host.name, session);
    return session;
  }

  /** How the host is reached: worked out anew only when a connection variable is set during the run. */
  connection(host: Host): HostConnection {
    const known = this.#connections.get(host.name);
    if (known !== undefined) return known;
    const connection = connectionOf(host.name, this.variables.scope(host, []));
    this.#connections.set(host.name, connection);
    return connection;
  }

  setVariables(host: Host, values: Readonly<Record<string, unknown>>): void {
    const variables = this.variables.set(host.name);
    for (const [name, value] of Object.entries(values)) {
      variables.set(name, value);
      if (/^(?:kvmnet|ansible)_/.test(name)) this.#connections.delete(host.name);
    }
  }

  sessions(): IterableIterator<HostSession> {
    return this.#sessions.values();
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.drop()));
  }

  /** @throws KvmnetError code `interrupted` once the person at the terminal has asked to stop */
  checkInterrupted(): void {
    if (this.input.signal.aborted) throw new KvmnetError('interrupted', 'interrupted');
  }
}
