import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { compileExpr } from './expression.ts';
import type { VarSource } from './lazy.ts';
import { setOwn, type MappingNode, type ScalarNode, type YamlNode } from './node.ts';
import { compileTemplate, isTemplate, type Template } from './template.ts';
import type { Vault } from './vault.ts';

/** A value of the user's, compiled once and bound per host. */
export interface Bindable {
  readonly at: SourceLocation;
  /** Names of the variables that it may read. */
  readonly roots: ReadonlySet<string>;
  /** It reads nothing: `bind` gives the same frozen value for every host. */
  readonly constant: boolean;
  bind(vars: VarSource): unknown;
}

export interface CompileOptions {
  /** Needed where a `!vault` value is bound. */
  readonly vault?: Vault | undefined;
  /** Takes every mistake and goes on; without it the first one is thrown. */
  readonly report?: ((error: KvmnetError) => void) | undefined;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Compiles templates, `!expr` and `!vault` in a tree. `!unsafe` and decrypted text stay what they are.
 * @throws KvmnetError codes `template` and `expression`, with the exact place, unless `options.report` takes them
 */
export function compileValue(node: YamlNode, options: CompileOptions = {}): Bindable {
  try {
    if (node.kind === 'scalar') return compileScalar(node, options);
    return node.kind === 'sequence' ? compileSequence(node, options) : compileMapping(node, options);
  } catch (error) {
    if (options.report === undefined || !(error instanceof KvmnetError)) throw error;
    options.report(error);
    return constant(node, null);
  }
}

/** Whether the node, or anything inside of it, depends on variables or on a vault password. */
export function isDynamic(node: YamlNode): boolean {
  if (node.kind === 'scalar') return node.tag === 'expr' || node.tag === 'vault' || isTemplateScalar(node);
  if (node.kind === 'sequence') return node.items.some(isDynamic);
  return [...node.entries.values()].some(({ key, value }) => isTemplateScalar(key) || isDynamic(value));
}

const isTemplateScalar = (node: ScalarNode): boolean =>
  node.tag === undefined && typeof node.value === 'string' && isTemplate(node.value);

const constant = (node: YamlNode, value: unknown): Bindable => ({
  at: node.at,
  roots: NONE,
  constant: true,
  bind: () => value,
});

function compileScalar(node: ScalarNode, options: CompileOptions): Bindable {
  if (node.tag === 'expr') {
    const expr = compileExpr(node.text, node.origin);
    return { at: node.at, roots: expr.roots, constant: false, bind: (vars) => expr.evaluate(vars) };
  }
  if (node.tag === 'vault')
    return { at: node.at, roots: NONE, constant: false, bind: () => decrypt(node, options.vault) };
  if (!isTemplateScalar(node)) return constant(node, node.value);
  const template = compileTemplate(node.text, node.origin);
  return { at: node.at, roots: template.roots, constant: false, bind: (vars) => template.value(vars) };
}

function decrypt(node: ScalarNode, vault: Vault | undefined): string {
  if (vault === undefined)
    throw new KvmnetError('vault', 'a !vault value stands where none can be read', {
      at: node.at,
      hint: 'use it in variables or in the parameters of a task',
    });
  return vault.decrypt(node.text, node.at);
}

function compileSequence(node: YamlNode & { readonly kind: 'sequence' }, options: CompileOptions): Bindable {
  const items = node.items.map((item) => compileValue(item, options));
  const bind = (vars: VarSource): unknown[] => items.map((item) => item.bind(vars));
  return finish(node, items, bind);
}

function compileMapping(node: MappingNode, options: CompileOptions): Bindable {
  const entries = Array.from(node.entries.values(), ({ key, value }) => ({
    key: key.text,
    keyTemplate: isTemplateScalar(key) ? compileKey(key, options) : undefined,
    keyNode: key,
    value: compileValue(value, options),
  }));
  const bind = (vars: VarSource): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    for (const { key, keyTemplate, keyNode, value } of entries) {
      const name = keyTemplate?.render(vars) ?? key;
      if (Object.hasOwn(result, name))
        throw new KvmnetError('template', `duplicate key "${name}" once the templates are rendered`, {
          at: keyNode.at,
        });
      setOwn(result, name, value.bind(vars));
    }
    return result;
  };
  const keys = entries.flatMap(({ keyTemplate }) => keyTemplate ?? []);
  const parts = [...entries.map(({ value }) => value), ...keys.map(({ roots }) => ({ roots, constant: false }))];
  return finish(node, parts, bind);
}

function compileKey(key: ScalarNode, options: CompileOptions): Template | undefined {
  try {
    return compileTemplate(key.text, key.origin);
  } catch (error) {
    if (options.report === undefined || !(error instanceof KvmnetError)) throw error;
    options.report(error);
    return undefined;
  }
}

function finish(
  node: YamlNode,
  parts: readonly Pick<Bindable, 'roots' | 'constant'>[],
  bind: (vars: VarSource) => unknown,
): Bindable {
  if (parts.every((part) => part.constant)) return constant(node, Object.freeze(bind(NO_VARS)));
  return { at: node.at, roots: new Set(parts.flatMap((part) => [...part.roots])), constant: false, bind };
}

const NO_VARS: VarSource = { has: () => false, get: () => undefined, names: () => [] };
