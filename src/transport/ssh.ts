import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { KvmnetError } from '../util/errors.ts';
import { loadSsh2, type Ssh2 } from './ssh2.ts';
import type { Channel, ChannelExit } from './channel.ts';
import { deferred } from './deferred.ts';
import type { Endpoint } from './endpoint.ts';
import { limitFlow, limitInput } from './flow-limits.ts';
import { HostConnection } from './host-connection.ts';
import { cannotConnect, timedOut, Unreachable } from './net-errors.ts';
import type { Patience } from './options.ts';
import { openProxy } from './proxy-command.ts';
import { login } from './ssh-login.ts';
import type { Connection, ConnectionSpec } from './types.ts';

interface Context {
  readonly host: string;
  readonly notice: (text: string) => void;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

/** A machine that has been logged in to. */
interface Hop {
  readonly client: Client;
  /** Kept from the start: a client that has lost its host says so only once. */
  readonly closed: Promise<void>;
}

/** Logs in, over all hops, and tries again where that can help. */
export async function connectSsh(spec: ConnectionSpec, endpoint: Endpoint, context: Context): Promise<Connection> {
  const ssh2 = await loadSsh2();
  for (let attempt = 0; ; attempt++) {
    try {
      return await connectOnce(ssh2, spec, endpoint, context);
    } catch (error) {
      if (!(error instanceof Unreachable) || !error.transient || attempt >= endpoint.retries) throw error;
      // Full jitter: hosts of one run that were turned away together do not come back together.
      const pause = Math.min(8000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);
      await sleep(pause, undefined, context.signal === undefined ? {} : { signal: context.signal }).catch(() => {
        throw new KvmnetError('interrupted', 'interrupted', { host: context.host });
      });
    }
  }
}

async function connectOnce(
  ssh2: Ssh2,
  spec: ConnectionSpec,
  endpoint: Endpoint,
  context: Context,
): Promise<Connection> {
  const hops: Hop[] = [];
  try {
    for (const machine of [...endpoint.jumps, endpoint]) {
      if (context.signal?.aborted) throw new KvmnetError('interrupted', 'interrupted', { host: context.host });
      const deadline = performance.now() + machine.connectTimeout * 1000;
      const socket = await reach(machine, hops.at(-1)?.client, context, deadline);
      limitFlow(socket);
      const client = await login(ssh2, machine, context.host, socket, deadline, context.notice, context.signal);
      hops.push({ client, closed: new Promise<void>((resolve) => client.once('close', () => resolve())) });
    }
  } catch (error) {
    await hangUp(hops);
    throw error;
  }
  return connection(spec, hops, context.patience);
}

/** A stream to a machine: through the hop before it, through a program, or plain TCP. */
async function reach(machine: Endpoint, hop: Client | undefined, context: Context, deadline: number): Promise<Duplex> {
  if (hop !== undefined) return forward(hop, context.host, machine.address, machine.port);
  if (machine.proxyCommand !== undefined) return openProxy(machine.proxyCommand);
  return dial(machine, context, deadline);
}

function dial(machine: Endpoint, { host, signal }: Context, deadline: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({
      host: machine.address,
      port: machine.port,
      noDelay: true,
      ...(machine.family === 0 ? {} : { family: machine.family }),
      ...(machine.localAddress === undefined ? {} : { localAddress: machine.localAddress }),
    });
    const fail = (error: KvmnetError): void => {
      cleanup();
      socket.destroy();
      reject(error);
    };
    const onError = (cause: Error): void => fail(cannotConnect(machine, host, cause));
    const onAbort = (): void => fail(new KvmnetError('interrupted', 'interrupted', { host }));
    const timer = setTimeout(() => fail(timedOut(machine, host)), Math.max(0, deadline - performance.now()));
    const cleanup = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      socket.on('error', () => {});
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      cleanup();
      resolve(socket);
    });
  });
}

