import type { Inventory } from '../inventory/index.ts';
import { plainVars } from '../lang/index.ts';
import type { Play, Playbook, TaskNode } from '../playbook/index.ts';

/** The hosts of each play, for `--list-hosts`. */
export function hostLines(
  playbooks: readonly Playbook[],
  inventory: Inventory,
  extraVars: Readonly<Record<string, unknown>>,
  options: Parameters<Inventory['select']>[1],
): string {
  const lines = playbooks.flatMap(({ plays }) =>
    plays.flatMap((play) => {
      const pattern = hostsPattern(play, extraVars);
      const hosts = inventory.select(pattern, { ...options, at: play.hosts.at });
      return [`play ${play.name}: ${pattern} (${hosts.length})`, ...hosts.map(({ name }) => `  ${name}`)];
    }),
  );
  return lines.join('\n');
}

function hostsPattern(play: Play, extraVars: Readonly<Record<string, unknown>>): string {
  const bound = play.hosts.bind(plainVars(extraVars));
  return Array.isArray(bound) ? bound.join(',') : String(bound);
}

interface Selection {
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  /** Whether a task with these tags runs; the engine's own rule. */
  readonly selected: (tags: readonly string[], wanted: readonly string[], skipped: readonly string[]) => boolean;
}

interface Listed {
  readonly name: string;
  readonly tags: readonly string[];
  readonly at: string;
}

/** The tasks of each play that the tags leave, for `--list-tasks`. */
export function taskLines(playbooks: readonly Playbook[], selection: Selection): string {
  const lines = playbooks.flatMap(({ plays }) =>
    plays.flatMap((play) => [
      `play ${play.name}`,
      ...tasksOf(play, selection).map(
        ({ name, tags, at }) => `  ${name}  ${at}${tags.length === 0 ? '' : `  [${tags.join(', ')}]`}`,
      ),
    ]),
  );
  return lines.join('\n');
}

/** All tags of each play, for `--list-tags`. */
export function tagLines(playbooks: readonly Playbook[], selection: Selection): string {
  const lines = playbooks.flatMap(({ plays }) =>
    plays.map((play) => {
      const tags = new Set(tasksOf(play, selection).flatMap((task) => task.tags));
      return `play ${play.name}: ${[...tags].toSorted().join(', ') || '(none)'}`;
    }),
  );
  return lines.join('\n');
}

function tasksOf(play: Play, { selected, tags, skipTags }: Selection): readonly Listed[] {
  const sections = [play.preTasks, play.tasks, play.postTasks];
  return sections
    .flatMap((section) => section.flatMap((node) => listed(node, play.tags)))
    .filter((task) => selected(task.tags, tags, skipTags));
}

function listed(node: TaskNode, around: readonly string[]): readonly Listed[] {
  const tags = [...new Set([...around, ...node.tags])];
  const at = `${node.at.file}:${node.at.line}`;
  const role = node.role === undefined ? '' : `${node.role.name} : `;
  if (node.kind === 'task') return [{ name: `${role}${node.name ?? node.module}`, tags, at }];
  if (node.kind === 'block')
    return [...node.tasks, ...node.rescue, ...node.always].flatMap((inner) => listed(inner, tags));
  const shown = { name: `${role}${node.name ?? `include_${node.what}`}`, tags, at };
  return [shown, ...(node.known ?? []).flatMap((inner) => listed(inner, inner.tags))];
}
