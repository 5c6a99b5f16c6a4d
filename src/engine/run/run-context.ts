import { KvmnetError } from '../../util/errors.ts';
import type { SourceLocation } from '../../util/source.ts';
import { connectionOf, type HostConnection } from '../../inventory/connection.ts';
import type { Host } from '../../inventory/model.ts';
import type { Layer } from '../../lang/index.ts';
import type { Become } from '../../transport/types.ts';
import { FileHashes } from '../controller-files.ts';
import type { RunEvent, TaskEvent } from '../events.ts';
import { HostSession } from '../host/session.ts';
import { HostLock, type RunLock } from '../lock/host-lock.ts';
import { Recap } from '../recap.ts';
import { RunVariables } from '../variables.ts';
import type { RunInput, RunOptions } from './options.ts';

/** `become` and its companions, as task, block and play have them. */
interface BecomeKeywords {
  readonly enabled?: boolean | undefined;
  readonly user?: string | undefined;
  readonly method?: string | undefined;
  readonly at?: SourceLocation | undefined;
}

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
  #changes = 0;
  readonly #lock: RunLock | undefined;
  readonly #sessions = new Map<string, HostSession>();
  readonly #connections = new Map<string, HostConnection>();

  /**
   * @param more - variables that every host has beside its own
   * @param lock - undefined: hosts are not locked
   */
  constructor(input: RunInput, more: readonly Layer[] = [], lock?: RunLock) {
    this.input = input;
    this.#lock = lock;
    this.searchingStart = input.options.startAtTask !== undefined;
    this.stepping = input.options.step;
    this.variables = new RunVariables({
      inventory: input.inventory,
      vault: input.vault,
      extra: input.options.extraVars,
      extraTemplates: input.options.extraTemplates,
      check: input.options.check,
      verbosity: input.options.verbosity ?? 0,
      factsOf: (name) => this.#sessions.get(name)?.facts,
      more,
    });
  }

  get options(): RunOptions {
    return this.input.options;
  }

  emit(event: RunEvent): void {
    this.input.emit(event);
  }

  /**
   * @param changes - the numbers of those that the task has begun
   * @param undoes - the change of another run that it was to take back
   */
  result(event: TaskEvent, changes: readonly number[] = [], undoes?: number): void {
    this.recap.count(event.host, event.status);
    if (event.status === 'changed' || event.status === 'would-change') this.changed = true;
    this.input.journal?.result(event, changes, undoes);
    this.emit(event);
  }

  /** The number of the next change of the run. */
  nextChange(): number {
    this.#changes += 1;
    return this.#changes;
  }

  session(host: Host): HostSession {
    const known = this.#sessions.get(host.name);
    if (known !== undefined) return known;
    const session = new HostSession({
      name: host.name,
      transport: this.input.transport,
      connectionSpec: () => this.connection(host).spec,
      signal: this.input.signal,
      lock: this.#lockOf(host),
    });
    this.#sessions.set(host.name, session);
    return session;
  }

  #lockOf(host: Host): HostLock | undefined {
    if (this.#lock === undefined) return undefined;
    return new HostLock({
      run: this.#lock,
      host: host.name,
      folder: () => this.connection(host).lockFolder,
      waiting: (text) => this.emit({ type: 'progress', host: host.name, text }),
      warn: (message) => this.emit({ type: 'warning', host: host.name, message }),
    });
  }

  /** How the host is reached: worked out anew only when a connection variable is set during the run. */
  connection(host: Host): HostConnection {
    const known = this.#connections.get(host.name);
    if (known !== undefined) return known;
    const connection = connectionOf(host.name, this.variables.scope(host, []));
    this.#connections.set(host.name, connection);
    return connection;
  }

  /** Whom to become on a host: its variables win over what the play says, and that over `-b`. */
  become(host: Host, play: BecomeKeywords): Become | undefined {
    const { become: variables, spec } = this.connection(host);
    const defaults = this.options.become;
    if (!(variables.enabled ?? play.enabled ?? defaults.enabled ?? false)) return undefined;
    const user = variables.user ?? play.user ?? defaults.user ?? 'root';
    const method = variables.method ?? play.method ?? defaults.method ?? 'sudo';
    if (method !== 'sudo' && method !== 'su' && method !== 'doas') {
      throw new KvmnetError('playbook', `become_method "${method}" is not known`, {
        at: play.at,
        hint: 'known: sudo, su, doas',
      });
    }
    // Already that user: nothing to become, and no need of sudo on the host.
    if (spec.kind === 'ssh' && spec.user === user) return undefined;
    return { method, user, password: variables.password ?? defaults.password };
  }

  setVariables(host: Host, values: Readonly<Record<string, unknown>>): void {
    this.variables.set(host.name, values);
    if (Object.keys(values).some((name) => /^(?:kvmnet|ansible)_/.test(name))) this.#connections.delete(host.name);
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
