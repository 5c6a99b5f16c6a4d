import { connect, type Socket } from 'node:net';
import { KvmnetError } from '../util/errors.ts';
import { HostConnection } from './host-connection.ts';
import { PATIENCE, type TransportOptions } from './options.ts';
import { openProcess } from './process-channel.ts';
import type { Connection, ConnectionSpec } from './types.ts';

/** The machine that kvmnet runs on, through the same shell protocol as any host. */
export function connectLocal(spec: ConnectionSpec, options: TransportOptions): Connection {
  let closed = false;
  return new HostConnection(spec, {
    patience: options.patience ?? PATIENCE,
    open: (command, { pty } = {}) => {
      if (pty)
        throw new KvmnetError('become', 'doas with a password needs a terminal, and a local connection has none', {
          host: spec.host,
          hint: 'use sudo, or allow it in doas.conf with "nopass"',
        });
      return openProcess(['/bin/sh', '-c', command], options.env);
    },
    closed: () => closed,
    forward: (address, port) => dial(spec.host, address, port),
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  });
}

function dial(host: string, address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) =>
      reject(new KvmnetError('unreachable', `cannot connect to ${address}:${port}: ${cause.message}`, { host, cause })),
    );
  });
}
