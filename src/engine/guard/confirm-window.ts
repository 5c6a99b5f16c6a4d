import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KvmnetError } from '../../util/errors.ts';
import type { PartResult } from '../../transport/types.ts';
import { exports } from '../host/probe-request.ts';
import type { TaskHost } from '../host/task-host.ts';
import { describeStep } from '../remote-command-error.ts';
import { uploadContents } from '../resource/upload-contents.ts';
import type { CrossingChange } from './crossing-change.ts';
import { HostLine } from './host-line.ts';
import { placeOf, type Layer } from './window-files.ts';
import { noSuchWindow, tooLate, windowScripts, type SessionEnds, type WindowScripts } from './window-scripts.ts';

/** How the end of a window is told where no task is at work that could fail. */
type Teller = 'the task at work' | 'all tasks of the window';

/**
 * The time within which changes of our own path wait for their confirmation on one host (DESIGN.md, section 7;
 * docs/decisions/0006). Several in a row share it: one undo takes all of them back, the last one first.
 */
export class ConfirmWindow {
  readonly #scripts: WindowScripts;
  readonly #layers: Layer[] = [];
  /** The task of each layer. */
  readonly #hosts: TaskHost[] = [];
  readonly #crossings = new Set<string>();
  #warnings: readonly string[] = [];
  #line: HostLine;
  /** The host takes it back then, as `performance.now()`. */
  #deadline = 0;
  /** The connection in use was begun after the last change had ended. */
  #proven = false;
  #beat: NodeJS.Timeout | undefined;

  constructor(host: TaskHost, ends: SessionEnds) {
    const id = randomBytes(6).toString('hex');
    this.#scripts = windowScripts(placeOf(id), host.guard.windowSeconds, ends, host.session.holder);
    this.#line = new HostLine(host);
  }

  /** Only one user's changes can be in a window, and it is that user who undoes them. */
  fits({ become }: TaskHost): boolean {
    const [first] = this.#hosts;
    return first === undefined || (first.become?.user === become?.user && first.become?.method === become?.method);
  }

  /** Names of the tasks that wait for their confirmation. */
  get tasks(): readonly string[] {
    return this.#hosts.map(({ guard }) => guard.task.name);
  }

  get windowSeconds(): number {
    return this.#host.guard.windowSeconds;
  }

