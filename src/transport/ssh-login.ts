import type { Client } from 'ssh2';
import type { Duplex } from 'node:stream';
import { KvmnetError } from '../util/errors.ts';
import type { Ssh2 } from './ssh2.ts';
import { Authentication } from './auth.ts';
import type { Endpoint } from './endpoint.ts';
import { HostKeyCheck } from './host-key.ts';
import { lostInHandshake, timedOut } from './net-errors.ts';

// curve25519 costs a third of the CPU time of the others.
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
] as const;

// Without those of SHA-1. The ciphers are those of ssh2: AEAD and counter mode only.
const MAC = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
] as const;

/**
 * Logs in over a stream that is already connected.
 * @param deadline as `performance.now()`: a clock that nobody sets.
 */
export async function login(
  ssh2: Ssh2,
  endpoint: Endpoint,
  host: string,
  socket: Duplex,
  deadline: number,
  notice: (text: string) => void,
  signal?: AbortSignal,
): Promise<Client> {
  let early: unknown;
  const onEarly = (error: unknown): void => void (early = error);
  socket.on('error', onEarly);
  const [hostKey, authentication] = await Promise.all([
    HostKeyCheck.create(endpoint, host),
    Authentication.create(ssh2, endpoint, host),
  ]);
  socket.off('error', onEarly);
  // A host that hung up meanwhile (too many at once, a ban) says so only once, and ssh2 would wait for ever.
  if (socket.destroyed || socket.readableEnded) throw lostInHandshake(endpoint, host, early);
  const client = new ssh2.Client();
  const storing: Promise<void>[] = [];
  client.once('handshake', () => {
    storing.push(hostKey.store().then((text) => void (text === undefined || notice(text))));
  });
  await new Promise<void>((resolve, reject) => {
    let shaken = false;
    client.once('handshake', () => (shaken = true));
    const fail = (error: KvmnetError): void => {
      cleanup();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(timedOut(endpoint, host)), Math.max(0, deadline - performance.now()));
    const onAbort = (): void => fail(new KvmnetError('interrupted', 'interrupted', { host }));
    const cleanup = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      client.off('close', onClose);
    };
    const onClose = (): void =>
      fail(shaken ? authentication.failure(undefined) : lostInHandshake(endpoint, host, undefined));
    signal?.addEventListener('abort', onAbort, { once: true });
    client.once('close', onClose);
    // Stays for the life of the connection: after login an error is followed by `close`, which is what others watch.
    client.on('error', (error) => {
      if (error.level === 'agent') return;
      if (hostKey.refusal !== undefined) fail(hostKey.refusal);
      else if (shaken) fail(authentication.failure(error));
      else fail(lostInHandshake(endpoint, host, error));
    });
    client.once('ready', () => {
      cleanup();
      resolve();
    });
    client.connect({
      sock: socket,
      username: endpoint.user,
      hostVerifier: (key: Buffer) => hostKey.accepts(key),
      authHandler: authentication.handler,
      // Uncompressed: a packet of a few kilobytes could unpack to many megabytes.
      algorithms: { serverHostKey: hostKey.algorithms, kex: [...KEX], hmac: [...MAC], compress: ['none'] },
      keepaliveInterval: endpoint.keepaliveInterval * 1000,
      keepaliveCountMax: endpoint.keepaliveCount,
      readyTimeout: 0,
    });
  });
  await Promise.all(storing);
  return client;
}
