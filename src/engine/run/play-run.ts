import pLimit, { type LimitFunction } from 'p-limit';
import type { Play, Task, TaskNode } from '../../playbook/model.ts';
import type { MetaCommand } from '../../sdk/action.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { SourceLocation } from '../../util/source.ts';
import { bindBoolean } from './bind-task.ts';
import { failureReport, isUnreachable } from './failure.ts';
import { allLayers, keyword, playFrames, type Frames } from './frames.ts';
import { flatten } from './look-ahead.ts';
import { isActive, type PlayHost } from './play-host.ts';
import type { RunContext } from './run-context.ts';
import { tagsAllow } from './tags.ts';

/** One batch of hosts going through one play. */
export class PlayRun {
  readonly context: RunContext;
  readonly play: Play;
  readonly hosts: readonly PlayHost[];
  readonly limit: LimitFunction;
  /** Blocks with a `rescue` around the task that runs. */
  rescueDepth = 0;
  /** No more tasks: `meta: end_play`, or too many hosts have failed. */
  ended: 'asked' | 'failures' | undefined;
  /** Hosts whose handlers are asked to run at the next occasion. */
  readonly flush = new Set<PlayHost>();
  /** The tasks that are known before the play runs, by number; handlers and what is included later are not. */
  readonly #places: ReadonlyMap<number, number>;

  constructor(context: RunContext, play: Play, hosts: readonly PlayHost[]) {
    this.context = context;
    this.play = play;
    this.hosts = hosts;
    this.limit = pLimit(context.options.forks);
    const { tags, skipTags } = context.options;
    const known = flatten([...play.preTasks, ...play.tasks, ...play.postTasks], this.frames);
    const wanted = [...known].filter(({ task }) => tagsAllow(task.tags, tags, skipTags));
    this.#places = new Map(wanted.map(({ task }, index) => [task.id, index + 1]));
  }

  get frames(): Frames {
    return playFrames(this.play);
  }

  /** How far a host is that comes to this task, for reports. */
  progressAt(task: Task): { readonly taskIndex?: number; readonly taskCount?: number } {
    const taskIndex = this.#places.get(task.id);
    return taskIndex === undefined ? {} : { taskIndex, taskCount: this.#places.size };
  }

  failedFacts(host: PlayHost, error: unknown): void {
    this.#failedAt(host, 'gather facts', 'facts', this.play.at, error);
  }

  /** Something about a node itself, rather than a task, has failed on a host. */
  failed(host: PlayHost, node: TaskNode, error: unknown): void {
    const module = node.kind === 'include' ? `include_${node.what}` : node.kind;
    this.#failedAt(host, node.name ?? module, module, node.at, error);
  }

  #failedAt(host: PlayHost, task: string, module: string, at: SourceLocation, error: unknown): void {
    host.status = isUnreachable(error) ? 'unreachable' : 'failed';
    this.context.result({
      type: 'task',
      play: this.play.name,
      host: host.host.name,
      task,
      module,
      status: host.status,
      changes: [],
      ms: 0,
      at: { file: at.file, line: at.line },
      failure: failureReport(error),
    });
  }

  meta(what: MetaCommand, host: PlayHost): void {
    if (what === 'end_host') host.status = 'ended';
    if (what === 'end_play') this.ended = 'asked';
    if (what === 'flush_handlers') this.flush.add(host);
    if (what === 'refresh_facts') host.session.forgetFacts();
    if (what === 'clear_host_errors')
      for (const other of this.hosts) if (other.status === 'unreachable') other.status = 'active';
  }

  /** `--start-at-task`: false while the task named there has not come. */
  reachedStart(task: Task): boolean {
    const { context } = this;
    if (context.searchingStart && task.name === context.options.startAtTask) context.searchingStart = false;
    return !context.searchingStart;
  }

  /** `--step`: asks whether to run the task. */
  async confirmStep(task: Task, hosts: readonly PlayHost[]): Promise<boolean> {
    const { context } = this;
    if (!context.stepping) return true;
    const names = hosts.map(({ host }) => host.name).join(', ');
    const answer = await context.input.ask(
      `Run "${task.name ?? task.module}" on ${names}? (y)es, (n)o, (c)ontinue without asking: `,
    );
    if (answer === undefined) throw new KvmnetError('usage', '--step needs a terminal to ask at');
    if (/^c/i.test(answer)) context.stepping = false;
    return /^[yc]/i.test(answer);
  }

  /** Ends the play where more hosts have failed than it bears. */
  afterTask(task: Task, frames: Frames, hosts: readonly PlayHost[]): void {
    const lost = this.hosts.filter(({ status }) => status === 'failed' || status === 'unreachable');
    if (lost.length === 0 || this.rescueDepth > 0) return;
    const fresh = hosts.find(({ status }) => status === 'failed' || status === 'unreachable');
    const fatal = keyword(frames, task, 'anyErrorsFatal');
    const isFatal =
      fresh !== undefined &&
      fatal !== undefined &&
      (bindBoolean(fatal, this.context.variables.scope(fresh.host, allLayers(frames, task))) ?? false);
    const share = (lost.length / this.hosts.length) * 100;
    const tooMany = this.play.maxFailPercentage !== undefined && share > this.play.maxFailPercentage;
    if (!isFatal && !tooMany) return;
    this.ended = 'failures';
    for (const host of this.hosts.filter(isActive)) host.status = 'ended';
    const why = isFatal
      ? 'any_errors_fatal'
      : `${lost.length} of ${this.hosts.length} hosts failed, more than max_fail_percentage`;
    this.context.emit({ type: 'warning', message: `play "${this.play.name}" stops: ${why}` });
  }
}
