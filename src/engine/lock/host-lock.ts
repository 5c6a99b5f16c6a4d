import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KvmnetError } from '../../util/errors.ts';
import type { Part, PartResult } from '../../transport/types.ts';
import { holderWords, readAnswer, type Holder } from './holder.ts';
import { hasLock, leaveLock, LOCKED, LOST, takeLock, type Claim } from './lock-script.ts';

/** How a run locks its hosts. */
export interface RunLock {
  readonly token: string;
  /** What the lock says about its holder. */
  readonly words: string;
  /** Seconds to wait for another run. */
  readonly timeoutSeconds: number;
}

/** @param who - person and machine, for the other run */
export const runLock = (run: string, who: string, timeoutSeconds: number): RunLock => ({
  token: randomBytes(12).toString('hex'),
  words: holderWords({ run, who, since: new Date() }),
  timeoutSeconds,
});

interface HostLockOptions {
  readonly run: RunLock;
  /** Inventory name of the host, for errors. */
  readonly host: string;
  /** Where the host keeps its lock, if not in the usual place. */
  readonly folder: () => string | undefined;
  /** Another run has it: what to show meanwhile. */
  readonly waiting: (text: string) => void;
  readonly warn: (text: string) => void;
}

/**
 * The lock of one host, so that one run at a time changes it. It goes with each request as its first part, which is all that
 * makes it hold: the shell that has answered has it, a new one after a cut line or a reboot takes it anew, and what comes
 * behind it is not run where somebody else has it. The host forgets it with the shell.
 */
export class HostLock {
  readonly #options: HostLockOptions;
  #wanted = false;
  /** What each shell has been given, by its user: shorter to ask for. */
  readonly #claims = new Map<string, string>();

  constructor(options: HostLockOptions) {
    this.#options = options;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** From here on this run may change the host. */
  want(): void {
    this.#wanted = true;
  }

  /** sh for the end of each shell. */
  get farewell(): string {
    return leaveLock(this.#claim);
  }

  /** For what the host keeps of an open confirm window: whose it is. */
  get holder(): { readonly token: string; readonly words: string } {
    return this.#options.run;
  }

  get #claim(): Claim {
    const { run, folder } = this.#options;
    return { token: run.token, words: run.words, folder: folder() };
  }

  /** The connection is given up: what its shells had goes with it. */
  dropped(): void {
    this.#claims.clear();
  }

  /**
   * Sends a request behind the lock, again and again while another run has it.
   * @param shell - the user whose shell it is
   * @throws KvmnetError code `locked` where that takes too long
   */
  async hold(
    shell: string,
    send: (gate: readonly Part[]) => Promise<readonly PartResult[]>,
    signal: AbortSignal | undefined,
  ): Promise<readonly PartResult[]> {
    if (!this.#wanted) return send([]);
    const { run, waiting, warn } = this.#options;
    const started = performance.now();
    for (let pause = 250; ;) {
      const known = this.#claims.get(shell);
      const script = known === undefined ? takeLock(this.#claim) : hasLock(known);
      const [lock, ...results] = await send([{ script, gate: true }]);
      if (lock === undefined) throw new Error('a request without an answer');
      if (known !== undefined && lock.code === LOST) {
        this.#claims.delete(shell);
        continue;
      }
      const { claim, holders } = readAnswer(lock.stdout.toString('utf8'));
      for (const { text } of holders.filter(({ what }) => what === 'undone')) {
        warn(`a change that nobody had confirmed was taken back: ${text}`);
      }
      if (lock.code === 0) {
        if (claim !== undefined) this.#claims.set(shell, claim);
        return results;
      }
      const holder = holders.at(-1);
      if (lock.code !== LOCKED || holder === undefined) throw this.#noLock(lock);
      const left = run.timeoutSeconds * 1000 - (performance.now() - started);
      if (left <= 0) throw this.#locked(holder);
      waiting(`${inWords(holder)}, waiting`);
      // Not all at the same moment: those who wait for one host, and those who began together.
      await sleep(Math.min(left, pause * (0.75 + Math.random() / 2)), undefined, { signal });
      pause = Math.min(pause * 1.5, 2000);
    }
  }

  #locked(holder: Holder): KvmnetError {
    const { host, run } = this.#options;
    const shell = holder.pid === 0 ? '' : `; its shell on the host is process ${holder.pid}`;
    const waited = run.timeoutSeconds === 0 ? 'did not wait for it' : `waited ${run.timeoutSeconds} s for it`;
    return new KvmnetError('locked', inWords(holder), {
      host,
      hint: `${waited} (--lock-timeout)${shell}`,
    });
  }

  #noLock({ code, stderr }: PartResult): KvmnetError {
    const said = stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
    return new KvmnetError('io', `cannot take the lock of this host: ${said === '' ? `exit code ${code}` : said}`, {
      host: this.#options.host,
      hint: 'make room in /run and /tmp there, or name another folder with the variable kvmnet_lock_dir',
    });
  }
}

const inWords = ({ what, text }: Holder): string =>
  what === 'window'
    ? `a change of another run waits for its confirmation on this host: ${text}`
    : `another run has the lock of this host: ${text}`;
