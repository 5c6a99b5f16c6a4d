import { KvmnetError } from '../util/errors.ts';
import type { Outcome } from './answer.ts';
import type { Channel } from './channel.ts';
import { deferred } from './deferred.ts';
import { tooMuchOutput } from './output.ts';
import { MAX_OUTPUT, SessionEnded, ShellSession } from './shell-session.ts';
import type { Part, PartResult, RequestOptions, Shell } from './types.ts';

export interface KeptShellContext {
  /** Inventory name, for errors. */
  readonly host: string;
  /** What the shell is, for errors: `/bin/sh`, `the sudo shell of root`. */
  readonly label: string;
  /** Opens a fresh sh of the same user. */
  open(): Promise<Channel>;
  /** sh to run when the shell ends. */
  readonly farewell?: string | undefined;
  /** What it means when a sh that was just opened ended before it answered. */
  refused(ended: SessionEnded): KvmnetError;
  /** Seconds that a host may take to begin with a request when its text has arrived. */
  readonly patience: number;
  countRoundTrip(): void;
}

// Time the host has, after its own guard should have ended a request, before we stop waiting: KILL comes 2 s after TERM.
const GRACE_SECONDS = 20;

// A link this slow still counts as one: bytes per second.
const SLOWEST = 500;

// Time a request has to begin when it is to be interrupted before it did: its text may still be on the way.
const BEGIN_SECONDS = 5;

/** A shell that is opened at its first request, kept, and opened anew after it died. */
export class KeptShell implements Shell {
  readonly #context: KeptShellContext;
  readonly #isKiller: boolean;
  #session: ShellSession | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param isKiller it ends what another shell runs: where it misbehaves as well, it is let go, not ended by a third. */
  constructor(context: KeptShellContext, isKiller = false) {
    this.#context = context;
    this.#isKiller = isKiller;
  }

  request(parts: readonly Part[], options: RequestOptions = {}): Promise<readonly PartResult[]> {
    const turn = this.#tail.then(() => this.#request(parts, options));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  close(): void {
    this.#closed = true;
    this.#session?.close();
  }

