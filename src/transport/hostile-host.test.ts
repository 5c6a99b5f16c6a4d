import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, Readable, Writable } from 'node:stream';
import type { Algorithms, Connection as Client, ServerChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KvmnetError } from '../util/errors.ts';
import { limitFlow } from './flow-limits.ts';
import { createTransport } from './index.ts';
import { onRequest, pour, startHostileHost, type HostileHost } from './testing/hostile-host.ts';
import type { Connection, ConnectionSpec } from './types.ts';

// What a host does that has been taken over: everything it may try has to end as an error of that host, soon.

let home = '';
let hosts: { close(): Promise<void> }[] = [];
let connections: Connection[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kvmnet-hostile-'));
});
afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await Promise.all(hosts.map((host) => host.close()));
  [hosts, connections] = [[], []];
  await rm(home, { recursive: true });
});

async function connect(
  port: number,
  connectTimeout = 5,
  stall = 0.3,
  more: Partial<ConnectionSpec> = {},
): Promise<Connection> {
  const connection = await createTransport({
    home,
    user: 'me',
    env: {},
    configFiles: [],
    globalKnownHostsFiles: [],
    patience: { open: 0.3, begin: 0.3, stall },
  }).connect({
    host: 'h1',
    kind: 'ssh',
    address: '127.0.0.1',
    port,
    password: 'secret',
    hostKeyChecking: 'accept-new',
    connectTimeout,
    retries: 0,
    ...more,
  });
  connections.push(connection);
  return connection;
}

async function host(conduct: Parameters<typeof startHostileHost>[0]): Promise<HostileHost> {
  const started = await startHostileHost(conduct);
  hosts.push(started);
  return started;
}

/** How a request ends: its error, or that it did not end. */
async function request(shell: (channel: ServerChannel, client: Client) => void, parts = 1): Promise<string> {
  const connection = await connect((await host({ shell })).port);
  const asked = connection.shell().request(
    Array.from({ length: parts }, () => ({ script: 'true' })),
    { maxOutput: 1_000_000, timeout: 1 },
  );
  return asked.then((results) => JSON.stringify(results), wordsOf);
}

const wordsOf = (error: unknown): string => {
  if (!(error instanceof KvmnetError)) throw error;
  return `${error.code}: ${error.message}`;
};

const megabyte = Buffer.alloc(1 << 20, 'A');
const begin = (channel: ServerChannel, token: string): void => {
  channel.write(`${token} b 1\n`);
  channel.stderr.write(`${token} b\n`);
};

