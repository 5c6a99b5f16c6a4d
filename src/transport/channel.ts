import type { Readable, Writable } from 'node:stream';

export interface ChannelExit {
  /** Exit status; null when killed by a signal or when the connection was lost. */
  readonly code: number | null;
  readonly signal?: string | undefined;
}

/** A running command with its three streams: an SSH exec channel or a local process. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves, never rejects, when the command has ended and its output has been read. */
  readonly closed: Promise<ChannelExit>;
  /** True when the channel ended because the connection below it was lost. */
  readonly lost: () => boolean;
  /** Lets go of the command. It is not killed by that. */
  close(): void;
}

export interface OpenOptions {
  /** Ask for a terminal: for programs that read a password from /dev/tty. Its streams are then of no other use. */
  readonly pty?: boolean | undefined;
}

/** Runs a command of plain words, which every login shell reads alike. */
export type OpenChannel = (command: string, options?: OpenOptions) => Promise<Channel>;

/** Listens, also to a stream that an earlier listener has left paused. */
export function listen(stream: Readable, listener: (chunk: Buffer) => void): void {
  stream.on('data', listener);
  stream.resume();
}
