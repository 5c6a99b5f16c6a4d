import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { greeting } from '../lab/greeting.ts';
import type { LabHandle } from '../lab/handle.ts';
import { CommandError, processId, until, type RunOptions, type RunResult } from '../lab/process.ts';
import { runByAgent } from './agent.ts';
import { writeGuestFiles, type GuestRecord } from './guest-files.ts';

const here = import.meta.dirname;

/**
 * A machine of its own under QEMU: a BIOS, GRUB, Debian's kernel, an IOMMU, a network card with virtual functions. Its links:
 * `mgmt0`, where its sshd is reached; `data0` with four queues; `pf0` with up to seven virtual functions.
 * What is asked here goes past its network, through QEMU's guest agent.
 */
export class Guest {
  readonly record: GuestRecord;
  readonly #lab: LabHandle;

  constructor(lab: LabHandle, record: GuestRecord) {
    this.#lab = lab;
    this.record = record;
  }

  get name(): string {
    return this.record.name;
  }

  get address(): string {
    return this.record.address;
  }

  /** QEMU's number in the machine's count; undefined while the power is off. */
  get pid(): number | undefined {
    const file = this.#path('pid');
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
    return pid !== undefined && processId(pid) !== undefined ? pid : undefined;
  }

  /** What it has said on its serial line, since it was made. */
  get console(): string {
    return this.#said('console');
  }

  /** Switches it on; it need not be up when this returns. */
  async powerOn(): Promise<void> {
    await this.#lab.inside(['sh', join(here, 'sh/start-guest.sh'), this.#lab.dir, this.name]);
  }

  /** Takes its power away. What it had not flushed to its disk is lost. */
  async powerOff(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    process.kill(pid, 'SIGKILL');
    await until(`QEMU of ${this.name} to end`, 30, () => processId(pid) === undefined || undefined);
  }

  /**
   * Runs a plain command as root in it, whatever its network and its sshd are like.
   * @throws while its power is off, and where it does not answer.
   */
  async outside(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    if (this.pid === undefined) throw new Error(`${this.name} has no power: ${this.#said('qemu.log')}`);
    return await runByAgent(this.#path('agent'), argv, options);
  }

  /** The same for a command that must succeed. @returns what it printed. */
  async read(argv: readonly string[], options?: RunOptions): Promise<string> {
    const result = await this.outside(argv, options);
    if (result.code !== 0) throw new CommandError([this.name, ...argv], result);
    return result.stdout;
  }

  /** The same for a shell script. */
  async sh(script: string, options?: RunOptions): Promise<string> {
    return await this.read(['sh', '-euc', script], options);
  }

  async bootId(): Promise<string> {
    return (await this.read(['cat', '/proc/sys/kernel/random/boot_id'])).trim();
  }

  /** Restarts it in good order, from outside, and waits until it can be logged in to again. */
  async reboot(): Promise<void> {
    const before = await this.bootId();
    await this.outside(['systemctl', '--no-block', 'reboot']);
    await this.waitUp({ notBootId: before });
  }

  /** Power lost and back. Waits until it can be logged in to again. */
  async crash(): Promise<void> {
    await this.powerOff();
    await this.powerOn();
    await this.waitUp();
  }

  /** Waits until sshd greets; with `notBootId`, until it does so after another boot. Timeout in seconds, default 900. */
  async waitUp(options: { readonly timeout?: number; readonly notBootId?: string } = {}): Promise<void> {
    await until(
      `${this.name} to be up, see ${this.#path('console')}`,
      options.timeout ?? 900,
      async () => {
        if (this.pid === undefined) throw new Error(`${this.name} has no power: ${this.#said('qemu.log')}`);
        if (!(await greeting(this.#lab, this.address))) return undefined;
        return options.notBootId === undefined || (await this.#isOtherBoot(options.notBootId)) || undefined;
      },
      200,
    );
  }

  /** Waits until systemd has nothing left to start. @returns the units that failed. */
  async settled(): Promise<readonly string[]> {
    await this.outside(['systemctl', 'is-system-running', '--wait'], { timeout: 300 });
    const failed = await this.read(['systemctl', '--failed', '--plain', '--no-legend']);
    return failed.split('\n').flatMap((line) => line.split(' ')[0] || []);
  }

  /** Takes it away for good. */
  async remove(): Promise<void> {
    await this.powerOff();
    await this.#lab.inside([
      'sh',
      '-c',
      'rm -rf --one-file-system "$1/roots/guest-$2"; for l in m d p; do ip link del "g$3$l" || ip -n switch link del "g$3$l"; done 2>/dev/null; :',
      'sh',
      this.#lab.dir,
      this.name,
      `${this.record.index}`,
    ]);
    await rm(this.#path('.'), { recursive: true, force: true });
    await writeGuestFiles(this.#lab);
  }

  /** First thing after its first start: its name, its address, and who may log in. Kept over reboots. */
  async furnish(authorizedKey: string): Promise<void> {
    const network = `[Match]\nName=mgmt0\n\n[Network]\nAddress=${this.address}/16\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`;
    const script = `hostname "$1"; echo "$1" >/etc/hostname; sed -i "s/^127.0.1.1.*/127.0.1.1 $1/" /etc/hosts
      printf %s "$2" >/etc/ssh/lab_authorized_keys; printf %s "$3" >/etc/systemd/network/10-mgmt0.network; sync; networkctl reload`;
    await this.read(['sh', '-euc', script, 'sh', this.name, authorizedKey, network], { timeout: 900 });
  }

  async #isOtherBoot(bootId: string): Promise<boolean> {
    return await this.outside(['cat', '/proc/sys/kernel/random/boot_id'], { timeout: 10 }).then(
      ({ stdout }) => stdout.trim() !== bootId && stdout !== '',
      () => false, // between two boots
    );
  }

  #said(file: string): string {
    return existsSync(this.#path(file)) ? readFileSync(this.#path(file), 'utf8') : '';
  }

  #path(name: string): string {
    return join(this.#lab.dir, 'guests', this.name, name);
  }
}