  async #request(parts: readonly Part[], options: RequestOptions): Promise<readonly PartResult[]> {
    const { host } = this.#context;
    if (options.signal?.aborted) throw interrupted(host);
    if (parts.length === 0) return [];
    const session = await this.#live(options.signal);
    let stop: KvmnetError | undefined;
    let stopping: Promise<void> | undefined;
    let pid: number | undefined;
    let unbegun: NodeJS.Timeout | undefined;
    const end = (reason: KvmnetError): void => {
      stop ??= reason;
      if (this.#isKiller) session.close();
      else if (pid !== undefined) stopping ??= this.#kill(session, pid);
      else unbegun ??= setTimeout(() => session.close(), BEGIN_SECONDS * 1000);
    };
    const onAbort = (): void => end(interrupted(host));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const { timeout } = options;
    const silent = beginSeconds(this.#context.patience, parts);
    const beginning = setTimeout(() => {
      stop ??= silentShell(host, silent);
      session.close();
    }, silent * 1000);
    const deadline = this.#deadline(session, options, (reason) => (stop ??= reason));
    try {
      this.#context.countRoundTrip();
      const outcome = await session.run(parts, options, {
        started: (control) => {
          pid = control;
          clearTimeout(unbegun);
          clearTimeout(beginning);
          if (stop) end(stop);
        },
        tooMuch: () => end(tooMuchOutput(host, options.maxOutput ?? MAX_OUTPUT)),
      });
      await stopping;
      if (stop) throw stop;
      return this.#checked(outcome);
    } catch (error) {
      if (!(error instanceof SessionEnded)) {
        if (error instanceof KvmnetError && error.code === 'connection-lost') session.close();
        throw error;
      }
      await stopping;
      throw stop ?? this.#explain(error, timeout);
    } finally {
      clearTimeout(deadline);
      clearTimeout(beginning);
      clearTimeout(unbegun);
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Where the host's own guard has not ended a request, or there is none, we stop waiting. */
  #deadline(
    session: ShellSession,
    { timeout, giveUp }: RequestOptions,
    because: (reason: KvmnetError) => void,
  ): NodeJS.Timeout | undefined {
    if (timeout !== undefined) return setTimeout(() => session.close(), (timeout + GRACE_SECONDS) * 1000);
    if (giveUp === undefined) return undefined;
    return setTimeout(() => {
      because(noAnswer(this.#context.host, giveUp));
      session.close();
    }, giveUp * 1000);
  }

  async #live(signal: AbortSignal | undefined): Promise<ShellSession> {
    const { host } = this.#context;
    if (this.#closed) throw new KvmnetError('connection-lost', 'the connection is closed', { host });
    if (this.#session !== undefined && !this.#session.dead) return this.#session;
    const opening = this.#context.open();
    const [aborted, abort] = deferred<undefined>();
    const onAbort = (): void => abort(undefined);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const channel = await Promise.race([opening, aborted]);
      if (channel === undefined) {
        void opening.then(
          (late) => late.close(),
          () => {},
        );
        throw interrupted(host);
      }
      this.#session = new ShellSession(channel, this.#context.farewell);
      return this.#session;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends what runs under a control shell, from a second shell of the same user. */
  async #kill(session: ShellSession, pid: number): Promise<void> {
    // Its end is not that of the connection.
    const killer = new KeptShell({ ...this.#context, farewell: undefined }, true);
    const giveUp = setTimeout(() => killer.close(), GRACE_SECONDS * 1000);
    try {
      const [result] = await killer.request([{ script: `__kn_abort ${pid}` }], { maxOutput: 64 * 1024 });
      if (result?.code !== 0) session.close();
    } catch {
      // No second channel to be had: letting go of the first is all that is left.
      session.close();
    } finally {
      clearTimeout(giveUp);
      killer.close();
    }
  }

  #checked({ results, ended }: Outcome): readonly PartResult[] {
    if (ended === undefined || ended.byGuard) return results;
    if (ended.code > 128) return results;
    throw new KvmnetError('remote-command', `the shell on the host gave up a request with status ${ended.code}`, {
      host: this.#context.host,
      hint: 'is a variable of the environment read-only in that shell?',
    });
  }

  #explain(ended: SessionEnded, timeout: number | undefined): KvmnetError {
    const { host, label } = this.#context;
    if (ended.lost) {
      return new KvmnetError('connection-lost', 'the connection was lost in the middle of a request', {
        host,
        hint: 'what the request had begun on the host may have gone on to its end',
      });
    }
    if (!ended.begun) return this.#context.refused(ended);
    if (ended.signal !== undefined) {
      return new KvmnetError(
        'connection-lost',
        `${label} on the host was killed in the middle of a request (${ended.signal})`,
        {
          host,
          hint: 'the kernel log there says so where it was out of memory (dmesg); the next run goes on from what was left half done',
        },
      );
    }
    const printed = ended.printed === '' ? '' : `: ${ended.printed}`;
    const late = timeout !== undefined && ended.code === null ? ` (no answer after ${timeout} s)` : '';
    return new KvmnetError(
      'connection-lost',
      `${label} on the host ended in the middle of a request${late}${printed}`,
      {
        host,
        hint: 'the next request opens a new one',
      },
    );
  }
}

function beginSeconds(patience: number, parts: readonly Part[]): number {
  return patience + parts.reduce((sum, { script }) => sum + script.length, 0) / SLOWEST;
}

const silentShell = (host: string, seconds: number): KvmnetError =>
  new KvmnetError('unreachable', `the shell on the host has not begun with a request after ${Math.round(seconds)} s`, {
    host,
    hint: 'look at the host: it lets us in, but its shell hangs',
  });

const noAnswer = (host: string, seconds: number): KvmnetError =>
  new KvmnetError('unreachable', `the host has not answered a question for ${seconds} s`, {
    host,
    hint: 'look at the host: it lets us in, but what reads its state hangs',
  });

const interrupted = (host: string): KvmnetError => new KvmnetError('interrupted', 'interrupted', { host });
