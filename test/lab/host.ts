import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeClientFiles } from './client-files.ts';
import { setDelay, uplinkOf } from './delay.ts';
import type { LabHandle } from './handle.ts';
import { greeting } from './greeting.ts';
import { childrenOf, CommandError, processId, run, until, type RunOptions, type RunResult } from './process.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';
import { updateState } from './state.ts';
import { ourEnd, segmentBridge, type HostRecord } from './wiring.ts';

/** One lab host, seen from outside: nothing here goes through ssh. */
export class Host {
  readonly record: HostRecord;
  readonly #lab: LabHandle;

  constructor(lab: LabHandle, record: HostRecord) {
    this.#lab = lab;
    this.record = record;
  }

  get name(): string {
    return this.record.name;
  }

  /** Its IPv4 address on the management link. */
  get address(): string {
    return this.record.address;
  }

  get address6(): string {
    return this.record.address6;
  }

  /** The host's first process, in the machine's count. @throws while it does not run. */
  get pid(): number {
    const pid = this.record.kind === 'bare' ? this.#number('pid') : this.#systemd();
    if (pid === undefined || processId(pid) === undefined)
      throw new Error(`${this.name} is not running, see ${this.#path('log')}`);
    return pid;
  }

  /** The command of this machine that runs another one as root in the host. @throws while it does not run */
  entering(argv: readonly string[]): readonly string[] {
    const enter = ['nsenter', '-t', `${this.pid}`, '-m', '-u', '-i', '-n', '-p', '-r', '-w', '--'];
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    return [...enter, 'env', '-i', `PATH=${path}`, 'HOME=/root', 'LC_ALL=C', ...argv];
  }

  /** Runs a plain command as root in the host, whatever its network and its sshd are like. */
  async outside(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return await run(this.entering(argv), options);
  }

  /** The same for a command that must succeed. @returns what it printed. */
  async read(argv: readonly string[], options?: RunOptions): Promise<string> {
    const result = await this.outside(argv, options);
    if (result.code !== 0) throw new CommandError([this.name, ...argv], result);
    return result.stdout;
  }

  /** All that a run may change, as far as it shows. Compare two with `differences`. */
  async snapshot(): Promise<Snapshot> {
    return await takeSnapshot(this);
  }

  bootId(): string {
    return readFileSync(`/proc/${this.pid}/root/proc/sys/kernel/random/boot_id`, 'utf8').trim();
  }

  /** Restarts it in good order, from outside, and waits until it can be logged in to again. */
  async reboot(): Promise<void> {
    this.#mustBeSystemd('reboot');
    const before = this.bootId();
    await this.outside(['systemctl', '--no-block', 'reboot']);
    await this.waitUp({ notBootId: before });
  }