  /**
   * Makes one change and leaves the window open.
   * @throws KvmnetError code `taken-back` where the host is as it was before, `unreachable` where that could not be seen
   */
  async change(change: CrossingChange, host: TaskHost): Promise<void> {
    this.#stopBeat();
    host.session.path.clear();
    const { reading, crossings } = change;
    const steps = reading.steps();
    const layer: Layer = {
      number: this.#layers.length + 1,
      change: steps,
      undo: reading.undo(),
      environment: exports(host.environment),
      uploads: await uploadContents(steps, host),
      kept: host.changes?.begin(reading),
    };
    const arm = this.#scripts.arm(layer, this.#layers);
    this.#layers.push(layer);
    this.#hosts.push(host);
    for (const crossing of crossings) this.#crossings.add(crossing);
    // It may well be why it went wrong.
    this.#warnings = reading.warnings;
    this.#line = new HostLine(host);
    this.#deadline = performance.now() + this.windowSeconds * 1000;
    this.#proven = false;
    await this.#guard('the task at work', async () => {
      return (await this.#arm(arm)) ?? (await this.#changeFailed(layer, change)) ?? (await this.#verified(change));
    });
  }

  /** Leaves the window open for the change that comes next: while we can speak with the host, its end is put off. */
  keepOpen(): void {
    this.#beat = setInterval(() => void this.#putOff(), (this.windowSeconds * 1000) / 3).unref();
  }

  async #putOff(): Promise<void> {
    const sent = performance.now();
    try {
      const answer = await this.#line.ask({ commands: [this.#scripts.extend] }, this.windowSeconds);
      if (answer?.commands[0]?.code === 0) this.#deadline = sent + this.windowSeconds * 1000;
    } catch {
      // Whatever is wrong shows when the next change comes.
    }
  }

  /** A new connection, the play's checks over it, and then the undo is called off. @throws KvmnetError as `change` */
  async close(teller: Teller = 'the task at work'): Promise<void> {
    this.#stopBeat();
    await this.#guard(teller, async () => {
      if (!this.#proven) {
        this.#host.progress(`${this.#crossed}: changed, waiting for a new connection`);
        if (!(await this.#line.renew(this.#deadline))) return this.#noConnection;
      }
      const { guard } = this.#host;
      const problem = await this.#line.steady(() => guard.confirm(), this.#deadline);
      if (problem !== undefined) return problem;
      const disarmed = await this.#run(this.#scripts.disarm);
      if (disarmed === undefined) return this.#noConnection;
      // Gone: an answer was lost on its way, but not the request.
      if (disarmed.code === 0 || disarmed.code === noSuchWindow) return undefined;
      const undoing = Number(disarmed.stdout.toString().trim()) * 10;
      return undoing > performance.now() - this.#line.made ? this.#noConnection : this.#tooLate;
    });
    this.#host.session.window = undefined;
  }

  get #host(): TaskHost {
    const host = this.#hosts.at(-1);
    if (host === undefined) throw new Error('a window without a change');
    return host;
  }

  get #crossed(): string {
    return [...this.#crossings].join(', ');
  }

  get #noConnection(): string {
    return `no new connection could be made within ${this.windowSeconds} s`;
  }

  get #tooLate(): string {
    return `it was not confirmed within ${this.windowSeconds} s`;
  }

  /** How long a session may be silent before it counts as cut. */
  get #patience(): number {
    return Math.min(5, Math.max(1.5, this.windowSeconds / 6));
  }

  /** Does what must not fail; what goes wrong in it takes all changes back. */
  async #guard(teller: Teller, work: () => Promise<string | undefined>): Promise<void> {
    let problem: string | undefined;
    try {
      problem = await work();
    } catch (error) {
      // Whoever interrupts the run leaves it to the host, as a cut line would.
      if (error instanceof NothingChanged) throw error.reason;
      if (!(error instanceof KvmnetError) || error.code === 'interrupted') throw error;
      problem = this.#host.session.connected ? error.message : this.#noConnection;
    }
    if (problem !== undefined) throw await this.#takeBack(problem, teller);
  }

  /** @returns why the change was not begun although others before it were */
  async #arm(script: string): Promise<string | undefined> {
    const answer = await this.#line.ask({ commands: [script] }, this.windowSeconds);
    this.#host.changed();
    const armed = answer?.commands[0];
    // No answer: whether the host has got the request shows when it is asked what came of it.
    if (armed === undefined || armed.code === 0) return undefined;
    if (armed.code === tooLate || armed.code === noSuchWindow) return this.#tooLate;
    const problem = `the undo cannot be armed on the host: ${armed.stderr.toString().trim()}`;
    if (this.#layers.length > 1) return problem;
    return this.#neverBegun('remote-command', problem, 'without it this change could lock you out');
  }

  /** Waits for the change to end. @returns what has failed, or undefined */
  async #changeFailed({ number, change: steps }: Layer, { probes }: CrossingChange): Promise<string | undefined> {
    let patience = this.#patience;
    for (;;) {
      const asked = { commands: [this.#scripts.outcome(number, this.#patience / 2)], probes: await probes() };
      const answer = await this.#line.reach(asked, patience, this.#deadline);
      const answered = performance.now();
      const outcome = answer?.commands[0];
      if (outcome === undefined) return this.#noConnection;
      if (outcome.code === noSuchWindow) {
        if (number > 1) return this.#tooLate;
        this.#neverBegun('connection-lost', 'the connection was lost before the change was begun: nothing was changed');
      }
      const [first = '', code = '', age = ''] = outcome.stdout.toString().trim().split(' ');
      if (first === 'lapsed') return this.#noConnection;
      if (first === 'running') {
        // What was read while it was at work is not what has come of it.
        this.#host.changed();
        patience = 10;
        continue;
      }
      const { begun } = this.#line;
      this.#proven = begun !== undefined && Number(age) * 10 >= answered - begun;
      if (first === 'done') return undefined;
      const step = steps[Number(first)];
      if (first === 'gone' || step === undefined) return `the change did not end within ${this.windowSeconds} s`;
      const said = outcome.stderr.toString().trim();
      return `${describeStep(step).join(' ')} ended with exit code ${code}${said === '' ? '' : `: ${said}`}`;
    }
  }

  #neverBegun(code: 'remote-command' | 'connection-lost', problem: string, hint?: string): never {
    const { session, name } = this.#host;
    session.window = undefined;
    throw new NothingChanged(new KvmnetError(code, problem, { host: name, hint }));
  }

  #verified({ verify }: CrossingChange): Promise<string | undefined> {
    return this.#line.steady(verify, this.#deadline);
  }

  async #run(script: string): Promise<PartResult | undefined> {
    const answer = await this.#line.reach({ commands: [script] }, 10, this.#deadline);
    return answer?.commands[0];
  }

  /** Has the host take everything back, and waits until it can be spoken to again. */
  async #takeBack(problem: string, teller: Teller): Promise<KvmnetError> {
    this.#stopBeat();
    const { session, progress } = this.#host;
    session.window = undefined;
    progress(`${problem}, waiting for the host to take the change back`);
    const deadline = Math.max(performance.now(), this.#deadline) + 60_000;
    // The answer may not come: the way back can cut the line as well.
    const begin = { commands: [this.#scripts.undo] };
    if (session.connected) await this.#line.ask(begin, this.#patience).catch(rethrowInterrupt);
    let aftermath: PartResult | undefined;
    for (;;) {
      const asked = { commands: [this.#scripts.aftermath] };
      const answer = await this.#line.reach(asked, 5, deadline).catch(rethrowInterrupt);
      aftermath = answer?.commands[0] ?? aftermath;
      // Nothing there: it was told of, and cleared away, in an answer that was lost.
      if (aftermath?.code === 0 || aftermath?.code === noSuchWindow || performance.now() >= deadline) break;
      // The window may have had a moment to go.
      if (session.connected) await this.#line.ask(begin, 5).catch(rethrowInterrupt);
      await sleep(200, undefined, { signal: this.#host.signal });
    }
    this.#host.changed();
    return this.#told(problem, aftermath, teller);
  }

  #told(problem: string, aftermath: PartResult | undefined, teller: Teller): KvmnetError {
    const own = this.#host.guard.task.name;
    const others = teller === 'the task at work' ? this.#hosts.slice(0, -1) : this.#hosts;
    const undone = aftermath?.code === 0 || aftermath?.code === noSuchWindow;
    const fate = undone ? 'was taken back by the host' : 'was to be taken back by the host, which could not be seen';
    for (const { guard } of others) {
      const cause = guard.task.name === own && teller !== 'the task at work' ? problem : `"${own}" failed: ${problem}`;
      guard.task.takenBack(`it ${fate}: ${cause}`);
    }
    const before = teller === 'the task at work' ? others.map(({ guard }) => `"${guard.task.name}"`) : [];
    const what = before.length === 0 ? 'the change' : `the change, and with it ${before.join(', ')}`;
    const log = aftermath?.stdout.toString().trim() ?? '';
    const refusal = problem === this.#noConnection ? this.#host.session.lastRefusal : undefined;
    const hints = [
      `it touched the path of this session: ${this.#crossed}`,
      ...(refusal === undefined ? [] : [`the last attempt to connect: ${refusal}`]),
      ...this.#warnings.filter((warning) => !warning.startsWith('not kept across reboots')),
      ...(log === '' ? [] : [`the undo said: ${log}`]),
    ];
    if (aftermath === undefined) {
      return new KvmnetError('unreachable', `cannot be reached since a change of ${this.#crossed}`, {
        host: this.#host.name,
        hint: `the host was to take ${what} back after ${this.windowSeconds} s; look at its console, and at /var/lib/kvmnet/confirm there`,
      });
    }
    return new KvmnetError(
      'taken-back',
      undone
        ? `${problem}; the host has taken ${what} back`
        : `${problem}; whether the host has taken ${what} back could not be seen`,
      { host: this.#host.name, hint: hints.join('; ') },
    );
  }

  #stopBeat(): void {
    clearInterval(this.#beat);
    this.#beat = undefined;
  }
}

/** The change was never begun: there is nothing to take back. */
class NothingChanged extends Error {
  readonly reason: KvmnetError;

  constructor(reason: KvmnetError) {
    super(reason.message);
    this.reason = reason;
  }
}

const rethrowInterrupt = (error: unknown): undefined => {
  if (error instanceof KvmnetError && error.code !== 'interrupted') return undefined;
  throw error;
};