function connection(spec: ConnectionSpec, hops: readonly Hop[], patience: Patience): Connection {
  const client = hops.at(-1)?.client;
  if (client === undefined) throw new Error('no client');
  let closed = false;
  client.once('close', () => (closed = true));
  const isClosed = (): boolean => closed;
  return new HostConnection(spec, {
    patience,
    open: (command, { pty = false } = {}) => {
      const channel = exec(client, spec.host, command, pty, isClosed);
      return inTime(channel, patience.open, spec.host);
    },
    closed: isClosed,
    forward: (address, port) => forward(client, spec.host, address, port),
    close: () => hangUp(hops),
  });
}

/** A host may let us in and then never open what we ask for; a session that comes too late is let go. */
async function inTime(opening: Promise<Channel>, seconds: number, host: string): Promise<Channel> {
  const [late, giveUp] = deferred<undefined>();
  const timer = setTimeout(() => giveUp(undefined), seconds * 1000);
  try {
    const channel = await Promise.race([opening, late]);
    if (channel !== undefined) return channel;
  } finally {
    clearTimeout(timer);
  }
  void opening.then(
    (channel) => channel.close(),
    () => {},
  );
  throw new KvmnetError('unreachable', `the host let us in, but opened no session within ${seconds} s`, { host });
}

function exec(client: Client, host: string, command: string, pty: boolean, lost: () => boolean): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, stream: ClientChannel): void =>
      error ? reject(noChannel(host, error)) : resolve(channelOf(client, stream, lost));
    try {
      client.exec(command, { pty }, done);
    } catch (error) {
      // ssh2 throws when the socket has gone.
      reject(noChannel(host, error));
    }
  });
}

function channelOf(client: Client, stream: ClientChannel, lost: () => boolean): Channel {
  stream.on('error', () => {});
  limitInput(stream, () => client.destroy());
  limitInput(stream.stderr, () => client.destroy());
  const exit = new Promise<ChannelExit>((resolve) => {
    // Not `exit`: that may come before the last data.
    stream.once('close', (code: number | null | undefined, signal?: string) => resolve({ code: code ?? null, signal }));
  });
  const drained = new Promise<void>((resolve) => stream.stderr.once('close', resolve));
  return {
    stdin: stream,
    stdout: stream,
    stderr: stream.stderr,
    closed: Promise.all([exit, drained]).then(([status]) => status),
    lost,
    close: () => {
      stream.close();
      // ssh2 tells of the end only when all has been read.
      stream.resume();
      stream.stderr.resume();
    },
  };
}

function forward(client: Client, host: string, address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    try {
      client.forwardOut('127.0.0.1', 0, address, port, (error, stream) =>
        error
          ? reject(
              new Unreachable(
                `no way from the jump host to ${address} port ${port}: ${error.message}`,
                host,
                true,
                error,
              ),
            )
          : resolve(stream),
      );
    } catch (cause) {
      reject(new KvmnetError('connection-lost', 'the connection was lost', { host, cause }));
    }
  });
}

function noChannel(host: string, cause: unknown): KvmnetError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/Not connected|No response from server/.test(message)) {
    return new KvmnetError('connection-lost', 'the connection was lost', { host, cause });
  }
  return new KvmnetError('refused', `the host opens no further session on this connection: ${message}`, {
    host,
    hint: 'raise MaxSessions in its sshd_config (kvmnet needs one per become user and one per file being copied)',
    cause,
  });
}

/** Target first, then the hops it was reached over. */
async function hangUp(hops: readonly Hop[]): Promise<void> {
  for (const { client, closed } of hops.toReversed()) {
    client.end();
    // Not unref'd: where nothing else is left to wait for, Node would exit in the middle of this.
    const limit = new AbortController();
    await Promise.race([closed, sleep(1000, undefined, { signal: limit.signal }).catch(() => {})]);
    limit.abort();
    client.destroy();
  }
}
