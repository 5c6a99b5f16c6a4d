import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setDelay, type Delay } from './delay.ts';
import { Dialer, type Forward } from './dialer.ts';
import { Host } from './host.ts';
import { ensureInstalled } from './install.ts';
import { writeClientFiles } from './client-files.ts';
import { here, labsDir, makeRoot } from './paths.ts';
import { must, processId, run, spawnArgv, type RunOptions, type RunResult } from './process.ts';
import { startHosts, type HostOptions } from './start-hosts.ts';
import { endLab, isLiving, livingLabs, markStarted, markStarting, readState, sweep, writeState } from './state.ts';

export interface LabOptions {
  /** Keeps the lab until `down()`, even when this process ends. Otherwise it goes with this process, however that ends. */
  readonly keep?: boolean;
  readonly log?: (line: string) => void;
}

/**
 * A set of test hosts and the hub from which they are reached, apart from the machine's own network. Several processes
 * may work with one lab at once, and several labs may stand side by side.
 */
export class Lab {
  readonly dir: string;
  readonly id: string;
  readonly #init: number;
  readonly #dialer: Dialer;
  readonly #log: (line: string) => void;

  /** Use `createLab` or `attachLab`. */
  constructor(dir: string, log: (line: string) => void = () => {}) {
    const state = readState(dir);
    this.dir = dir;
    this.id = state.id;
    this.#init = state.init.pid;
    this.#log = log;
    this.#dialer = new Dialer(this.#inHub([]));
  }

  /** Has `.ssh/` with config, key and known_hosts of this lab; HOME of what runs in the hub. */
  get home(): string {
    return join(this.dir, 'home');
  }

  /** All hosts of the lab, in kvmnet's YAML form: groups `bare` and `systemd`. */
  get inventoryPath(): string {
    return join(this.dir, 'inventory.yml');
  }

  get privateKeyPath(): string {
    return join(this.home, '.ssh/id_ed25519');
  }

  get knownHostsPath(): string {
    return join(this.home, '.ssh/known_hosts');
  }

  get sshConfigPath(): string {
    return join(this.home, '.ssh/config');
  }

  get hosts(): readonly Host[] {
    return readState(this.dir).hosts.map((record) => new Host(this, record));
  }

  host(name: string): Host {
    const hosts = this.hosts;
    const found = hosts.find((h) => h.name === name);
    if (found === undefined)
      throw new Error(`no host ${name} in the lab; it has ${hosts.map((h) => h.name).join(', ')}`);
    return found;
  }

  /** Plain sshd hosts with a network and a root of their own: 50 in a few seconds. Returns when all can be logged in to. */
  async bareHosts(count: number, options: HostOptions = {}): Promise<readonly Host[]> {
    return await this.#start('bare', count, options);
  }

  /** Hosts with systemd as their first process, that really reboot. Returns when all can be logged in to. */
  async systemdHosts(count: number, options: HostOptions = {}): Promise<readonly Host[]> {
    return await this.#start('systemd', count, options);
  }

  /** Runs a command on this machine, but in the hub's network: what kvmnet and other clients of the hosts are started with. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return await run(this.#inHub(argv), { ...options, env: { ...this.#clientEnv(), ...options.env } });
  }

  /**
   * The same, for a process to be talked to. Its pid is the command's own (signals reach it), and it is killed when this
   * process ends.
   */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const env = { ...process.env, ...this.#clientEnv(), ...options.env };
    return spawnArgv(this.#inHub(argv), { ...options, env });
  }

  /** Logs in with plain OpenSSH and runs a command line there. */
  async ssh(
    host: string | Host,
    command: string,
    options: RunOptions & { readonly user?: string } = {},
  ): Promise<RunResult> {
    const name = typeof host === 'string' ? host : host.name;
    const user = options.user === undefined ? [] : ['-l', options.user];
    return await this.run(['ssh', '-F', this.sshConfigPath, ...user, '--', name, command], options);
  }

  /** A TCP connection from the hub, for code that runs outside of it. */
  async dial(host: Host | string, port = 22, timeoutMs?: number): Promise<Socket> {
    return await this.#dialer.dial(typeof host === 'string' ? host : host.address, port, timeoutMs);
  }

  /**
   * A port of 127.0.0.1 that leads to a host, for tests that call the transport in their own process. The host's key is
   * in `knownHostsPath` under its own name and address, not under that port: give `hostKeyChecking` or add it.
   */
  async forward(host: Host | string, port = 22): Promise<Forward> {
    return await this.#dialer.forward(typeof host === 'string' ? host : host.address, port);
  }

  /** Makes the way to a host longer: round-trip time in ms, loss, rate. `0` makes it direct again. */
  async delay(host: Host | string, delay: number | Delay): Promise<void> {
    const target = typeof host === 'string' ? this.host(host) : host;
    await setDelay(this, target.record, typeof delay === 'number' ? { rttMs: delay } : delay);
  }

  /** Runs a command among the lab's processes and mounts, and in the hub's network: for the lab itself, not for clients. */
  async inside(argv: readonly string[], options?: RunOptions): Promise<string> {
    return await must(['nsenter', '-t', `${this.#init}`, '-m', '-u', '-i', '-n', '-p', '-w', '--', ...argv], options);
  }

  /** Ends the lab: all hosts, links, mounts, processes and files of it are gone when this returns. */
  async down(): Promise<void> {
    this.close();
    await endLab(this.dir);
  }

  /** Lets go of a lab that goes on. */
  close(): void {
    this.#dialer.close();
  }

  /** Nothing of the user's own ssh: neither files nor agent. */
  #clientEnv(): Record<string, string> {
    // Journals go with the lab, not into the folders of playbooks.
    return { HOME: this.home, SSH_AUTH_SOCK: '', KVMNET_RUNS_DIR: join(this.dir, 'runs') };
  }

