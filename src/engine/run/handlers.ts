import type { TaskNode } from '../../playbook/model.ts';
import { isActive, type PlayHost } from './play-host.ts';
import type { PlayRun } from './play-run.ts';
import { runNodes, type Place } from './run-nodes.ts';

/**
 * Runs the handlers that have been notified, in the order in which the play lists them, each on the hosts that notified
 * it. A handler may notify others. With `force_handlers` hosts that have failed run theirs as well.
 */
export async function runHandlers(run: PlayRun, hosts: readonly PlayHost[], place: Place): Promise<void> {
  const { handlers, forceHandlers } = run.play;
  const eligible = hosts.filter((host) => isActive(host) || (forceHandlers && host.status === 'failed'));
  // Bounded, as two handlers that always change could notify one another for ever.
  for (let round = 0; round <= handlers.length && eligible.some(({ notified }) => notified.size > 0); round++) {
    const notices = new Map(eligible.map((host) => [host, new Set(host.notified)]));
    for (const host of eligible) host.notified.clear();
    for (const handler of handlers) {
      const targets = eligible.filter((host) => names(handler).some((name) => notices.get(host)?.has(name)));
      if (targets.length > 0) await runHandler(run, handler, targets, place);
    }
  }
}

async function runHandler(run: PlayRun, handler: TaskNode, targets: readonly PlayHost[], place: Place): Promise<void> {
  const lost = targets.filter(({ status }) => status === 'failed');
  for (const host of lost) host.status = 'active';
  await runNodes(run, [handler], targets, { ...place, handler: true });
  for (const host of lost) if (isActive(host)) host.status = 'failed';
}

const names = (handler: TaskNode): readonly string[] => [
  ...(handler.name === undefined ? [] : [handler.name]),
  ...(handler.kind === 'task' ? handler.listen : []),
];