describe('a shell that', () => {
  it('is never opened is given up', async () => {
    const connection = await connect((await host({})).port);
    expect(
      await connection
        .shell()
        .request([{ script: 'true' }])
        .catch(wordsOf),
    ).toBe('unreachable: the host let us in, but opened no session within 0.3 s');
  });

  it.each<[string, (channel: ServerChannel) => void, string]>([
    ['says nothing', () => {}, 'unreachable: the shell on the host has not begun with a request after 0 s'],
    [
      'pours noise before it begins',
      (channel) => pour(channel, megabyte),
      'remote-command: a command printed more than 1000000 bytes and was ended',
    ],
    [
      'pours noise on stderr',
      (channel) => pour(channel.stderr, megabyte),
      'remote-command: a command printed more than 1000000 bytes and was ended',
    ],
    [
      'prints without end, and without newlines',
      (channel) => onRequest(channel, (token) => (begin(channel, token), pour(channel, megabyte))),
      'remote-command: a command printed more than 1000000 bytes and was ended',
    ],
    [
      'prints errors without end',
      (channel) => onRequest(channel, (token) => (begin(channel, token), pour(channel.stderr, megabyte))),
      'remote-command: a command printed more than 1000000 bytes and was ended',
    ],
    [
      'ends parts without end',
      (channel) =>
        onRequest(channel, (token) => {
          begin(channel, token);
          pour(channel, Buffer.from(`${token} e 0\n`.repeat(10_000)));
        }),
      'connection-lost: the answers of the shell on the host are out of step',
    ],
    [
      'ends parts without end on stderr',
      (channel) =>
        onRequest(channel, (token) => {
          begin(channel, token);
          pour(channel.stderr, Buffer.from(`${token} e\n`.repeat(10_000)));
        }),
      'connection-lost: the answers of the shell on the host are out of step',
    ],
    [
      'begins again and again',
      (channel) => onRequest(channel, (token) => (begin(channel, token), begin(channel, token))),
      'connection-lost: the answers of the shell on the host are out of step',
    ],
    [
      'gives a status that is no number',
      (channel) => onRequest(channel, (token) => (begin(channel, token), channel.write(`${token} e 1e9\n`))),
      'connection-lost: the answers of the shell on the host are out of step',
    ],
    [
      'has a process id that is no number',
      (channel) => onRequest(channel, (token) => channel.write(`${token} b $(reboot)\n`)),
      'connection-lost: the answers of the shell on the host are out of step',
    ],
    [
      'makes a mark without an end',
      (channel) => onRequest(channel, (token) => channel.write(`${token} ${'e'.repeat(100_000)}`)),
      'connection-lost: the answers of the shell on the host are out of step',
    ],
    [
      'answers with a token of its own',
      (channel) => onRequest(channel, () => begin(channel, '0'.repeat(32))),
      'unreachable: the shell on the host has not begun with a request after 0 s',
    ],
    [
      'dies with escape sequences',
      (channel) => {
        channel.stderr.write('\u001B]0;owned\u0007\u009B2J\u202Eevil\n');
        channel.exit(1);
        channel.end();
      },
      'unreachable: logged in, but the host gives no /bin/sh: ]0;owned2Jevil',
    ],
  ])('%s is given up', async (_, shell, words) => {
    expect(await request(shell)).toBe(words);
  });

  it('says nothing more once it has begun is given up', async () => {
    const shell = (channel: ServerChannel): void => onRequest(channel, (token) => begin(channel, token));
    const connection = await connect((await host({ shell })).port);
    const asked = connection.shell().request([{ script: 'true' }], { giveUp: 0.3 });
    expect(await asked.catch(wordsOf)).toBe('unreachable: the host has not answered a question for 0.3 s');
  });

  it('prints too much in all parts together is given up', async () => {
    const words = await request(
      (channel) =>
        onRequest(channel, (token) => {
          begin(channel, token);
          for (let i = 0; i < 20; i++) {
            channel.write(`${'A'.repeat(100_000)}${token} e 0\n`);
            channel.stderr.write(`${token} e\n`);
          }
        }),
      20,
    );
    expect(words).toBe('remote-command: a command printed more than 1000000 bytes and was ended');
  });
});

describe('a file transfer', () => {
  const token = (channel: ServerChannel, answer: (token: string) => void): void => {
    channel.once('data', (chunk: Buffer) => answer(/[0-9a-f]{32}(?= ready|;)/.exec(chunk.toString())?.[0] ?? ''));
  };

  it('that the host never begins is given up', async () => {
    const connection = await connect((await host({ shell: () => {} })).port);
    expect(await connection.upload(Readable.from(['x'])).catch(wordsOf)).toBe(
      'timeout: a file transfer has not moved for 0.3 s',
    );
    expect(await connection.download('/etc/hosts', new Sink()).catch(wordsOf)).toBe(
      'timeout: a file transfer has not moved for 0.3 s',
    );
  });

  it('that the host never ends is given up, and words it was not asked for are not kept', async () => {
    const shell = (channel: ServerChannel): void =>
      token(channel, (mark) => {
        for (let i = 0; i < 5000; i++) channel.write(`${mark} word${i} ${'x'.repeat(100)}\n`);
        channel.write(`${mark} ready /tmp/x\n`);
      });
    const connection = await connect((await host({ shell })).port);
    expect(await connection.upload(Readable.from(['x'])).catch(wordsOf)).toBe(
      'timeout: a file transfer has not moved for 0.3 s',
    );
  });

  it('of a host that heeds no window fills no memory', async () => {
    const shell = (channel: ServerChannel): void =>
      token(channel, (mark) => {
        // What a server of good conduct may send is counted here.
        outgoingOf(channel).window = Number.MAX_SAFE_INTEGER;
        channel.write(`${mark}\n`);
        for (let i = 0; i < 64; i++) channel.write(megabyte.subarray(7));
      });
    const connection = await connect((await host({ shell })).port, 5, 30);
    // A disk that takes its time.
    const sink = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void setTimeout(done, 2) });
    expect(await connection.download('/etc/hosts', sink).catch(wordsOf)).toBe(
      'connection-lost: the connection was lost in the middle of a file transfer',
    );
  });
});

