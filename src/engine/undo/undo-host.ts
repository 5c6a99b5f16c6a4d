import type { Host } from '../../inventory/model.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { TaskEvent } from '../events.ts';
import { endWindow } from '../guard/guarded-change.ts';
import type { TaskHost } from '../host/task-host.ts';
import type { Environment } from '../host/probe-request.ts';
import type { HostSession } from '../host/session.ts';
import { hideValues } from '../journal/change-log.ts';
import { readOnHost, runResource } from '../resource/run-resource.ts';
import { failureReport, isInterrupt, isUnreachable } from '../run/failure.ts';
import { waitingFor } from '../run/reboot-reasons.ts';
import type { RunContext } from '../run/run-context.ts';
import { fetchRecords } from './fetch-records.ts';
import { obstacleOf, planHost, resourceOf, sameUser, type Obstacle, type UndoTask } from './plan-host.ts';
import { playOf, type JournalledChange, type UndoInput } from './undo-input.ts';
import { undoTaskHost } from './undo-task-host.ts';

type HostStatus = 'ok' | 'failed' | 'unreachable';

/** What there is to say about one change beside its status. */
type Outcome = Partial<Pick<TaskEvent, 'changes' | 'warnings' | 'pending' | 'texts' | 'failure' | 'text'>> & {
  readonly status: TaskEvent['status'];
};

/** What a host answers of what is to be taken back. */
interface Prepared {
  readonly tasks: readonly UndoTask[];
  readonly obstacles: ReadonlyMap<number, Obstacle>;
}

/** Takes back on one host what a run has changed there, the last change first. */
export class HostUndo {
  readonly #context: RunContext;
  readonly #input: UndoInput;
  readonly #session: HostSession;
  readonly #host: Host;
  /** The last one first. */
  readonly #changes: readonly JournalledChange[];
  /** Those that are still to come, the next one first. */
  #left: readonly UndoTask[] = [];

  /** @param changes - those of this host, in the order in which they were made */
  constructor(context: RunContext, input: UndoInput, host: Host, changes: readonly JournalledChange[]) {
    this.#context = context;
    this.#input = input;
    this.#host = host;
    this.#session = context.session(host);
    this.#changes = changes.toReversed();
  }

  async run(): Promise<void> {
    const { name } = this.#host;
    const { emit } = this.#input;
    emit({ type: 'host', host: name, doing: 'reading what was kept for the undo' });
    const status = await this.#takeBack();
    if (status !== 'ok') this.#context.lost.set(name, status);
    emit({ type: 'host-end', host: name, status });
  }

