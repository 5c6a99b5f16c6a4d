import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type ServerConfig } from 'ssh2';

/** A host that lets everybody in and then does as it likes. */
export interface HostileHost {
  readonly port: number;
  /** Its line for a known_hosts file. */
  readonly known: string;
  close(): Promise<void>;
}

interface Conduct {
  /** What it does with a session channel, instead of running a shell; nothing: it never even confirms it. */
  readonly shell?: (channel: ServerChannel, client: Connection) => void;
  /** What it does as soon as the client is logged in. */
  readonly ready?: (client: Connection) => void;
  /** What it says to an attempt to log in; it is good where nothing else is said. */
  readonly login?: (attempt: AuthContext) => void;
  readonly config?: Partial<ServerConfig>;
}

export async function startHostileHost({
  shell,
  ready,
  login = (attempt) => attempt.accept(),
  config = {},
}: Conduct): Promise<HostileHost> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' });
  const parsed = ssh2.utils.parseKey(pem);
  if (parsed instanceof Error) throw parsed;
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [pem], ...config }, (client) => {
    clients.add(client);
    client.on('error', () => {});
    client.once('close', () => clients.delete(client));
    client.on('authentication', login);
    client.on('ready', () => {
      ready?.(client);
      client.on('session', (accept) => {
        if (shell === undefined) return;
        accept().on('exec', (acceptExec) => {
          const channel = acceptExec();
          // The client may be gone before we have said all we wanted to.
          channel.on('error', () => {});
          shell(channel, client);
        });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    known: `[127.0.0.1]:${port} ${parsed.type} ${parsed.getPublicSSH().toString('base64')}\n`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.end();
      await closed;
    },
  };
}

/** Waits for a request; gives the token that frames its answer and the number of its parts. */
export function onRequest(channel: ServerChannel, answer: (token: string, parts: number) => void): void {
  let text = '';
  channel.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(-1_000_000);
    const token = /^echo ([0-9a-f]{32}) b \$\$/m.exec(text)?.[1];
    if (token === undefined || !text.endsWith('\n}\n')) return;
    const parts = text.split(`echo ${token} e >&9`).length - 1;
    text = '';
    answer(token, parts);
  });
}

/** Writes the same again and again, as fast as it is taken, until the stream goes. */
export function pour(stream: NodeJS.WritableStream, chunk: Buffer): void {
  const more = (): void => {
    if (!stream.writable) return;
    if (stream.write(chunk)) setImmediate(more);
    else stream.once('drain', more);
  };
  more();
}
