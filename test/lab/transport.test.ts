import { createHash, randomBytes } from 'node:crypto';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTransport, type TransportOptions } from '../../src/transport/index.ts';
import type { Become, Connection, ConnectionSpec } from '../../src/transport/types.ts';
import { canRunSshd, freePort, keygen, Sshd } from './sshd.ts';

const NOISE = 'echo NOISE on stdout\n';
const SUDOERS = `Defaults env_reset, timestamp_timeout=0
Defaults:penny use_pty
root ALL=(ALL) ALL
alice ALL=(ALL) ALL
penny ALL=(ALL) ALL
dave ALL=(ALL) NOPASSWD: ALL
few ALL=(ALL) NOPASSWD: ALL`;

describe.skipIf(!canRunSshd())('the SSH transport, against OpenSSH', () => {
  let sshd: Sshd;
  let work = '';
  let notices: string[] = [];
  const open: Connection[] = [];

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'kvmnet-transport-'));
    sshd = await Sshd.start({
      users: [
        { name: 'alice', password: 'alice pw', files: { '.bashrc': `${NOISE}echo noise on stderr >&2\n` } },
        { name: 'carol', shell: '/bin/csh', files: { '.cshrc': NOISE } },
        { name: 'fiona', shell: '/usr/bin/fish', files: { '.config/fish/config.fish': NOISE } },
        { name: 'dave', shell: '/bin/sh' },
        { name: 'nora', shell: '/usr/sbin/nologin' },
        { name: 'penny', password: 'pennypw' },
        { name: 'max', password: 'maxpw' },
        { name: 'small' },
        { name: 'kbd', password: 'kbdpw' },
        { name: 'two', password: 'twopw' },
        { name: 'few' },
      ],
      sudoers: SUDOERS,
      doas: 'permit alice\npermit nopass dave',
    });
    appendFileSync(
      join(sshd.dir, 'sshd_config'),
      `Match User small
  SetEnv TMPDIR=${sshd.dir}/small
Match User kbd
  PasswordAuthentication no
Match User two
  AuthenticationMethods publickey,password
Match User few
  MaxSessions 2
`,
    );
    await sshd.down();
    await sshd.up();
    writeFileSync(join(work, 'known_hosts'), sshd.known());
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
    notices = [];
  });

  afterAll(async () => {
    await sshd.stop();
    rmSync(work, { recursive: true, force: true });
  });

  async function login(
    spec: Partial<ConnectionSpec> = {},
    options: Partial<TransportOptions> = {},
  ): Promise<Connection> {
    const transport = createTransport({
      home: work,
      user: 'root',
      env: { PATH: process.env['PATH'] },
      configFiles: [],
      knownHostsFiles: [join(work, 'known_hosts')],
      globalKnownHostsFiles: [],
      onNotice: (text) => notices.push(text),
      ...options,
    });
    const connection = await transport.connect({
      host: 'h1',
      kind: 'ssh',
      address: '127.0.0.1',
      port: sshd.port,
      user: 'alice',
      privateKeyFile: sshd.key,
      retries: 0,
      ...spec,
    });
    open.push(connection);
    return connection;
  }

  const say = async (connection: Connection, script: string, become?: Become): Promise<string> => {
    const [result] = await connection.shell(become).request([{ script }], { timeout: 60 });
    return `${result?.stdout.toString()}${result?.stderr.toString()}`;
  };

  const file = (name: string, text: string): string => {
    const path = join(work, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };

  const sleeping = (seconds: string): readonly string[] =>
    sshd.commands().filter((text) => text === `sleep ${seconds}`);

  describe('logging in', () => {
    it('with a key, without a needless question', async () => {
      const connection = await login();
      expect(await say(connection, 'id -un')).toBe('alice\n');
      expect(sshd.log).not.toContain('none for alice');
    });

    it('refused: says what was tried', async () => {
      const other = join(work, 'other');
      keygen(other, '-t', 'ed25519');
      await expect(login({ privateKeyFile: other, password: 'wrong' })).rejects.toMatchObject({
        code: 'auth',
        host: 'h1',
        message: expect.stringMatching(
          /tried key .*other \(SHA256:.*\), password, keyboard-interactive; the host accepts publickey, password/,
        ) as string,
      });
      await expect(login({ privateKeyFile: join(work, 'absent') })).rejects.toMatchObject({
        code: 'auth',
        message: expect.stringContaining('absent cannot be read: it does not exist') as string,
      });
    });

    it.each([
      ['ed25519', ['-t', 'ed25519']],
      ['ecdsa', ['-t', 'ecdsa']],
      ['rsa', ['-t', 'rsa', '-b', '2048']],
      ['rsa-pem', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ])('with an encrypted %s key and its passphrase', async (name, flags) => {
      const key = join(work, `enc-${name}`);
      keygen(key, ...flags, '-N', 'the phrase');
      const accepted = `${sshd.key}.pub`;
      const before = readFileSync(accepted);
      appendFileSync(accepted, readFileSync(`${key}.pub`));
      try {
        expect(await say(await login({ privateKeyFile: key, passphrase: 'the phrase' }), 'echo in')).toBe('in\n');
        const without = login({ privateKeyFile: key });
        await expect(without).rejects.toMatchObject({
          code: 'auth',
          hint: expect.stringContaining('ssh-add') as string,
          message: expect.stringContaining('needs a passphrase') as string,
        });
        await expect(login({ privateKeyFile: key, passphrase: 'no' })).rejects.toMatchObject({
          code: 'auth',
          message: expect.stringContaining('does not open') as string,
        });
      } finally {
        writeFileSync(accepted, before);
      }
    });

    describe('with an agent', () => {
      let agent: ChildProcess;
      let socket = '';
      beforeAll(async () => {
        socket = join(work, 'agent');
        agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
        for (let i = 0; i < 100 && !existsSync(socket); i++) await new Promise((resolve) => setTimeout(resolve, 20));
        const locked = join(work, 'locked');
        keygen(join(work, 'stranger'), '-t', 'ed25519');
        execFileSync('cp', [sshd.key, `${sshd.key}.pub`, work]);
        chmodSync(join(work, 'id'), 0o600);
        execFileSync('cp', ['-p', join(work, 'id'), locked]);
        execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', locked]);
        for (const key of ['stranger', 'id']) {
          execFileSync('ssh-add', ['-q', join(work, key)], {
            env: { ...process.env, SSH_AUTH_SOCK: socket },
            stdio: 'ignore',
          });
        }
      });
      afterAll(() => agent.kill());

      it('tries its keys in order', async () => {
        const connection = await login({ privateKeyFile: undefined }, { env: { SSH_AUTH_SOCK: socket } });
        expect(await say(connection, 'echo in')).toBe('in\n');
      });

      it('asks the agent for the one key that IdentityFile names, although the file itself is locked', async () => {
        const config = file(
          'only.config',
          `IdentityFile ${join(work, 'locked')}\nIdentitiesOnly yes\nIdentityAgent ${socket}\n`,
        );
        const before = sshd.log.length;
        expect(await say(await login({ privateKeyFile: undefined }, { configFiles: [config] }), 'echo in')).toBe(
          'in\n',
        );
        expect(sshd.log.slice(before)).not.toContain('Failed publickey');
      });

      it('uses no other of its keys with IdentitiesOnly', async () => {
        const config = file('stranger.config', `IdentityFile ${join(work, 'stranger')}\nIdentitiesOnly yes\n`);
        const attempt = login({ privateKeyFile: undefined }, { configFiles: [config], env: { SSH_AUTH_SOCK: socket } });
        await expect(attempt).rejects.toMatchObject({
          code: 'auth',
          message: expect.stringMatching(/tried agent key [^,]*$/) as string,
        });
      });

      it('an agent that has gone is not the end', async () => {
        expect(await say(await login({}, { env: { SSH_AUTH_SOCK: '/no/agent' } }), 'echo in')).toBe('in\n');
        const attempt = login({ privateKeyFile: undefined }, { env: { SSH_AUTH_SOCK: '/no/agent' } });
        await expect(attempt).rejects.toMatchObject({
          message: expect.stringContaining('/no/agent does not answer') as string,
        });
      });
    });

    it.each([
      ['a password', { user: 'alice', password: 'alice pw', privateKeyFile: undefined }],
      ['keyboard-interactive', { user: 'kbd', password: 'kbdpw', privateKeyFile: undefined }],
      ['a key and then a password', { user: 'two', password: 'twopw' }],
    ])('with %s', async (_, spec) => {
      expect(await say(await login(spec), 'id -un')).toBe(`${spec.user}\n`);
    });

    it.each([
      ['csh', 'carol'],
      ['fish', 'fiona'],
      ['dash', 'dave'],
      ['bash with a noisy .bashrc', 'alice'],
    ])('where the login shell is %s', async (_, user) => {
      const connection = await login({ user });
      expect(await say(connection, 'echo "a  b"; echo $((1+1)) >&2')).toBe('a  b\n2\n');
      const path = await connection.upload(Readable.from(['data']));
      expect(await say(connection, `cat ${path}; stat -c %a:%U ${path}`)).toBe(`data600:${user}\n`);
    });

    it('where the account may run nothing', async () => {
      const connection = await login({ user: 'nora' });
      await expect(say(connection, ':')).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('This account is currently not available') as string,
      });
    });

    it('through a program (ProxyCommand)', async () => {
      const config = file('proxy.config', 'Host via\n HostName 127.0.0.1\n ProxyCommand busybox nc %h %p\n');
      expect(await say(await login({ address: 'via' }, { configFiles: [config] }), 'echo in')).toBe('in\n');
    });
  });

  describe('host keys', () => {
    const attempt = (text: string, spec: Partial<ConnectionSpec> = {}, config = ''): Promise<Connection> =>
      login(spec, { knownHostsFiles: [file('kh', text)], configFiles: [file('kh.config', config)] });
    const strange = (): string => {
      const path = join(work, 'strange');
      if (!existsSync(path)) keygen(path, '-t', 'ed25519');
      return readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
    };

    it('unknown: refused with its fingerprint', async () => {
      const shown =
        execFileSync('ssh-keygen', ['-l', '-f', join(sshd.dir, 'host_ed25519.pub')])
          .toString()
          .split(' ')[1] ?? '?';
      await expect(attempt('')).rejects.toMatchObject({
        code: 'host-key',
        message: expect.stringContaining(shown) as string,
        hint: expect.stringContaining('accept-new') as string,
      });
    });

    it('changed: names the line and the remedy, also with accept-new', async () => {
      const text = `# comment\n[127.0.0.1]:${sshd.port} ${strange()}\n`;
      for (const hostKeyChecking of ['yes', 'accept-new'] as const) {
        await expect(attempt(text, { hostKeyChecking })).rejects.toMatchObject({
          code: 'host-key',
          message: expect.stringContaining(`${join(work, 'kh')}:2`) as string,
          hint: expect.stringContaining(`ssh-keygen -f "${join(work, 'kh')}" -R "[127.0.0.1]:${sshd.port}"`) as string,
        });
      }
      expect(await say(await attempt(text, { hostKeyChecking: 'no' }), 'echo in')).toBe('in\n');
    });

    it('revoked: refused whatever is asked for', async () => {
      const text = sshd.known() + `@revoked * ${sshd.known().split(' ').slice(1).join(' ')}`;
      for (const hostKeyChecking of ['yes', 'accept-new', 'no'] as const) {
        await expect(attempt(text, { hostKeyChecking })).rejects.toMatchObject({
          code: 'host-key',
          message: expect.stringContaining('revoked') as string,
        });
      }
    });

    it('an authority only: refused with the reason', async () => {
      const text = `@cert-authority [127.0.0.1]:${sshd.port} ${strange()}\n`;
      await expect(attempt(text, { hostKeyChecking: 'accept-new' })).rejects.toMatchObject({
        code: 'host-key',
        message: expect.stringContaining('certificate authority') as string,
      });
    });

    it.each(['ed25519', 'ecdsa', 'rsa'])('asks for the type that is known: %s', async (type) => {
      expect(await say(await attempt(sshd.known(undefined, type)), 'echo in')).toBe('in\n');
    });

    it('accept-new stores it, once, hashed where that is the custom', async () => {
      for (const [config, pattern] of [
        ['', /^\[127\.0\.0\.1\]:\d+ /],
        ['HashKnownHosts yes\n', /^\|1\|/],
      ] as const) {
        const home = mkdtempSync(join(work, 'home-'));
        const known = join(home, '.ssh/known_hosts');
        const options = { home, knownHostsFiles: [known], configFiles: [file('hash.config', config)] };
        await login({ hostKeyChecking: 'accept-new' }, options);
        expect(notices.at(-1)).toMatch(/^host key of \[127\.0\.0\.1\]:\d+ added to/);
        expect(readFileSync(known, 'utf8')).toMatch(pattern);
        expect(statSync(known).mode & 0o777).toBe(0o600);
        await login({ hostKeyChecking: 'accept-new' }, options);
        await login({}, options);
        expect(readFileSync(known, 'utf8').trim().split('\n')).toHaveLength(1);
        // OpenSSH agrees with what we wrote.
        execFileSync(
          'ssh',
          [
            '-o',
            'StrictHostKeyChecking=yes',
            '-o',
            `UserKnownHostsFile=${known}`,
            '-F',
            '/dev/null',
            '-i',
            join(work, 'id'),
            '-p',
            String(sshd.port),
            'alice@127.0.0.1',
            'true',
          ],
          { stdio: 'ignore' },
        );
      }
    });
  });

  describe('jump hosts', () => {
    it('two hops, each with its own key and its own check', async () => {
      const text = ['one', 'two', 'target'].map((name) => sshd.known(name)).join('');
      const known = file('jump.known', text);
      const config = file(
        'jump.config',
        `Host one two target\n HostName 127.0.0.1\n Port ${sshd.port}\nHost one\n HostKeyAlias one\n User dave\nHost two\n HostKeyAlias two\n User carol\nHost target\n HostKeyAlias target\n`,
      );
      const spec = { address: 'target', port: undefined, jump: 'one,fiona@two' };
      const connection = await login(spec, { configFiles: [config], knownHostsFiles: [known] });
      expect(await say(connection, 'id -un')).toBe('alice\n');
      const users = sshd.commands().filter((command) => /^sshd: \w+( |@|$)/.test(command));
      expect(users.join('\n')).toMatch(/sshd: dave[\s\S]*sshd: fiona/);
      writeFileSync(known, text.replace(/^two .*\n/m, ''));
      await expect(login(spec, { configFiles: [config], knownHostsFiles: [known] })).rejects.toMatchObject({
        code: 'host-key',
        message: expect.stringContaining('two') as string,
      });
      await expect(
        login(
          { ...spec, jump: 'one,two', port: 1 },
          { configFiles: [config], knownHostsFiles: [file('jump.known', text)] },
        ),
      ).rejects.toMatchObject({ code: 'unreachable' });
    });

    it('gives streams to third parties', async () => {
      const connection = await login();
      const stream = await connection.forward('127.0.0.1', sshd.port);
      const [greeting] = (await stream.take(1).toArray()) as Buffer[];
      expect(greeting?.toString()).toContain('SSH-2.0-OpenSSH');
      await expect(connection.forward('127.0.0.1', await freePort())).rejects.toMatchObject({ code: 'unreachable' });
    });
  });

  describe('becoming another user', () => {
    const root = { user: 'root' } as const;
    it.each([
      ['sudo without a password', 'dave', { method: 'sudo', ...root }],
      ['sudo with a password it does not need', 'dave', { method: 'sudo', ...root, password: 'x' }],
      ['sudo with a password', 'alice', { method: 'sudo', ...root, password: 'alice pw' }],
      ['sudo with use_pty', 'penny', { method: 'sudo', ...root, password: 'pennypw' }],
      ['su', 'max', { method: 'su', ...root, password: 'rootpw' }],
      ['su to another user', 'max', { method: 'su', user: 'penny', password: 'pennypw' }],
      ['su as root', 'root', { method: 'su', user: 'max' }],
      ['sudo as root', 'root', { method: 'sudo', user: 'max' }],
      ['doas without a password', 'dave', { method: 'doas', ...root }],
      ['doas with a password', 'alice', { method: 'doas', ...root, password: 'alice pw' }],
    ] as const)('%s', async (_, user, become) => {
      const connection = await login({ user });
      expect(await say(connection, 'id -un; echo e >&2; printf "a\\r\\nb"', become)).toBe(`${become.user}\na\r\nbe\n`);
      const environment = await say(connection, 'cat /proc/self/environ; cat /proc/[0-9]*/cmdline', become);
      if ('password' in become && become.password !== 'x') expect(environment).not.toContain(become.password);
      const [timed] = await connection
        .shell(become)
        .request([{ script: 'sleep 1234 & (sleep 1234 &); sleep 1234' }], { timeout: 0.4 });
      expect(timed).toMatchObject({ timedOut: true, ran: true });
      expect(sleeping('1234')).toEqual([]);
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 200);
      await expect(
        connection.shell(become).request([{ script: 'sleep 1235' }], { signal: abort.signal }),
      ).rejects.toMatchObject({ code: 'interrupted' });
      expect(sleeping('1235')).toEqual([]);
      const path = await connection.upload(Readable.from(['mine']), { become });
      expect(await say(connection, `stat -c %U:%a ${path}`, become)).toBe(`${become.user}:600\n`);
      const chunks: Buffer[] = [];
      await connection.download(
        path,
        new Writable({ write: (chunk: Buffer, _e, done) => (chunks.push(chunk), done()) }),
        { become },
      );
      expect(Buffer.concat(chunks).toString()).toBe('mine');
      await connection.close();
      expect(existsSync(path)).toBe(false);
    });

    it.each([
      ['sudo, wrong password', 'alice', { method: 'sudo', ...root, password: 'no' }, 'sudo refused the password'],
      ['sudo, no password', 'alice', { method: 'sudo', ...root }, 'sudo asks for a password'],
      ['sudo, not in sudoers', 'max', { method: 'sudo', ...root, password: 'maxpw' }, 'not in the sudoers file'],
      ['sudo, no such user', 'dave', { method: 'sudo', user: 'nobody-here' }, 'unknown user'],
      ['su, wrong password', 'max', { method: 'su', ...root, password: 'no' }, 'su refused the password'],
      ['su, no password', 'max', { method: 'su', ...root }, 'su asks for a password'],
      ['doas, wrong password', 'alice', { method: 'doas', ...root, password: 'no' }, 'doas refused the password'],
      ['doas, no password', 'alice', { method: 'doas', ...root }, 'doas asks for a password'],
      ['doas, not permitted', 'max', { method: 'doas', ...root, password: 'maxpw' }, 'Operation not permitted'],
    ] as const)('%s', async (_, user, become, message) => {
      const connection = await login({ user });
      const started = Date.now();
      await expect(say(connection, ':', become)).rejects.toMatchObject({
        code: 'become',
        host: 'h1',
        message: expect.stringContaining(message) as string,
      });
      expect(Date.now() - started).toBeLessThan(12_000);
      expect(await say(connection, 'echo still here')).toBe('still here\n');
    });
  });

  describe('files', () => {
    it('100 MB there and back', async () => {
      const connection = await login();
      const block = randomBytes(1_000_000);
      const sent = createHash('sha256');
      const content = Readable.from(
        (function* () {
          for (let i = 0; i < 100; i++) {
            sent.update(block);
            yield block;
          }
        })(),
      );
      let progress = 0;
      const path = await connection.upload(content, { onProgress: (bytes) => (progress = bytes) });
      const received = createHash('sha256');
      await connection.download(
        path,
        new Writable({ write: (chunk: Buffer, _e, done) => (received.update(chunk), done()) }),
      );
      expect(progress).toBe(100_000_000);
      expect(received.digest('hex')).toBe(sent.digest('hex'));
      expect(connection.roundTrips).toBe(8);
      await connection.close();
      expect(existsSync(path)).toBe(false);
    });

    it('a full disk is said, and leaves room again', async () => {
      const connection = await login({ user: 'small' });
      const upload = connection.upload(Readable.from(Array.from({ length: 60 }, () => Buffer.alloc(100_000))));
      await expect(upload).rejects.toMatchObject({
        code: 'io',
        message: expect.stringContaining('No space left') as string,
      });
      const path = await connection.upload(Readable.from([Buffer.alloc(1_000_000)]));
      expect(await say(connection, `wc -c <${path}`)).toBe('1000000\n');
    });

    it('is interrupted', async () => {
      const connection = await login();
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 200);
      const endless = new Readable({
        read() {
          setTimeout(() => this.push(Buffer.alloc(1000)), 5);
        },
      });
      await expect(connection.upload(endless, { signal: abort.signal })).rejects.toMatchObject({ code: 'interrupted' });
      await expect(
        connection.download('/dev/zero', new Writable({ write: (_c, _e, done) => done() }), {
          signal: AbortSignal.timeout(200),
        }),
      ).rejects.toMatchObject({ code: 'interrupted' });
      expect(await say(connection, 'echo on')).toBe('on\n');
    });

    it('what cannot be read is said', async () => {
      const connection = await login();
      const sink = (): Writable => new Writable({ write: (_c, _e, done) => done() });
      await expect(connection.download('/no/file', sink())).rejects.toMatchObject({
        code: 'io',
        message: expect.stringContaining('No such file') as string,
      });
      await expect(connection.download('/etc/shadow', sink())).rejects.toMatchObject({
        code: 'io',
        message: expect.stringContaining('Permission denied') as string,
      });
      await expect(
        connection.upload(
          new Readable({
            read() {
              this.destroy(new Error('source broke'));
            },
          }),
        ),
      ).rejects.toThrow('source broke');
    });

    it('waits for a session where the host allows few (MaxSessions)', async () => {
      const connection = await login({ user: 'few' });
      const all = await Promise.all(
        Array.from({ length: 5 }, (_, i) => connection.upload(Readable.from([`file ${i}`]))),
      );
      expect(await say(connection, `cat ${all.join(' ')}`)).toBe('file 0file 1file 2file 3file 4');
    });

    it('says so where it allows no more', async () => {
      const connection = await login({ user: 'few' });
      await say(connection, ':');
      await say(connection, ':', { method: 'sudo', user: 'root' });
      await expect(say(connection, ':', { method: 'sudo', user: 'max' })).rejects.toMatchObject({
        code: 'refused',
        hint: expect.stringContaining('MaxSessions') as string,
      });
    });
  });

  describe('what goes wrong', () => {
    it('nothing listens', async () => {
      const started = Date.now();
      await expect(login({ port: await freePort(), retries: 1 })).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('connection refused') as string,
      });
      expect(Date.now() - started).toBeGreaterThan(200);
    });

    it('no such name', async () => {
      await expect(login({ address: 'no-such-host.invalid', retries: 5 })).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('cannot be resolved') as string,
      });
    });

    it('something else listens, or nothing answers', async () => {
      await withServer(
        (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
        async (port) => {
          await expect(login({ port })).rejects.toMatchObject({ code: 'unreachable' });
        },
      );
      await withServer(
        () => {},
        async (port) => {
          await expect(login({ port, connectTimeout: 0.5 })).rejects.toMatchObject({
            code: 'unreachable',
            message: expect.stringContaining('0.5 s') as string,
          });
          await expect(
            createTransport({ home: work, user: 'x', env: {}, configFiles: [] }).connect(
              { host: 'h', kind: 'ssh', address: '127.0.0.1', port },
              { signal: AbortSignal.timeout(200) },
            ),
          ).rejects.toMatchObject({ code: 'interrupted' });
        },
      );
    });

    it('the connection is cut in the middle of a request; its guard still ends what hangs', async () => {
      const cut: Socket[] = [];
      await withRelay(sshd.port, cut, async (port) => {
        const known = file('cut.known', sshd.known(`[127.0.0.1]:${port}`));
        const connection = await login({ port }, { knownHostsFiles: [known] });
        await say(connection, ':');
        const request = connection.shell().request([{ script: 'sleep 4321' }], { timeout: 2 });
        setTimeout(() => cut.forEach((socket) => socket.destroy()), 300);
        await expect(request).rejects.toMatchObject({ code: 'connection-lost' });
        expect(connection.closed).toBe(true);
        await expect(say(connection, ':')).rejects.toMatchObject({ code: 'connection-lost' });
        await expect(connection.upload(Readable.from(['x']))).rejects.toMatchObject({ code: 'connection-lost' });
        expect(sleeping('4321')).toHaveLength(1);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        expect(sleeping('4321')).toEqual([]);
      });
    });

    it('half a request is never run', async () => {
      const cut: Socket[] = [];
      await withRelay(sshd.port, cut, async (port) => {
        const known = file('half.known', sshd.known(`[127.0.0.1]:${port}`));
        const connection = await login({ port }, { knownHostsFiles: [known] });
        await say(connection, ':');
        const marker = join(sshd.dir, 'small/half');
        const huge = `: ${'x'.repeat(8_000_000)}`;
        const request = connection.shell().request([{ script: `: > ${marker}` }, { script: huge }]);
        setImmediate(() => cut.forEach((socket) => socket.destroy()));
        await expect(request).rejects.toMatchObject({ code: 'connection-lost' });
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(await say(await login(), `ls ${marker} 2>&1`)).toContain('No such file');
      });
    });

    it('a silent network is noticed by keepalives', async () => {
      const cut: Socket[] = [];
      await withRelay(sshd.port, cut, async (port) => {
        const known = file('silent.known', sshd.known(`[127.0.0.1]:${port}`));
        const config = file('silent.config', 'ServerAliveInterval 1\nServerAliveCountMax 1\n');
        const connection = await login({ port }, { knownHostsFiles: [known], configFiles: [config] });
        await say(connection, ':');
        const request = connection.shell().request([{ script: 'sleep 30' }], { timeout: 30 });
        cut.forEach((socket) => socket.pause().unpipe());
        await expect(request).rejects.toMatchObject({ code: 'connection-lost' });
      });
    });

    it('sshd is restarted while we try', async () => {
      await sshd.down();
      const attempt = login({ retries: 8 });
      attempt.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 800));
      await sshd.up();
      expect(await say(await attempt, 'echo back')).toBe('back\n');
    });

    it('what does not want to end is killed', async () => {
      const connection = await login();
      const [result] = await connection
        .shell()
        .request([{ script: 'trap "" TERM; sleep 4444; sleep 4445' }], { timeout: 0.3 });
      expect(result).toMatchObject({ timedOut: true });
      expect([...sleeping('4444'), ...sleeping('4445')]).toEqual([]);
    });
  });

  it('leaves nothing behind on the host', async () => {
    const connection = await login();
    await connection.upload(Readable.from(['x']));
    await say(connection, ':', { method: 'sudo', user: 'root', password: 'alice pw' });
    await connection.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sshd.commands().filter((text) => !/^(sshd|\/usr\/sbin\/sshd)/.test(text))).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('.kvmnet-'))).toEqual([]);
  });
});

/** A server on a free port of this machine for as long as `use` takes. */
async function withServer(onSocket: (socket: Socket) => void, use: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    await use(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Passes bytes on to a server; `cut` gets all sockets. */
const withRelay = (to: number, cut: Socket[], use: (port: number) => Promise<void>): Promise<void> =>
  withServer((socket) => {
    const other = connect(to, '127.0.0.1');
    other.on('error', () => {});
    other.on('close', () => socket.destroy());
    socket.on('close', () => other.destroy());
    socket.pipe(other);
    other.pipe(socket);
    cut.push(socket, other);
  }, use);
