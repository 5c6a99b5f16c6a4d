import type { ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { here } from './paths.ts';
import { spawnArgv } from './process.ts';

interface Waiting {
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: Error) => void;
}

export interface Forward {
  /** Always 127.0.0.1. */
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** TCP connections that start in the hub, for code that runs outside of it. Owns one helper process, started when needed. */
export class Dialer {
  readonly #hub: readonly string[];
  readonly #waiting = new Map<number, Waiting>();
  #relay: ChildProcess | undefined;
  #next = 0;

  /** @param hub the words that run a command in the hub's network. */
  constructor(hub: readonly string[]) {
    this.#hub = hub;
  }

  async dial(host: string, port: number, timeoutMs = 10_000): Promise<Socket> {
    const relay = (this.#relay ??= this.#start());
    const id = this.#next++;
    return await new Promise<Socket>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      relay.channel?.ref(); // no answer may be missed because the program had nothing else to wait for
      relay.send({ id, host, port, timeoutMs });
    });
  }

  /** Listens on a free port of 127.0.0.1 and carries what comes to that place. */
  async forward(host: string, port: number): Promise<Forward> {
    const open = new Set<Socket>();
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
      near.on('error', () => {});
      void this.#join(near, host, port, open);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    const { port: chosen } = server.address() as AddressInfo;
    const close = async (): Promise<void> => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    };
    return { address: '127.0.0.1', port: chosen, close };
  }

  close(): void {
    this.#relay?.disconnect();
    this.#relay = undefined;
  }

  async #join(near: Socket, host: string, port: number, open: Set<Socket>): Promise<void> {
    const far = await this.dial(host, port).catch(() => undefined);
    if (far === undefined) {
      near.resetAndDestroy();
      return;
    }
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    near.pipe(far).pipe(near);
  }

  #start(): ChildProcess {
    const relay = spawnArgv([...this.#hub, process.execPath, join(here, 'relay.mjs')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    relay.on('message', (message: { id: number; error?: string }, socket: unknown) => {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (this.#waiting.size === 0) relay.channel?.unref();
      if (message.error === undefined) waiting?.resolve(socket as Socket);
      else waiting?.reject(new Error(message.error));
    });
    relay.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the lab has ended'));
      this.#waiting.clear();
      if (this.#relay === relay) this.#relay = undefined;
    });
    relay.on('error', () => {}); // sending to one that has just ended: `exit` follows
    // It must not keep a test run from ending.
    relay.unref();
    relay.channel?.unref();
    return relay;
  }
}
