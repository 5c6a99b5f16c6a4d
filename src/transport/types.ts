import type { Readable, Writable, Duplex } from 'node:stream';

/** How a host's key is checked: as OpenSSH's StrictHostKeyChecking does (`accept-new` stores unknown keys). */
export type HostKeyChecking = 'yes' | 'accept-new' | 'no';

/** Becoming another user on the host, paid once per kept-open shell. */
export interface Become {
  readonly method: 'sudo' | 'su' | 'doas';
  readonly user: string;
  readonly password?: string | undefined;
}

/** Everything needed to reach one host. What is left out comes from `~/.ssh/config`, then from OpenSSH's defaults. */
export interface ConnectionSpec {
  /** The host's name in the inventory: used in errors only. */
  readonly host: string;
  readonly kind: 'ssh' | 'local';
  /** Name or address to connect to; also what `~/.ssh/config` is looked up by. */
  readonly address: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly privateKeyFile?: string | undefined;
  readonly passphrase?: string | undefined;
  /** ProxyJump hops, nearest first, each `[user@]host[:port]`; `none` switches off what ssh config says. */
  readonly jump?: string | undefined;
  readonly hostKeyChecking?: HostKeyChecking | undefined;
  /** The POSIX shell on the host; default `/bin/sh`. */
  readonly shell?: string | undefined;
  /** Seconds for one attempt to connect and log in; default 10. */
  readonly connectTimeout?: number | undefined;
  /** Attempts after the first, with exponential backoff, where trying again can help; default 2. */
  readonly retries?: number | undefined;
  /** sh that each kept-open shell runs when it ends, unless it is killed. Silent, and soon over. */
  readonly farewell?: string | undefined;
}

/** One piece of a request. It is a list of complete sh commands and runs in a subshell of its own, stdin `/dev/null`. */
export interface Part {
  readonly script: string;
  /** `ok`: left out once an earlier part marked `ok` has failed (a change that must stop at its first failing step). */
  readonly when?: 'always' | 'ok';
  /** Nothing that comes after it in the request is run where it fails. */
  readonly gate?: true;
}

export interface PartResult {
  /** False when the part was left out because of `when: 'ok'`. */
  readonly ran: boolean;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Exit status; 128+n when killed by signal n. */
  readonly code: number;
  /** True when the part was killed because the request's timeout passed. */
  readonly timedOut: boolean;
}

export interface RequestOptions {
  /** Seconds until everything that the request started on the host is killed, with its process group. */
  readonly timeout?: number | undefined;
  /** Where there is no timeout: seconds after which no answer is waited for any more. Costs the host nothing, and kills nothing there. */
  readonly giveUp?: number | undefined;
  /** Exported to all parts. Never visible in `ps`. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Bytes of output of all parts together beyond which the request fails (a hostile or broken host); default 32 MiB. */
  readonly maxOutput?: number | undefined;
  /** Kills the running request on the host as one unit; the request then rejects with code `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** A kept-open POSIX sh on a host, as one user. One request at a time; further ones wait their turn. */
export interface Shell {
  /** Sends all parts at once and reads their results: exactly one round trip. */
  request(parts: readonly Part[], options?: RequestOptions): Promise<readonly PartResult[]>;
}

export interface UploadOptions {
  /** Write, or read, as that user; default the login user. */
  readonly become?: Become | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A connection to one host. Several shells (one per become user) may be open on it. */
export interface Connection {
  readonly spec: ConnectionSpec;
  /** Request/response exchanges with the host since login, of all shells, uploads and downloads together. */
  readonly roundTrips: number;
  readonly closed: boolean;
  /** The shell of that user, opened at the first request and kept. */
  shell(become?: Become): Shell;
  /**
   * Streams content to a new private file (0600) in a private directory, over a channel of its own. Both belong to the
   * login user, or to the become user if one is given.
   * @returns its absolute path on the host. Whoever asked removes it; what is left over goes when the connection closes.
   */
  upload(content: Readable, options?: UploadOptions): Promise<string>;
  /** Streams a file of the host, read as the become user if one is given, into `sink`. */
  download(path: string, sink: Writable, options?: UploadOptions): Promise<void>;
  /** A TCP connection made from the host (direct-tcpip), for jump hosts and checks. */
  forward(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}

/** What the engine needs of the outside world; `src/cli` hands it the real one, tests hand it what they like. */
export interface Transport {
  connect(spec: ConnectionSpec, options?: { readonly signal?: AbortSignal | undefined }): Promise<Connection>;
}
