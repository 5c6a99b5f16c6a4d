import type { Bindable, Expr, Layer, MappingNode, Template } from '../lang/index.ts';
import type { SourceLocation } from '../util/source.ts';

/**
 * A playbook, checked and compiled: what the engine runs. Every field that may hold a template or an expression is
 * compiled, with its place; imports are expanded; keywords are inherited where Ansible inherits them statically (tags, when
 * of imports). Nothing here depends on a host.
 */
export interface Playbook {
  /** As the user named it. */
  readonly file: string;
  readonly plays: readonly Play[];
  /** Only in what is left of a playbook with mistakes (`PlaybookMistakes`). */
  readonly faulty?: FaultyTasks;
}

/** The tasks of a playbook that have mistakes, and what they would have brought to others. */
export interface FaultyTasks {
  readonly ids: ReadonlySet<number>;
  /** Variables that they register. */
  readonly registers: ReadonlySet<string>;
  /** They set more, and nobody can say what. */
  readonly open: boolean;
}

/** A condition: all of its expressions have to hold. */
export type Condition = readonly Expr[];

export type Serial = number | `${number}%`;

/** Keywords that plays, roles, blocks and tasks share; what is undefined is inherited from what is around it. */
export interface Inherited {
  readonly become?: Bindable | undefined;
  readonly becomeUser?: Bindable | undefined;
  readonly becomeMethod?: Bindable | undefined;
  readonly environment: readonly Bindable[];
  readonly ignoreErrors?: Bindable | undefined;
  readonly ignoreUnreachable?: Bindable | undefined;
  readonly checkMode?: Bindable | undefined;
  readonly diff?: Bindable | undefined;
  readonly noLog?: Bindable | undefined;
  readonly anyErrorsFatal?: Bindable | undefined;
  readonly throttle?: Bindable | undefined;
  readonly timeout?: Bindable | undefined;
  readonly runOnce?: Bindable | undefined;
  readonly delegateTo?: Bindable | undefined;
  /** Variables set here: `vars:`, role defaults and vars, include parameters. */
  readonly layers: readonly Layer[];
}

export interface Play extends Inherited {
  readonly name: string;
  readonly at: SourceLocation;
  readonly hosts: Bindable;
  readonly gatherFacts: boolean;
  readonly serial: readonly Serial[];
  readonly strategy: 'linear' | 'free';
  readonly order: 'inventory' | 'reverse_inventory' | 'sorted' | 'reverse_sorted' | 'shuffle';
  readonly maxFailPercentage?: number | undefined;
  readonly forceHandlers: boolean;
  readonly tags: readonly string[];
  /** Folder of the playbook: `files/`, `templates/`, `host_vars/` beside it. */
  readonly folder: string;
  readonly preTasks: readonly TaskNode[];
  /** Roles and tasks, in that order. */
  readonly tasks: readonly TaskNode[];
  readonly postTasks: readonly TaskNode[];
  readonly handlers: readonly TaskNode[];
  /** Checks that must hold before a change of our own path counts as good. */
  readonly confirm: readonly TaskNode[];
}

export type TaskNode = Task | Block | Include;

interface Node extends Inherited {
  /** Unique in the playbook, in document order. */
  readonly id: number;
  readonly name: string | undefined;
  /** The name where it holds a template. */
  readonly nameTemplate?: Template | undefined;
  readonly at: SourceLocation;
  readonly when: Condition;
  readonly tags: readonly string[];
  readonly role?: Role | undefined;
}

export interface Role {
  readonly name: string;
  readonly folder: string;
}

export interface Task extends Node {
  readonly kind: 'task';
  readonly module: string;
  /** The parameters; strings named by `expressions` of the module are in `expressions` instead. */
  readonly params: Bindable;
  /** The parameters as written, for errors with their place. */
  readonly paramsNode: MappingNode;
  readonly expressions: ReadonlyMap<string, readonly Expr[]>;
  readonly loop?: Loop | undefined;
  readonly register?: string | undefined;
  readonly until?: Condition | undefined;
  readonly retries?: Bindable | undefined;
  /** Seconds. */
  readonly delay?: Bindable | undefined;
  readonly notify: readonly Bindable[];
  readonly listen: readonly string[];
  readonly changedWhen?: Condition | undefined;
  readonly failedWhen?: Condition | undefined;
  /** Folders in which files of the controller are looked for, nearest first. */
  readonly searchPath: readonly string[];
}

export interface Loop {
  readonly items: Bindable;
  readonly loopVar: string;
  readonly indexVar?: string | undefined;
  readonly label?: Bindable | undefined;
  /** Seconds between items. */
  readonly pause?: Bindable | undefined;
}

export interface Block extends Node {
  readonly kind: 'block';
  readonly tasks: readonly TaskNode[];
  readonly rescue: readonly TaskNode[];
  readonly always: readonly TaskNode[];
}

/** `include_tasks` and `include_role`: decided, and perhaps named, per host when it is reached. */
export interface Include extends Node {
  readonly kind: 'include';
  readonly what: 'tasks' | 'role';
  readonly target: Bindable;
  readonly loop?: Loop | undefined;
  /** Known where the target holds no template: loaded and checked with the playbook. */
  readonly known?: readonly TaskNode[] | undefined;
  /** Loads and checks what a rendered target names. @throws DiagnosticsError */
  load(target: string): Promise<readonly TaskNode[]>;
}