  async #takeBack(): Promise<HostStatus> {
    const { run, force, options } = this.#input;
    if (!options.check) this.#session.willChange();
    let prepared: Prepared;
    try {
      prepared = await this.#prepare();
    } catch (error) {
      const [first] = this.#changes;
      if (first === undefined) return 'ok';
      return this.#fail(first, error, performance.now());
    }
    const plan = planHost(prepared.tasks, run, force, ({ change }) => {
      const { cache } = this.#taskHost(change, []);
      return (key) => cache.get(key);
    });
    const obstacles = new Map([...prepared.obstacles, ...plan.obstacles]);
    const refused = [...obstacles.values()].some((obstacle) => 'error' in obstacle);
    // What the undos before it leave is assumed only where they are not made.
    const tasks = options.check ? plan.tasks : plan.tasks.map((task) => ({ ...task, assumed: undefined }));
    // All or nothing, as far as that can be known beforehand.
    return this.#undoAll(tasks, obstacles, refused && !force);
  }

  /** Reads the records of all changes, and what is now of all that they are about. */
  async #prepare(): Promise<Prepared> {
    const tasks: UndoTask[] = [];
    const obstacles = new Map<number, Obstacle>();
    for (const group of groupsOf(this.#changes, obstacles)) {
      const [first] = group;
      if (first === undefined) continue;
      const host = this.#taskHost(first, []);
      const records = await fetchRecords(this.#input.run, group, host);
      const scripts: string[] = [];
      for (const change of group) {
        const record = records.get(change.change);
        const module = await this.#input.registry.get(change.module);
        if (record === undefined) obstacles.set(change.change, notKept(change));
        else if (record instanceof KvmnetError) obstacles.set(change.change, { error: record });
        else if (module?.kind !== 'module') obstacles.set(change.change, { error: noModule(change) });
        else {
          this.#input.hide(record.secrets);
          const task = { change, module, record };
          try {
            scripts.push(...resourceOf(task, this.#input.run).requests.map(({ key }) => key));
            tasks.push(task);
          } catch (error) {
            obstacles.set(change.change, { error: otherVersion(error) });
          }
        }
      }
      if (scripts.length > 0) await host.exchange({ probes: scripts });
    }
    return { tasks: tasks.toSorted((a, b) => b.change.change - a.change.change), obstacles };
  }

  async #undoAll(
    tasks: readonly UndoTask[],
    obstacles: ReadonlyMap<number, Obstacle>,
    refused: boolean,
  ): Promise<HostStatus> {
    const byChange = new Map(tasks.map((task) => [task.change.change, task]));
    this.#left = tasks.filter(({ change }) => !obstacles.has(change.change));
    let status: HostStatus = 'ok';
    let stopped = refused;
    for (const change of this.#changes) {
      this.#context.checkInterrupted();
      const started = performance.now();
      const obstacle = obstacles.get(change.change);
      const task = byChange.get(change.change);
      if (obstacle !== undefined && 'cannot' in obstacle) {
        this.#report(change, { status: 'skipped', warnings: [`cannot be undone: ${obstacle.cannot}`] }, started);
      } else if (obstacle !== undefined) status = this.#fail(change, obstacle.error, started);
      else if (task === undefined || stopped) {
        this.#report(
          change,
          { status: 'skipped', warnings: ['not undone: something else of this host cannot be'] },
          started,
        );
      } else {
        this.#left = this.#left.filter((other) => other !== task);
        const ended = await this.#undo(task, started);
        if (ended !== 'ok') status = ended;
        stopped = ended === 'unreachable' || (ended === 'failed' && !this.#input.force);
        if (ended === 'unreachable') return ended;
      }
    }
    return this.#confirmLast(status);
  }

  /** Takes one change back, and says how that went. */
  async #undo(task: UndoTask, started: number): Promise<HostStatus> {
    const { change, module, record } = task;
    const { run, force, options, emit } = this.#input;
    const begun: number[] = [];
    const resource = resourceOf(task, run);
    const host = this.#taskHost(change, begun, record.environment);
    emit({ type: 'host', host: this.#host.name, doing: change.task });
    try {
      const obstacle = obstacleOf(task, await readOnHost(resource, host), force);
      if (obstacle !== undefined && 'error' in obstacle) throw obstacle.error;
      if (obstacle !== undefined) {
        this.#report(change, { status: 'skipped', warnings: [`cannot be undone: ${obstacle.cannot}`] }, started);
        return 'ok';
      }
      const result = await runResource(module, resource, host);
      const but = 'sha256' in change.undo ? (change.undo.but ?? []) : [];
      const lost = result.status === 'ok' ? [] : but.map((what) => `not undone wholly: ${what}`);
      const warnings = [...result.warnings, ...lost];
      this.#report(change, { ...result, warnings }, started, begun);
      if (!options.check && result.status === 'ok') host.cache.unchanged();
      const waiting = waitingFor(module, resource, result.pending, change.task, host.become);
      this.#session.reasons.set(`undo ${change.change}`, waiting);
      return 'ok';
    } catch (error) {
      if (!options.check || !task.depends || isInterrupt(error)) return this.#fail(change, error, started, begun);
      const text = 'known only once what was changed after it is taken back';
      this.#report(change, { status: 'unknown', text }, started);
      return 'ok';
    }
  }

  /** Where the last undos have changed our own path, they are confirmed. */
  async #confirmLast(status: HostStatus): Promise<HostStatus> {
    try {
      await endWindow(this.#session);
      return status;
    } catch (error) {
      if (isInterrupt(error)) throw error;
      // The tasks whose changes were taken back have said so.
      return isUnreachable(error) ? 'unreachable' : 'failed';
    }
  }

  #taskHost(change: JournalledChange, begun: number[], environment: Environment = {}): TaskHost {
    return undoTaskHost({
      context: this.#context,
      input: this.#input,
      host: this.#host,
      change,
      environment,
      begun,
      left: () => this.#left.filter((task) => sameUser(task.change, change)),
      takenBack: (why) => {
        this.#context.recap.takenBack(this.#host.name);
        this.#fail(change, new KvmnetError('taken-back', why, { host: this.#host.name }), performance.now(), begun);
      },
    });
  }

  #fail(change: JournalledChange, error: unknown, started: number, begun: readonly number[] = []): HostStatus {
    if (isInterrupt(error)) throw error;
    const status = isUnreachable(error) ? 'unreachable' : 'failed';
    this.#report(change, { status, failure: failureReport(error) }, started, begun);
    return status;
  }

  #report(change: JournalledChange, outcome: Outcome, started: number, begun: readonly number[] = []): void {
    const { task, module, at, item, role } = change;
    const { status, changes = [], warnings = [], pending = [], texts = [], failure, text } = outcome;
    const quiet = change.noLog === true;
    this.#context.result(
      {
        type: 'task',
        play: playOf(this.#input.run),
        host: this.#host.name,
        task,
        module,
        status,
        changes: quiet ? hideValues(changes) : changes,
        ms: Math.round(performance.now() - started),
        at,
        ...(item === undefined ? {} : { item }),
        ...(role === undefined ? {} : { role }),
        ...(failure === undefined
          ? {}
          : { failure: quiet ? { code: failure.code, message: failure.message } : failure }),
        ...(text === undefined ? {} : { text }),
        ...(warnings.length === 0 ? {} : { warnings }),
        ...(pending.length === 0 ? {} : { pending }),
        ...(texts.length === 0 || quiet ? {} : { texts }),
      },
      begun,
      change.change,
    );
  }
}