  /** Power lost and back: every process dies at once, what was written stays. Waits until it can be logged in to again. */
  async crash(): Promise<void> {
    this.#mustBeSystemd('crash');
    const { pid } = this;
    const before = this.bootId();
    await run(['touch', this.#path('again')]);
    process.kill(pid, 'SIGKILL');
    await this.waitUp({ notBootId: before });
  }

  /** Waits until sshd greets; with `notBootId`, until it does so after another boot. Timeout in seconds, default 120. */
  async waitUp(options: { readonly timeout?: number; readonly notBootId?: string } = {}): Promise<void> {
    const what = `${this.name} to be up, see ${this.#path('log')}`;
    await until(
      what,
      options.timeout ?? 120,
      async () => {
        if (options.notBootId !== undefined && !this.#isOtherBoot(options.notBootId)) return undefined;
        return (await greeting(this.#lab, this.address)) ? true : undefined;
      },
      50,
    );
  }

  /**
   * Cuts a link at the switch, until `uncut`, over reboots too. `silent`: packets vanish, as behind a failed switch;
   * `carrier`: the host sees its cable unplugged.
   */
  async cut(nic = 'eth0', how: 'silent' | 'carrier' = 'silent'): Promise<void> {
    await this.#setCut(nic, how === 'silent' ? 'nomaster' : 'down');
  }

  async uncut(nic = 'eth0'): Promise<void> {
    await this.#setCut(nic, undefined);
  }

  /** Ends the listening sshd; with `sessions`, those that serve somebody as well. */
  async killSshd(options: { readonly sessions?: boolean } = {}): Promise<void> {
    if (this.record.kind === 'systemd') await this.read(['systemctl', 'stop', 'ssh.service']);
    else await this.read(['sh', '-c', 'kill "$(cat /run/sshd.pid)" && rm -f /run/sshd.pid']);
    // Its process namespace is its own: no other host's sshd can be meant.
    if (options.sessions === true) await this.outside(['pkill', '-KILL', '-x', 'sshd']);
  }

  /** Starts sshd again, with its configuration as it is now. */
  async restartSshd(): Promise<void> {
    if (this.record.kind === 'systemd') await this.read(['systemctl', 'restart', 'ssh.service']);
    else {
      const script = 'kill "$(cat /run/sshd.pid)" 2>/dev/null; sleep 0.1; exec /usr/sbin/sshd -E /var/log/sshd.log';
      await this.read(['sh', '-c', script]);
    }
    await this.waitUp();
  }

  /** A folder on a disk without a free byte; it keeps its content. @returns the way back, which drops what was written since. */
  async fillDisk(path: string): Promise<() => Promise<void>> {
    const script = `set -e; t=$(mktemp -d /run/full.XXXXXX); size=$(du -sk "$1" | cut -f1)
      mount -t tmpfs -o size=$((size + 512))k tmpfs "$t"; cp -a "$1/." "$t/"; chmod --reference="$1" "$t"
      mount --bind "$t" "$1"; umount "$t"; rmdir "$t"
      dd if=/dev/zero of="$1/.full" bs=4k 2>/dev/null || :`;
    await this.read(['sh', '-c', script, 'sh', path]);
    return async () => void (await this.read(['umount', '-l', path]));
  }

  /** Makes a folder read-only, as after an error of its disk. @returns the way back. */
  async readOnly(path: string): Promise<() => Promise<void>> {
    await this.read(['mount', '-o', 'bind,ro', path, path]);
    return async () => void (await this.read(['umount', '-l', path]));
  }

  /** Takes the host away for good. */
  async remove(): Promise<void> {
    const keeper = this.record.kind === 'bare' ? undefined : this.#number('keeper');
    const pid = this.#ifRunning();
    if (keeper !== undefined && processId(keeper) !== undefined) process.kill(keeper, 'SIGKILL');
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    if (existsSync(this.#path('delay.pid'))) await setDelay(this.#lab, this.record, { rttMs: 0 });
    await until(`${this.name} to end`, 30, () => pid === undefined || processId(pid) === undefined || undefined);
    const script = `while read -r link where; do
        if [ "$where" = hub ]; then ip link delete "$link"; else ip -n "$where" link delete "$link"; fi
      done < "$1/hosts/$2/links" 2>/dev/null
      ip netns delete "$2" 2>/dev/null; umount "$1/roots/$2/root" 2>/dev/null; rm -rf --one-file-system "$1/roots/$2"`;
    await this.#lab.inside(['sh', '-c', script, 'sh', this.#lab.dir, this.name]);
    await updateState(this.#lab.dir, (s) => ({ ...s, hosts: s.hosts.filter((h) => h.name !== this.name) }));
    await writeClientFiles(this.#lab);
    await rm(this.#path('.'), { recursive: true, force: true });
  }

  #isOtherBoot(bootId: string): boolean {
    try {
      return this.bootId() !== bootId;
    } catch {
      return false; // between two boots
    }
  }

  async #setCut(nic: string, how: 'nomaster' | 'down' | undefined): Promise<void> {
    const port = ourEnd(this.record, nic);
    const file = this.#path(nic === 'eth0' ? 'cut.hub' : 'cut.switch');
    const others = existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.split(' ')[2] !== port)
      : [];
    const command = how === undefined ? [] : [`link set ${port} ${how}`];
    await writeFile(file, [...others.filter((line) => line !== ''), ...command].map((line) => `${line}\n`).join(''));
    const bridge = nic === 'eth0' ? uplinkOf(this.#lab.dir, this.record) : segmentBridge(this.record.nics[nic]);
    const words = how === undefined ? ['up', ...(bridge === undefined ? [] : ['master', bridge])] : [how];
    await this.#lab.inside(['ip', ...(nic === 'eth0' ? [] : ['-n', 'switch']), 'link', 'set', port, ...words]);
  }

  /** keeper -> systemd-nspawn -> the host's first process, which is the one that is number 1 in a namespace of its own. */
  #systemd(): number | undefined {
    const keeper = this.#number('keeper');
    if (keeper === undefined) return undefined;
    return childrenOf(keeper).flatMap(childrenOf).find(isFirst);
  }

  #ifRunning(): number | undefined {
    try {
      return this.pid;
    } catch {
      return undefined;
    }
  }

  #path(name: string): string {
    return join(this.#lab.dir, 'hosts', this.name, name);
  }

  #number(name: string): number | undefined {
    const file = this.#path(name);
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  }

  #mustBeSystemd(what: string): void {
    if (this.record.kind !== 'systemd') throw new Error(`${this.name} is a bare host: it cannot ${what}`);
  }
}

function isFirst(pid: number): boolean {
  try {
    return /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
