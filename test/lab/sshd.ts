import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestUser {
  readonly name: string;
  readonly password?: string;
  readonly shell?: string;
  /** Files of the home directory. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface SshdOptions {
  readonly users?: readonly TestUser[];
  /** Lines for sshd_config; they come first and so win. */
  readonly config?: readonly string[];
  readonly sudoers?: string;
  readonly doas?: string;
}

/**
 * A plain OpenSSH server on 127.0.0.1 with users of its own. It lives in a mount namespace of its own, where `/etc` is an
 * overlay and `/run` and `small/` (2 MiB, for full disks) are new: the machine's users, sudoers and keys are not touched.
 * It is the first process of a PID namespace too: the kernel ends with it all that was started there, and nothing else.
 */
export class Sshd {
  readonly dir: string;
  readonly port: number;
  readonly #options: SshdOptions;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(dir: string, port: number, options: SshdOptions) {
    this.dir = dir;
    this.port = port;
    this.#options = options;
  }

  static async start(options: SshdOptions = {}): Promise<Sshd> {
    const dir = mkdtempSync(join(tmpdir(), 'kvmnet-sshd-'));
    chmodSync(dir, 0o755);
    const sshd = new Sshd(dir, await freePort(), options);
    sshd.#prepare();
    await sshd.up();
    return sshd;
  }

  get log(): string {
    return this.#log;
  }

  /** The private key that every user of the server accepts. */
  get key(): string {
    return join(this.dir, 'id');
  }

  /** A line for known_hosts. */
  known(name = `[127.0.0.1]:${this.port}`, type = 'ed25519'): string {
    const [algorithm = '', key = ''] = readFileSync(join(this.dir, `host_${type}.pub`), 'utf8').split(' ');
    return `${name} ${algorithm} ${key}\n`;
  }

  async up(): Promise<void> {
    const flags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
    const child = spawn('unshare', [...flags, '/bin/sh', '-ec', this.#namespace()], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    this.#child = child;
    for (let i = 0; i < 200; i++) {
      if (await answers(this.port)) return;
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`sshd does not start: ${this.#log}`);
  }

  /** Ends the server and everything that was started in its namespace. */
  async down(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    // The kernel ends the namespace a moment after the process that held it.
    for (let i = 0; i < 100 && (await answers(this.port)); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Command lines of what runs there, one string each. Only to be read: a number of a namespace is used again. */
  commands(): readonly string[] {
    const holder = this.#child?.pid;
    const first = pids().find((pid) => statusOf(pid, 'PPid') === String(holder));
    const own = first === undefined ? undefined : namespaceOf(first);
    if (own === undefined || own === namespaceOf(process.pid)) return [];
    return pids()
      .filter((pid) => namespaceOf(pid) === own)
      .map((pid) => readProc(pid, 'cmdline').replaceAll('\0', ' ').trim())
      .filter((text) => text !== '');
  }

  #prepare(): void {
    const { dir } = this;
    for (const type of ['ed25519', 'ecdsa', 'rsa']) keygen(join(dir, `host_${type}`), '-t', type);
    keygen(this.key, '-t', 'ed25519');
    mkdirSync(join(dir, 'etc'));
    mkdirSync(join(dir, 'small'));
    mkdirSync(join(dir, 'home'));
    const passwd = [
      'root:x:0:0:root:/root:/bin/bash',
      'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin',
      'nobody:x:65534:65534::/:/usr/sbin/nologin',
    ];
    const shadow = [`root:${crypt('rootpw')}:19000:0:99999:7:::`, 'sshd:*:19000::::::', 'nobody:*:19000::::::'];
    for (const [index, user] of (this.#options.users ?? []).entries()) {
      const id = 4001 + index;
      const home = join(dir, 'home', user.name);
      mkdirSync(home);
      for (const [name, text] of Object.entries(user.files ?? {})) {
        mkdirSync(join(home, name, '..'), { recursive: true });
        writeFileSync(join(home, name), text);
      }
      execFileSync('chown', ['-R', `${id}:${id}`, home]);
      passwd.push(`${user.name}:x:${id}:${id}::${home}:${user.shell ?? '/bin/bash'}`);
      shadow.push(`${user.name}:${user.password === undefined ? '*' : crypt(user.password)}:19000:0:99999:7:::`);
    }
    write(join(dir, 'etc/passwd'), passwd, 0o644);
    write(join(dir, 'etc/shadow'), shadow, 0o600);
    write(join(dir, 'etc/sudoers'), [this.#options.sudoers ?? ''], 0o440);
    write(join(dir, 'etc/doas.conf'), [this.#options.doas ?? 'deny nobody'], 0o400);
    write(
      join(dir, 'sshd_config'),
      [
        ...(this.#options.config ?? []),
        `Port ${this.port}`,
        'ListenAddress 127.0.0.1',
        ...['ed25519', 'ecdsa', 'rsa'].map((type) => `HostKey ${dir}/host_${type}`),
        `AuthorizedKeysFile ${this.key}.pub`,
        'StrictModes no',
        'UsePAM yes',
        'UseDNS no',
        'PidFile none',
        'PermitRootLogin yes',
        'PasswordAuthentication yes',
        'KbdInteractiveAuthentication yes',
        'AllowTcpForwarding yes',
        'MaxStartups 100',
        'LogLevel VERBOSE',
      ],
      0o644,
    );
  }

  #namespace(): string {
    const { dir } = this;
    return [
      'mount -t tmpfs tmpfs /run; mkdir -p /run/sshd /run/overlay/up /run/overlay/work',
      'mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/overlay/up,workdir=/run/overlay/work /etc',
      `for f in passwd shadow sudoers doas.conf; do cp -p ${dir}/etc/$f /etc/$f; done; rm -rf /etc/sudoers.d /etc/nologin /etc/motd`,
      `mount -t tmpfs -o size=2m,mode=1777 tmpfs ${dir}/small`,
      `exec /usr/sbin/sshd -D -e -f ${dir}/sshd_config`,
    ].join('\n');
  }
}

/** Whether this machine can hold such a server. */
export const canRunSshd = (): boolean => process.getuid?.() === 0 && existsSync('/usr/sbin/sshd');

export function keygen(file: string, ...flags: string[]): void {
  const passphrase = flags.includes('-N') ? [] : ['-N', ''];
  execFileSync('ssh-keygen', ['-q', ...flags, ...passphrase, '-f', file]);
}

const crypt = (password: string): string =>
  execFileSync('openssl', ['passwd', '-6', '-salt', 'kvmnet', '-stdin'], { input: password }).toString().trim();

function write(file: string, lines: readonly string[], mode: number): void {
  writeFileSync(file, `${lines.join('\n')}\n`, { mode });
}

const pids = (): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Gone already.
    return '';
  }
}

const statusOf = (pid: number, key: string): string | undefined =>
  new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(readProc(pid, 'status'))?.[1];

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