/** Changes that were made as the same user, together; those that have no undo are obstacles. */
function groupsOf(
  changes: readonly JournalledChange[],
  obstacles: Map<number, Obstacle>,
): readonly (readonly JournalledChange[])[] {
  const groups: JournalledChange[][] = [];
  for (const change of changes) {
    if ('cannot' in change.undo) {
      obstacles.set(change.change, change.undo);
      continue;
    }
    const group = groups.find(([first]) => first !== undefined && sameUser(first, change));
    if (group === undefined) groups.push([change]);
    else group.push(change);
  }
  return groups;
}

/** The record goes ahead of the change: where there is none, there was no change, or it is long gone. */
const notKept = ({ settled }: JournalledChange): Obstacle =>
  settled
    ? {
        error: new KvmnetError('missing', 'the host keeps no undo of it', {
          hint: 'it is kept for undo_keep runs and runs_days days, for the user who made the change; is this the same host?',
        }),
      }
    : { cannot: 'the host has no record of it: it was not begun there' };

const noModule = ({ module }: JournalledChange): KvmnetError =>
  new KvmnetError('missing', `the module ${module} is not known here`, {
    hint: 'call it in the folder whose modules/ has it',
  });

const otherVersion = (error: unknown): unknown =>
  error instanceof KvmnetError
    ? error
    : new KvmnetError('missing', 'what the host has kept for the undo is of another version of kvmnet', {
        cause: error,
        hint: 'undo the run with the version that made it',
      });
