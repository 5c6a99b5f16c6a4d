import { randomBytes } from 'node:crypto';
import type { Duplex, Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { KvmnetError } from '../util/errors.ts';
import { refusedBecome } from './become-errors.ts';
import { openSh } from './become.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { deferred } from './deferred.ts';
import { receiveFile, sendFile, TRANSFER_ROUND_TRIPS } from './files.ts';
import { KeptShell } from './kept-shell.ts';
import { withoutStall } from './stall.ts';
import type { Patience } from './options.ts';
import type { SessionEnded } from './shell-session.ts';
import type { Become, Connection, ConnectionSpec, Shell, UploadOptions } from './types.ts';

/** What an SSH connection and the local machine do differently. */
export interface Link {
  readonly patience: Patience;
  readonly open: OpenChannel;
  readonly closed: () => boolean;
  forward(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}

/** A connection made of channels, whatever carries them. */
export class HostConnection implements Connection {
  readonly spec: ConnectionSpec;
  readonly #link: Link;
  readonly #shells = new Map<string, KeptShell>();
  readonly #folder = `.kvmnet-${randomBytes(16).toString('hex')}`;
  /** Who has files in a private folder of ours; undefined is the login user. */
  readonly #uploaders = new Map<string, Become | undefined>();
  /** Files being copied: the host may allow no more sessions (MaxSessions) until one of them is done. */
  readonly #transfers = new Set<Promise<unknown>>();
  #roundTrips = 0;
  #closing: Promise<void> | undefined;

  constructor(spec: ConnectionSpec, link: Link) {
    this.spec = spec;
    this.#link = link;
  }

  /**
   * One per request; four per file: opening the channel, starting the sh, its script, the data. Opening a kept shell is
   * part of logging in and not counted.
   */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  get closed(): boolean {
    return this.#closing !== undefined || this.#link.closed();
  }

  shell(become?: Become): Shell {
    const key = keyOf(become);
    const known = this.#shells.get(key);
    if (known !== undefined) return known;
    const shell = new KeptShell({
      host: this.spec.host,
      label: become === undefined ? 'the shell' : `the ${become.method} shell of ${become.user}`,
      open: () => this.#open(become),
      farewell: this.#farewell,
      patience: this.#link.patience.begin,
      refused: (ended) => refused(this.spec, become, ended),
      countRoundTrip: () => (this.#roundTrips += 1),
    });
    this.#shells.set(key, shell);
    return shell;
  }

  async upload(content: Readable, options: UploadOptions = {}): Promise<string> {
    const { become } = options;
    this.#uploaders.set(keyOf(become), become);
    const folder = become === undefined ? this.#folder : `${this.#folder}-${become.user}`;
    return this.#transfer(options, (channel, watched) => sendFile(channel, this.spec.host, folder, content, watched));
  }

  async download(path: string, sink: Writable, options: UploadOptions = {}): Promise<void> {
    await this.#transfer(options, (channel, watched) => receiveFile(channel, this.spec.host, path, sink, watched));
  }

  forward(address: string, port: number): Promise<Duplex> {
    this.#roundTrips += 1;
    return this.#link.forward(address, port);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const shell of this.#shells.values()) shell.close();
    if (!this.#link.closed() && this.#uploaders.size > 0) {
      // What is still being copied holds sessions that tidying up may need.
      await Promise.race([Promise.all(this.#transfers), sleep(2000, undefined, { ref: false })]);
      for (const who of this.#uploaders.values()) await this.#tidy(who);
    }
    await this.#link.close();
  }

  /** Where nobody is left to tidy up (the connection is cut, we are killed) each shell takes our files along when it ends. */
  get #farewell(): string {
    const files = `for d in "\${TMPDIR:-/tmp}/${this.#folder}"*; do if [ -d "$d" ]; then rm -rf -- "$d"; fi; done`;
    const { farewell } = this.spec;
    return farewell === undefined ? files : `${files}\n( ${farewell}\n)`;
  }

  /** Best effort: the folder is private, and its name is never used again. */
  async #tidy(become: Become | undefined): Promise<void> {
    const folder = become === undefined ? this.#folder : `${this.#folder}-${become.user}`;
    try {
      const channel = await openSh(this.#link.open, this.spec, become);
      channel.stdout.resume();
      channel.stderr.resume();
      channel.stdin.end(`exec rm -rf -- "\${TMPDIR:-/tmp}/${folder}"\n`);
      const seconds = Math.min(5, this.#link.patience.open);
      const limit = setTimeout(() => channel.close(), seconds * 1000);
      await Promise.race([channel.closed, sleep((seconds + 1) * 1000, undefined, { ref: false })]);
      clearTimeout(limit);
    } catch {
      // The host has gone.
    }
  }

  async #transfer<T>(
    options: UploadOptions,
    copy: (channel: Channel, options: UploadOptions) => Promise<T>,
  ): Promise<T> {
    const { become } = options;
    for (;;) {
      const [ended, end] = deferred<undefined>();
      const others = this.#transfers.size > 0;
      this.#transfers.add(ended);
      const release = (): void => {
        this.#transfers.delete(ended);
        end(undefined);
      };
      try {
        const channel = await this.#open(become);
        void channel.closed.then(release);
        this.#roundTrips += TRANSFER_ROUND_TRIPS;
        return await withoutStall(this.spec.host, channel, this.#link.patience.stall, options, copy);
      } catch (error) {
        release();
        // Those that were in the way may have ended while we were being refused.
        const crowded = others || this.#transfers.size > 0;
        if (!(error instanceof KvmnetError) || error.code !== 'refused' || !crowded) throw error;
        if (this.#transfers.size > 0) await Promise.race(this.#transfers);
      }
    }
  }

  async #open(become: Become | undefined): Promise<Channel> {
    if (this.closed) throw new KvmnetError('connection-lost', 'the connection is closed', { host: this.spec.host });
    return openSh(this.#link.open, this.spec, become);
  }
}

const keyOf = (become: Become | undefined): string =>
  become === undefined ? '' : JSON.stringify([become.method, become.user, become.password ?? null]);

function refused(spec: ConnectionSpec, become: Become | undefined, ended: SessionEnded): KvmnetError {
  if (become !== undefined) return refusedBecome(spec, become, ended.printed);
  const why = ended.printed === '' ? `it ended at once with status ${ended.code ?? 'unknown'}` : ended.printed;
  return new KvmnetError('unreachable', `logged in, but the host gives no ${spec.shell ?? '/bin/sh'}: ${why}`, {
    host: spec.host,
    hint: 'kvmnet needs a POSIX shell, and a login user whose account may run commands',
  });
}
