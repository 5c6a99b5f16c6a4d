import type { Become } from '../../transport/types.ts';
import type { ChangeLog } from '../journal/change-log.ts';
import type { Environment } from './probe-request.ts';
import type { ProbeCache } from './probe-cache.ts';
import type { Exchange, ExchangeOptions, ExchangeResult } from './exchange.ts';
import type { HostSession } from './session.ts';

interface TaskHostOptions {
  readonly session: HostSession;
  readonly become: Become | undefined;
  readonly environment: Environment;
  readonly check: boolean;
  readonly diff: boolean;
  /** Seconds; undefined: no limit. */
  readonly timeout: number | undefined;
  readonly signal: AbortSignal;
  /** The probe scripts of the tasks to come, as far ahead as is worth it. */
  readonly ahead: () => Promise<readonly string[]>;
  readonly progress: (text: string, share?: number) => void;
  readonly guard: GuardPolicy;
  /** Where changes are written down before they are made; undefined: nowhere. */
  readonly changes?: ChangeLog | undefined;
}

/** How changes that cross the path of our own session are made safe. */
export interface GuardPolicy {
  /** False: `--no-confirm`, or a check that is to close a window. */
  readonly enabled: boolean;
  /** Seconds after which the host takes an unconfirmed change back. */
  readonly windowSeconds: number;
  /** Runs the play's `confirm` checks over the new connection. @returns why the change cannot stay, or undefined */
  readonly confirm: () => Promise<string | undefined>;
  readonly task: GuardedTask;
  /** Whether what comes next on this host crosses the path as well, so that it can share the window. */
  readonly next: (host: TaskHost) => Promise<boolean>;
}

/** The task whose change is guarded. */
interface GuardedTask {
  /** As reports name it. */
  readonly name: string;
  /** Reports that what it has changed was taken back after all. */
  readonly takenBack: (why: string) => void;
}

/** One host as one task sees it: as which user, in which environment, for how long. */
export class TaskHost {
  readonly name: string;
  readonly session: HostSession;
  readonly check: boolean;
  readonly diff: boolean;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly progress: TaskHostOptions['progress'];
  readonly ahead: TaskHostOptions['ahead'];
  readonly guard: GuardPolicy;
  readonly changes: ChangeLog | undefined;
  readonly #options: TaskHostOptions;

  constructor(options: TaskHostOptions) {
    this.#options = options;
    this.session = options.session;
    this.name = options.session.name;
    this.check = options.check;
    this.diff = options.diff;
    this.environment = options.environment;
    this.signal = options.signal;
    this.progress = options.progress;
    this.ahead = options.ahead;
    this.guard = options.guard;
    this.changes = options.changes;
  }

  get cache(): ProbeCache {
    return this.session.cache(this.#options.become);
  }

  get become(): Become | undefined {
    return this.#options.become;
  }

  /** One round trip as the task's user, within the task's timeout. */
  exchange(
    exchange: Exchange,
    options: Pick<ExchangeOptions, 'timeout' | 'signal' | 'maxOutput'> = {},
  ): Promise<ExchangeResult> {
    const { become, timeout } = this.#options;
    return this.session.exchange(exchange, { ...options, become, timeout: options.timeout ?? timeout });
  }

  changed(): void {
    this.session.changed();
  }

  upload(file: string, size: number): Promise<string> {
    const report = (sent: number): void => this.progress(`upload ${file}`, size === 0 ? 1 : sent / size);
    return this.session.upload(file, report, this.signal);
  }
}
