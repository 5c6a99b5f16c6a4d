import { dirname } from 'node:path';
import type { Bindable, Layer, MappingNode, YamlNode } from '../lang/index.ts';
import type { LoadContext } from './context.ts';
import type { HandlerNames } from './handlers.ts';
import type { Role, TaskNode } from './model.ts';

/** What is collected over one play. */
export interface PlayState {
  readonly handlers: HandlerNames;
  /** All handlers of the play: those that roles bring along, then its own. It grows while included roles are loaded. */
  readonly handlerNodes: TaskNode[];
  /** Roles that were listed, with their parameters: a role that others depend on runs once. */
  readonly roles: Set<string>;
  /** Defaults and variables of roles, which all tasks of the play see. */
  readonly roleLayers: Layer[];
}

/** Where tasks stand, and what the things around them hand down. */
export interface Place {
  /** Absolute folder of the playbook. */
  readonly folder: string;
  /** Absolute path of the file. */
  readonly file: string;
  readonly role?: Role | undefined;
  /** Tags of everything around. */
  readonly tags: readonly string[];
  /** `module_defaults` of everything around, by module, weakest first. */
  readonly defaults: ReadonlyMap<string, readonly MappingNode[]>;
  /** Files and roles that are being read, outermost first: finds those that import themselves. */
  readonly chain: readonly string[];
  /** What blocks around notify. */
  readonly notify: readonly Bindable[];
  /** These are handlers. */
  readonly handler: boolean;
  /** Variables of roles stay inside of them: below an include_role that is not public. */
  readonly secluded: boolean;
  readonly play: PlayState;
  /** Reads a list of tasks: handed down, because tasks hold includes, and includes hold tasks. */
  readonly read: ReadTasks;
}

export type ReadTasks = (
  context: LoadContext,
  place: Place,
  node: YamlNode | undefined,
  what?: string,
) => Promise<readonly TaskNode[]>;

/** Folders in which files of the controller are looked for, nearest first. */
export const searchPath = (place: Place): readonly string[] => [
  ...new Set([...(place.role === undefined ? [] : [place.role.folder]), dirname(place.file), place.folder]),
];
