import type { Play, Task, TaskNode } from '../../playbook/model.ts';
import type { Registry } from '../registry.ts';

/**
 * Whether a play may change its hosts, as far as can be told before it runs: then they are locked from the first exchange on.
 * What is included later, and is not known yet, counts as a change.
 */
export async function mayChange(play: Play, registry: Registry): Promise<boolean> {
  return anyMay([...play.preTasks, ...play.tasks, ...play.postTasks], registry);
}

async function anyMay(nodes: readonly TaskNode[], registry: Registry): Promise<boolean> {
  for (const node of nodes) if (await may(node, registry)) return true;
  return false;
}

async function may(node: TaskNode, registry: Registry): Promise<boolean> {
  if (node.kind === 'block') return anyMay([...node.tasks, ...node.rescue, ...node.always], registry);
  if (node.kind === 'include') return node.known === undefined || anyMay(node.known, registry);
  const module = await registry.get(node.module);
  if (module?.kind !== 'action') return true;
  return module.effect === 'change' && !neverChanges(node);
}

/** A command that says of itself that it only looks: `changed_when: false`. */
export const neverChanges = ({ changedWhen }: Task): boolean =>
  changedWhen?.every(({ source }) => source.trim() === 'false') ?? false;
