import type { SourceLocation } from '../util/source.ts';
import { compileValue, type Bindable } from './bind.ts';
import type { VarSource } from './lazy.ts';
import type { MappingNode, YamlNode } from './node.ts';
import type { Vault } from './vault.ts';

/**
 * Where a variable was set, from the weakest to the strongest: Ansible's order. Inside of one kind the later layer wins,
 * so group variables are given parents first (then by `ansible_group_priority`, then by name).
 */
export const LAYER_KINDS = [
  'role-defaults',
  'inventory-all',
  'playbook-all',
  'inventory-group',
  'playbook-group',
  'inventory-host',
  'playbook-host',
  'facts',
  'play',
  'prompt',
  'vars-files',
  'role',
  'block',
  'task',
  'include-vars',
  'set',
  'role-params',
  'include-params',
  'loop',
  'extra',
  'magic',
] as const;

export type LayerKind = (typeof LAYER_KINDS)[number];

/** One place where variables are set. Shared by all hosts and tasks that it applies to. */
export interface Layer {
  readonly kind: LayerKind;
  has(name: string): boolean;
  names(): Iterable<string>;
  /** Renders the variable with what it reads from `vars`. Only called where `has` says yes. */
  resolve(name: string, vars: VarSource): unknown;
  /** Where the user set it. */
  locate?(name: string): SourceLocation | undefined;
}

/** Variables that the user wrote: templates, `!expr` and `!vault` in them are rendered when they are read. */
export function sourceLayer(
  kind: LayerKind,
  variables: MappingNode | ReadonlyMap<string, YamlNode>,
  options: { readonly vault?: Vault | undefined } = {},
): Layer {
  const nodes: ReadonlyMap<string, YamlNode> =
    variables instanceof Map
      ? variables
      : new Map(Array.from((variables as MappingNode).entries, ([name, entry]) => [name, entry.value]));
  const compiled = new Map<string, Bindable>();
  return {
    kind,
    has: (name) => nodes.has(name),
    names: () => nodes.keys(),
    resolve(name, vars) {
      let bindable = compiled.get(name);
      const node = nodes.get(name);
      if (bindable === undefined && node !== undefined) {
        bindable = compileValue(node, options);
        compiled.set(name, bindable);
      }
      return bindable?.bind(vars);
    },
    locate: (name) => nodes.get(name)?.at,
  };
}

/** Values that are never rendered: facts, registered results, `item`. */
export const valueLayer = (
  kind: LayerKind,
  values: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
): Layer =>
  values instanceof Map
    ? {
        kind,
        has: (name) => values.has(name),
        names: () => values.keys(),
        resolve: (name) => values.get(name) as unknown,
      }
    : {
        kind,
        has: (name) => Object.hasOwn(values, name),
        names: () => Object.keys(values),
        resolve: (name) => (values as Readonly<Record<string, unknown>>)[name],
      };

/** Values made when they are read: `hostvars`, `groups`. */
export const getterLayer = (kind: LayerKind, getters: Readonly<Record<string, () => unknown>>): Layer => ({
  kind,
  has: (name) => Object.hasOwn(getters, name),
  names: () => Object.keys(getters),
  resolve: (name) => getters[name]?.(),
});