  #inHub(argv: readonly string[]): readonly string[] {
    // Not `ip netns exec`, which would lay another /sys over ours and hide the control groups.
    return ['nsenter', `--net=/proc/${this.#init}/ns/net`, '--', 'setpriv', '--pdeathsig', 'KILL', '--', ...argv];
  }

  async #start(kind: 'bare' | 'systemd', count: number, options: HostOptions): Promise<readonly Host[]> {
    const records = await startHosts(this, kind, count, options, this.#log);
    return records.map((record) => new Host(this, record));
  }
}

/** Makes an empty lab, in a few tenths of a second; hosts are added to it. Sweeps away what dead labs left. */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  await ensureInstalled(options.log);
  await sweep();
  const id = randomBytes(3).toString('hex');
  const dir = join(labsDir(), id);
  makeRoot();
  // Under another name until it says who is at work on it: another process may be sweeping.
  const hidden = join(labsDir(), `.${id}`);
  await mkdir(hidden, { mode: 0o755 });
  await markStarting(hidden);
  await rename(hidden, dir);
  await mkdir(join(dir, 'home/.ssh'), { recursive: true, mode: 0o700 });
  await mkdir(join(dir, 'hosts'));
  await must([
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    `lab ${id}`,
    '-f',
    join(dir, 'home/.ssh/id_ed25519'),
  ]);
  await writeState(dir, {
    id,
    kept: options.keep === true,
    nextIndex: 1,
    hosts: [],
    ...(await startSupervisor(dir, options.keep === true)),
  });
  await markStarted(dir);
  const lab = new Lab(dir, options.log);
  await writeClientFiles(lab);
  return lab;
}

/** A lab that is up: by its folder or its id, or the only kept one there is. */
export async function attachLab(which?: string): Promise<Lab> {
  const labs = await livingLabs();
  const found = labs.filter((dir) =>
    which === undefined ? readState(dir).kept : dir === which || dir === join(labsDir(), which),
  );
  const [dir] = found;
  if (dir === undefined || !isLiving(dir))
    throw new Error(which === undefined ? 'no lab is up' : `no lab ${which} is up`);
  if (found.length > 1)
    throw new Error(`several labs are up, say which: ${labs.map((l) => l.split('/').at(-1)).join(', ')}`);
  return new Lab(dir);
}

async function startSupervisor(
  dir: string,
  keep: boolean,
): Promise<Pick<Awaited<ReturnType<typeof readState>>, 'init' | 'supervisor'>> {
  const log = openSync(join(dir, 'log'), 'a');
  // Detached: a ^C at the terminal must not reach the lab before its owner has ended. What ties it to its owner is stdin.
  const supervisor = spawnArgv(['sh', join(here, 'sh/supervisor.sh'), dir, keep ? 'kept' : 'leased'], {
    stdio: [keep ? 'ignore' : 'pipe', 'pipe', log],
    detached: true,
  });
  closeSync(log);
  if (supervisor.stdout === null) throw new Error('no pipe');
  const lines = createInterface(supervisor.stdout);
  const [line] = (await Promise.race([once(lines, 'line'), once(supervisor, 'exit')])) as [string];
  const init = processId(Number(line));
  const id = processId(supervisor.pid ?? 0);
  if (init === undefined || id === undefined) throw new Error(`the lab did not start, see ${join(dir, 'log')}`);
  lines.close();
  supervisor.stdout.destroy();
  supervisor.unref();
  (supervisor.stdin as Socket | null)?.unref();
  return { init, supervisor: id };
}
