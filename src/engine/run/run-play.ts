import type { Host } from '../../inventory/model.ts';
import { valueLayer, type Layer } from '../../lang/index.ts';
import type { Play, TaskNode } from '../../playbook/model.ts';
import { mayChange } from '../lock/may-change.ts';
import { endWindow } from '../guard/guarded-change.ts';
import { bindBecome } from './bind-task.ts';
import { batches, orderHosts } from './batches.ts';
import { isInterrupt, isUnreachable } from './failure.ts';
import type { Frames } from './frames.ts';
import { runHandlers } from './handlers.ts';
import { flatten, probesAhead, type Upcoming } from './look-ahead.ts';
import { isActive, type PlayHost } from './play-host.ts';
import { PlayRun } from './play-run.ts';
import type { RunContext } from './run-context.ts';
import { runNodes } from './run-nodes.ts';
import { warningText } from '../../util/errors.ts';
import { selectHosts } from './select-hosts.ts';

/** Runs a play, batch after batch. @returns false where the run should not go on with the plays after it */
export async function runPlay(context: RunContext, play: Play): Promise<boolean> {
  const hosts = hostsOf(context, play);
  const groups = batches(hosts, play.serial);
  const changing = !context.options.check && (await mayChange(play, context.input.registry));
  if (hosts.length === 0) context.emit({ type: 'warning', message: `play "${play.name}": no hosts match` });
  for (const [index, batch] of groups.entries()) {
    const names = batch.map(({ name }) => name);
    context.emit({ type: 'play', play: play.name, hosts: names, batch: index + 1, batches: groups.length });
    const members = batch.map((host): PlayHost => ({
      host,
      session: context.session(host),
      status: 'active',
      notified: new Set(),
      unsettled: false,
    }));
    for (const { host } of members) context.recap.add(host.name);
    // Before the first exchange, so that it takes the lock of the host along.
    if (changing) for (const { session } of members) session.willChange();
    const run = new PlayRun(context, play, members);
    await runBatch(run, names);
    for (const { host, status } of members) {
      if (status === 'failed' || status === 'unreachable') context.lost.set(host.name, status);
      context.emit({
        type: 'host-end',
        host: host.name,
        status: status === 'ended' || status === 'active' ? 'ok' : status,
      });
    }
    if (run.ended === 'asked') break;
    // A batch of which nobody is left, or that has failed too often, stops the ones after it and the plays after this one.
    if (run.ended === 'failures' || members.every(({ host }) => context.lost.has(host.name))) return false;
  }
  return true;
}

function hostsOf(context: RunContext, play: Play): readonly Host[] {
  const selected = selectHosts(context.input, play, (warning) =>
    context.emit({ type: 'warning', message: warningText(warning) }),
  );
  return orderHosts(selected, play.order).filter(({ name }) => !context.lost.has(name));
}

async function runBatch(run: PlayRun, names: readonly string[]): Promise<void> {
  const { play, hosts } = run;
  const magic: Layer = valueLayer('magic', { play_hosts: names, playbook_dir: play.folder, ansible_play_hosts: names });
  const frames: Frames = { ...run.frames, layers: [magic] };
  const sections = [play.preTasks, play.tasks, play.postTasks].filter((section) => section.length > 0);
  if (play.gatherFacts) await gatherFacts(run, sections, frames);
  if (play.strategy === 'free') await Promise.all(hosts.map((host) => runSections(run, sections, [host], frames)));
  else await runSections(run, sections, hosts, frames);
  await Promise.all(hosts.map((host) => run.limit(() => confirmLast(host))));
}

/** Where the play has ended in the middle of a row of changes of our own path, those that were made are confirmed. */
async function confirmLast(host: PlayHost): Promise<void> {
  try {
    await endWindow(host.session);
  } catch (error) {
    if (isInterrupt(error)) throw error;
    // The tasks whose changes were taken back have said so.
    host.status = isUnreachable(error) ? 'unreachable' : 'failed';
  }
}

/** The first round trip: who the host is, and already what the tasks will ask. */
async function gatherFacts(run: PlayRun, sections: readonly (readonly TaskNode[])[], frames: Frames): Promise<void> {
  const { context, hosts } = run;
  const upcoming = function* (): Generator<Upcoming> {
    for (const section of sections) yield* flatten(section, frames);
  };
  const gather = async (host: PlayHost): Promise<void> => {
    context.checkInterrupted();
    context.emit({ type: 'host', host: host.host.name, doing: 'connecting' });
    try {
      const [first] = upcoming();
      const vars = context.variables.scope(host.host, []);
      const become = first === undefined ? undefined : bindBecome(context, host.host, first.task, first.frames, vars);
      host.session.wantFacts();
      const probes = await probesAhead(context, host, upcoming(), become);
      await host.session.exchange({ probes }, { become, signal: context.input.signal });
    } catch (error) {
      if (isInterrupt(error)) throw error;
      run.failedFacts(host, error);
    }
  };
  await Promise.all(hosts.map((host) => run.limit(() => gather(host))));
}

async function runSections(
  run: PlayRun,
  sections: readonly (readonly TaskNode[])[],
  hosts: readonly PlayHost[],
  frames: Frames,
): Promise<void> {
  const { play } = run;
  for (const [index, section] of sections.entries()) {
    const after = function* (): Generator<Upcoming> {
      for (const later of sections.slice(index + 1)) yield* flatten(later, frames);
    };
    const flush = (asking: readonly PlayHost[]): Promise<void> => runHandlers(run, asking, { frames, after });
    await runNodes(run, section, hosts, { frames, after, flush });
    if (run.ended === undefined || play.forceHandlers) await runHandlers(run, hosts, { frames, after });
    if (run.ended !== undefined || !hosts.some(isActive)) return;
  }
}
