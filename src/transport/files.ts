import { randomBytes } from 'node:crypto';
import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KvmnetError } from '../util/errors.ts';
import { listen, type Channel, type ChannelExit } from './channel.ts';
import { FrameDecoder } from './frame.ts';
import { Tail } from './output.ts';
import { quote } from './sh-quote.ts';
import type { UploadOptions } from './types.ts';

/** Exchanges of a file transfer: opening the channel, starting the sh, its script, the end of the data. */
export const TRANSFER_ROUND_TRIPS = 4;

/**
 * Sends a stream into a new file. The sh says that it is ready before data is sent: only then it has read no further
 * than its script, and what follows goes to `cat`.
 * @param folder name of a private folder, made if it is not there, under `$TMPDIR` or `/tmp`.
 * @returns the path of the file on the host.
 */
export async function sendFile(
  channel: Channel,
  host: string,
  folder: string,
  content: Readable,
  options: UploadOptions,
): Promise<string> {
  const token = randomBytes(16).toString('hex');
  const talk = new Talk(channel, token, ['ready', 'done']);
  channel.stdin.write(
    [
      '{ LC_ALL=C; export LC_ALL; umask 077',
      `d=\${TMPDIR:-/tmp}/${folder}; f=$d/${randomBytes(8).toString('hex')}`,
      // Nobody can have guessed the name: what is there already is ours.
      // Nobody listens any more: half a file is of no use.
      `trap 'rm -f "$f"; rmdir "$d"; exit 1' PIPE HUP TERM`,
      'if { [ -d "$d" ] || mkdir "$d" || [ -d "$d" ]; } && : >"$f"; then',
      `echo "${token} ready $f"; cat >"$f"; c=$?`,
      `n=$(wc -c <"$f"); [ $c = 0 ] || rm -f "$f"; echo ${token} done $c $n; exit 0`,
      'else exit 1; fi; }\n',
    ].join('\n'),
  );
  const path = await talk.next('ready');
  if (path === undefined) {
    throw new KvmnetError('io', `cannot make a temporary file on the host: ${talk.printed}`, {
      host,
      hint: 'check free space and permissions of /tmp on the host',
    });
  }
  const counter = progress(options);
  const done = talk.next('done');
  const sent = pipeline(content, counter.stream, channel.stdin, signalOf(options)).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // When the host stops reading, what is left can never be sent: it says why.
  const failed = await Promise.race([sent, done.then(() => undefined)]);
  const broken = content.errored !== null && !isOfChannel(content.errored);
  if (failed !== undefined && (options.signal?.aborted || broken || channel.lost())) {
    channel.close();
    throw transferFailed(content.errored ?? failed.error, host, options, channel);
  }
  const [code, size] = ((await done) ?? '').split(' ');
  if (code === '0' && Number(size) === counter.bytes() && content.readableEnded) return path;
  content.destroy();
  if (channel.lost()) throw lost(host);
  throw writeFailed(host, path, talk.printed || `${size ?? 0} of ${counter.bytes()} bytes arrived`);
}

/** The other end stopped reading: a pipeline gives that to its source as an error as well. */
const isOfChannel = (error: Error): boolean =>
  'code' in error && typeof error.code === 'string' && /^(?:ERR_STREAM_|EPIPE$)/.test(error.code);

function writeFailed(host: string, path: string, why: string): KvmnetError {
  const full = /no space left|quota exceeded/i.test(why);
  return new KvmnetError('io', `cannot write ${path} on the host: ${why.replace(/^cat: /, '')}`, {
    host,
    hint: full ? 'make room on the host: df -h shows what is full' : undefined,
  });
}

/** Receives a file as a stream. */
export async function receiveFile(
  channel: Channel,
  host: string,
  path: string,
  sink: Writable,
  options: UploadOptions,
): Promise<void> {
  const token = randomBytes(16).toString('hex');
  const errors = new Tail();
  listen(channel.stderr, (chunk: Buffer) => errors.add(chunk));
  channel.stdin.end(`{ LC_ALL=C; export LC_ALL; echo ${token}; exec cat ${quote(path)}; }\n`);
  const counter = progress(options);
  const content = afterLine(token);
  try {
    await pipeline(channel.stdout, content.stream, counter.stream, sink, signalOf(options));
  } catch (error) {
    channel.close();
    throw transferFailed(error, host, options, channel);
  }
  const exit = await channel.closed;
  if (channel.lost()) throw lost(host);
  if (exit.code === 0 && content.begun()) return;
  throw readFailed(host, path, exit, errors.text());
}

function readFailed(host: string, path: string, exit: ChannelExit, printed: string): KvmnetError {
  const why = printed.replace(/^cat: /, '') || `status ${exit.code ?? exit.signal ?? 'unknown'}`;
  return new KvmnetError('io', `cannot read ${path} on the host: ${why}`, { host });
}

/** Passes on what comes after a line of ours: a login shell may have printed things before. */
function afterLine(line: string): { readonly stream: Transform; readonly begun: () => boolean } {
  const mark = Buffer.from(`${line}\n`);
  let begun = false;
  let before = Buffer.alloc(0);
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (begun) return done(null, chunk);
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(mark);
      if (at < 0) {
        before = before.subarray(-mark.length);
        return done();
      }
      begun = true;
      done(null, before.subarray(at + mark.length));
    },
  });
  return { stream, begun: () => begun };
}

function progress(options: UploadOptions): { readonly stream: Transform; readonly bytes: () => number } {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      options.onProgress?.(bytes);
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes };
}

const signalOf = (options: UploadOptions): { readonly signal?: AbortSignal } =>
  options.signal === undefined ? {} : { signal: options.signal };

function transferFailed(error: unknown, host: string, options: UploadOptions, channel: Channel): unknown {
  if (options.signal?.aborted) return new KvmnetError('interrupted', 'interrupted', { host });
  if (channel.lost()) return lost(host);
  return error;
}

const lost = (host: string): KvmnetError =>
  new KvmnetError('connection-lost', 'the connection was lost in the middle of a file transfer', { host });

/** What the sh at the other end says in marked lines, one after the other. */
class Talk {
  readonly #said = new Map<string, string>();
  readonly #errors = new Tail();
  #wake: () => void = () => {};
  #ended = false;

  /** @param words all it may say, each once: a host that says more is not listened to */
  constructor(channel: Channel, token: string, words: readonly string[]) {
    const decoder = new FrameDecoder(token, {
      data: (bytes) => this.#errors.add(bytes),
      mark: ([word = '', ...rest]) => {
        if (!words.includes(word) || this.#said.has(word)) return;
        this.#said.set(word, rest.join(' '));
        this.#wake();
      },
    });
    listen(channel.stdout, (chunk: Buffer) => decoder.push(chunk));
    listen(channel.stderr, (chunk: Buffer) => this.#errors.add(chunk));
    void channel.closed.then(() => this.#end());
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  get printed(): string {
    return this.#errors.text();
  }

  /** @returns what follows that word, undefined when the sh ended without saying it. */
  async next(word: string): Promise<string | undefined> {
    while (!this.#said.has(word) && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#said.get(word);
  }
}
