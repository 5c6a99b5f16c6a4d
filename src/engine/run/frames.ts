import type { Bindable, Expr, Layer } from '../../lang/index.ts';
import type { Inherited, Play, TaskNode } from '../../playbook/model.ts';

/** What a task inherits from the play, roles, blocks and includes around it, outermost first. */
export interface Frames {
  readonly around: readonly Inherited[];
  readonly when: readonly Expr[];
  /** Layers that are not in the playbook: the item of an include's loop. */
  readonly layers: readonly Layer[];
}

export const playFrames = (play: Play): Frames => ({ around: [play], when: [], layers: [] });

/** @param node - a block, or an include whose `when` has been decided for the host */
export const inside = (frames: Frames, node: TaskNode, layers: readonly Layer[] = []): Frames => ({
  around: [...frames.around, node],
  // The condition of an include decides about including, not about each task, as in Ansible.
  when: node.kind === 'include' ? frames.when : [...frames.when, ...node.when],
  layers: [...frames.layers, ...layers],
});

type Keyword = {
  [K in keyof Inherited]-?: Inherited[K] extends Bindable | undefined ? K : never;
}[keyof Inherited];

/** The innermost value of a keyword. */
export function keyword(frames: Frames, node: Inherited, name: Keyword): Bindable | undefined {
  return node[name] ?? frames.around.findLast((outer) => outer[name] !== undefined)?.[name];
}

export const allLayers = (frames: Frames, node: Inherited): readonly Layer[] => [
  ...frames.around.flatMap((outer) => outer.layers),
  ...node.layers,
  ...frames.layers,
];

export const allEnvironment = (frames: Frames, node: Inherited): readonly Bindable[] => [
  ...frames.around.flatMap((outer) => outer.environment),
  ...node.environment,
];
