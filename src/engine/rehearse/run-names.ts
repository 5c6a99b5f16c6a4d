import { isTemplate } from '../../lang/index.ts';
import type { Play, Playbook, Task, TaskNode } from '../../playbook/model.ts';

/** What a run adds to the variables of its hosts. */
export interface RunNames {
  readonly names: ReadonlySet<string>;
  /** Some of the names are only known while the play runs: nothing can be called undefined before. */
  readonly open: boolean;
  /** Tasks may bring files to the controller that later tasks need. */
  readonly bringsFiles: boolean;
  /** Ids of tasks that have mistakes of their own: they are told already. */
  readonly faulty: ReadonlySet<number>;
}

/** The names that tasks of the playbooks register and set, wherever they stand: they last for the whole run. */
export function namesOfRun(playbooks: readonly Playbook[]): RunNames {
  const names = new Set(['facts']);
  const faulty = playbooks.flatMap((playbook) => playbook.faulty ?? []);
  for (const { registers } of faulty) for (const name of registers) names.add(name);
  let [open, bringsFiles] = [faulty.some((tasks) => tasks.open), faulty.length > 0];
  const visitTask = (task: Task): void => {
    if (task.register !== undefined) names.add(task.register);
    if (task.module === 'fetch' || task.delegateTo !== undefined) bringsFiles = true;
    if (task.module !== 'set_vars') return;
    for (const name of task.paramsNode.entries.keys()) {
      names.add(name);
      open ||= isTemplate(name);
    }
  };
  const visit = (nodes: readonly TaskNode[]): void => {
    for (const node of nodes) {
      if (node.kind === 'task') visitTask(node);
      else if (node.kind === 'block') [node.tasks, node.rescue, node.always].forEach(visit);
      else if (node.known === undefined) open = true;
      else visit(node.known);
    }
  };
  for (const play of playbooks.flatMap(({ plays }) => plays)) sectionsOf(play).forEach(visit);
  return { names, open, bringsFiles, faulty: new Set(faulty.flatMap(({ ids }) => [...ids])) };
}

const sectionsOf = (play: Play): readonly (readonly TaskNode[])[] => [
  play.preTasks,
  play.tasks,
  play.postTasks,
  play.handlers,
  play.confirm,
];
