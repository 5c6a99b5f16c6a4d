import { mappingNode, type Expr, type MappingNode, type YamlNode } from '../lang/index.ts';
import type { LoadContext } from './context.ts';
import { checkParams } from './check-params.ts';
import { describeNode } from './describe-node.ts';
import { compileExpression, isNull, type Fields } from './fields.ts';
import type { ModuleSchema } from './options.ts';
import { entry } from './synthetic.ts';

interface Params {
  /** Short form and defaults written out. */
  readonly node: MappingNode;
  readonly expressions: ReadonlyMap<string, readonly Expr[]>;
}

/** The parameters of a task, checked as far as they depend on no variable. */
export function readParams(
  context: LoadContext,
  module: ModuleSchema,
  fields: Fields,
  key: string,
  defaults: readonly MappingNode[],
): Params | undefined {
  const written = fields.value(key);
  if (written === undefined) return undefined;
  const own = writtenOut(context, module, written);
  if (own === undefined) return undefined;
  const entries = new Map([...defaults, own].flatMap((layer) => [...layer.entries]));
  const at = own.entries.size === 0 ? fields.keyPlace(key) : own.at;
  const node = mappingNode(entries, () => at);
  const expressions = readExpressions(context, module, node);
  for (const error of checkParams(module, node, fields.keyPlace(key))) context.report(error);
  return { node, expressions };
}

/** The short form as a mapping. */
function writtenOut(context: LoadContext, module: ModuleSchema, node: YamlNode): MappingNode | undefined {
  if (node.kind === 'mapping') return node;
  if (isNull(node)) return mappingNode(new Map(), () => node.at);
  const { shortForm } = module;
  const asList =
    node.kind === 'sequence' && shortForm !== undefined && module.expressions?.includes(shortForm) === true;
  if (shortForm !== undefined && (node.kind === 'scalar' || asList))
    return mappingNode(new Map([[shortForm, entry(shortForm, node)]]), () => node.at);
  const inline = node.kind === 'scalar' && /^\s*\w+=/.test(node.text);
  context.mistake(
    node.at,
    `${module.name}: expected a mapping of parameters, not ${describeNode(node)}`,
    inline
      ? `write each parameter on a line of its own: ${
          node.text
            .trim()
            .replace('=', ': ')
            .split(/\s+\w+=/)[0] ?? ''
        }`
      : undefined,
  );
  return undefined;
}

function readExpressions(
  context: LoadContext,
  module: ModuleSchema,
  node: MappingNode,
): ReadonlyMap<string, readonly Expr[]> {
  const result = new Map<string, readonly Expr[]>();
  for (const name of module.expressions ?? []) {
    const value = node.entries.get(name)?.value;
    if (value === undefined || isNull(value)) continue;
    const items = value.kind === 'sequence' ? value.items : [value];
    result.set(
      name,
      items.flatMap((item) => context.attempt(() => compileExpression(item, name)) ?? []),
    );
  }
  return result;
}