describe('a connection that', () => {
  it('is offered more than it asked for takes nothing of it', async () => {
    const opened: string[] = [];
    const ready = (client: Client): void => {
      const answer = (what: string) => (error: Error | undefined) => void opened.push(`${what}: ${String(error)}`);
      client.x11('127.0.0.1', 6000, answer('x11'));
      client.forwardOut('127.0.0.1', 1, '127.0.0.1', 22, answer('tcp'));
      // The types leave these out.
      const more = client as unknown as Record<string, (...args: unknown[]) => void>;
      more['openssh_forwardOutStreamLocal']?.('/tmp/x', answer('socket'));
      more['openssh_authAgent']?.(answer('agent'));
    };
    const connection = await connect((await host({ ready })).port);
    await connection
      .shell()
      .request([{ script: 'true' }])
      .catch(wordsOf);
    expect(opened.length).toBeGreaterThanOrEqual(3);
    expect(opened.every((each) => /failure|refused|denied|Unable/i.test(each))).toBe(true);
  });

  it('takes our answers and never reads them is given up', async () => {
    const socket = new Duplex({ read: () => {}, write: () => {} });
    limitFlow(socket);
    socket.write(Buffer.alloc(65 << 20));
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('never says whether the login is good is given up', async () => {
    const { port } = await host({ login: () => {} });
    expect(await connect(port, 0.5).catch(wordsOf)).toBe(
      `unreachable: cannot reach 127.0.0.1 port ${port}: no login within 0.5 s`,
    );
  });

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['greets without end', (socket) => pour(socket, megabyte), /^unreachable: .* (gave no SSH session|does not speak)/],
    [
      'lies about the length of a packet',
      (socket) => void socket.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(64, 0xff)])),
      /^unreachable: .*Bad packet length/,
    ],
    [
      'sends a packet that never ends',
      (socket) => void socket.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.from([0, 0, 0x7f, 0xfc])])),
      /^unreachable: .*no login within 0\.5 s/,
    ],
    ['says nothing at all', () => {}, /^unreachable: .*no login within 0\.5 s/],
  ])('%s is given up', async (_, conduct, words) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      conduct(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    hosts.push({
      close: async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    });
    expect(await connect((server.address() as AddressInfo).port, 0.5).catch(wordsOf)).toMatch(words);
  });

  it.each<[string, Algorithms]>([
    ['key exchange of SHA-1', { kex: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'] }],
    ['ciphers in CBC mode', { cipher: ['aes128-cbc', '3des-cbc'] }],
    ['checksums of SHA-1', { cipher: ['aes128-ctr'], hmac: ['hmac-sha1', 'hmac-sha1-etm@openssh.com'] }],
    ['checksums of MD5', { cipher: ['aes128-ctr'], hmac: ['hmac-md5'] }],
    ['compression', { compress: ['zlib', 'zlib@openssh.com'] }],
  ])('knows nothing better than %s is given up', async (_, algorithms) => {
    const { port } = await host({ config: { algorithms } });
    expect(await connect(port).catch(wordsOf)).toMatch(
      /^unreachable: .* does not speak an SSH that kvmnet understands/,
    );
  });

  it('would take a private key that others can read is not shown it', async () => {
    const shown: string[] = [];
    const { port } = await host({
      login: (attempt) => {
        shown.push(attempt.method);
        attempt.reject(['publickey', 'password']);
      },
    });
    const file = join(home, 'key');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    await writeFile(file, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
    const attempt = () => connect(port, 5, 1, { privateKeyFile: file, password: undefined }).catch(wordsOf);
    expect(await attempt()).toContain(`tried key ${file}`);
    expect(shown.splice(0)).toContain('publickey');
    await chmod(file, 0o640);
    expect(await attempt()).toContain(`${file} is not used, because others can read it (chmod 600 ${file})`);
    expect(shown).not.toContain('publickey');
  });

  it('shows a host key leaves one line in known_hosts', async () => {
    const { port, known } = await host({});
    await connect(port);
    expect(await readFile(join(home, '.ssh/known_hosts'), 'utf8')).toBe(known);
  });
});

class Sink extends Writable {
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

const outgoingOf = (channel: ServerChannel): { window: number } =>
  (channel as unknown as { outgoing: { window: number } }).outgoing;
