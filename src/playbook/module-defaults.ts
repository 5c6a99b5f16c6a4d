import type { MappingNode } from '../lang/index.ts';
import { didYouMean } from '../util/suggest.ts';
import type { LoadContext } from './context.ts';
import type { Fields } from './fields.ts';

type Defaults = ReadonlyMap<string, readonly MappingNode[]>;

/** `module_defaults` laid over those of what is around. */
export function withDefaults(context: LoadContext, outer: Defaults, fields: Fields): Defaults {
  const node = fields.mapping('module_defaults');
  if (node === undefined) return outer;
  const result = new Map(outer);
  const names = context.options.modules.names();
  for (const [name, { key, value }] of node.entries) {
    if (!names.includes(name)) context.mistake(key.at, `unknown module "${name}"`, didYouMean(name, names));
    else if (value.kind !== 'mapping')
      context.mistake(value.at, `module_defaults: expected the parameters of ${name} as a mapping`);
    else result.set(name, [...(outer.get(name) ?? []), value]);
  }
  return result;
}
