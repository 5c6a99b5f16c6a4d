import { suggest } from '../util/suggest.ts';
import type { Fields } from './fields.ts';
import { TASK_KEYWORDS } from './keywords.ts';
import type { FaultyTasks } from './model.ts';

/** Collects the tasks that have mistakes, so that what stands around them can be looked at without them. */
export class FaultyTaskList implements FaultyTasks {
  readonly ids = new Set<number>();
  readonly registers = new Set<string>();
  open = false;
  /** How many mistakes they have. */
  mistakes = 0;

  /** @param id - of the task, where so much of it could be read */
  add(fields: Fields, id: number | undefined, mistakes: number): void {
    this.mistakes += mistakes;
    if (id !== undefined) this.ids.add(id);
    const register = fields.value('register');
    if (register?.kind === 'scalar') this.registers.add(String(register.value));
    const words = [...fields.node.entries.keys()].filter((word) => !TASK_KEYWORDS.includes(word));
    this.open ||= words.some(mayBringVariables);
  }
}

/** Words of this tool and of Ansible after which there are more variables, and what looks like one of them misspelt. */
const bringers = ['set_vars', 'set_fact', 'include_vars', 'register'];
const mayBringVariables = (word: string): boolean => {
  const last = word.split('.').at(-1) ?? '';
  return bringers.includes(last) || suggest(last, bringers) !== undefined;
};
