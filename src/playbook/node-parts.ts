import { compileTemplate, isTemplate, type Template } from '../lang/index.ts';
import type { LoadContext } from './context.ts';
import type { Fields } from './fields.ts';
import { nothingInherited } from './inherited.ts';
import type { Block } from './model.ts';
import type { Place } from './place.ts';

export const allTags = (place: Place, fields: Fields): readonly string[] => [
  ...new Set([...place.tags, ...fields.names('tags')]),
];

export function readName(
  context: LoadContext,
  fields: Fields,
): { readonly name: string | undefined; readonly nameTemplate?: Template | undefined } {
  const name = fields.text('name');
  const node = fields.value('name');
  if (name === undefined || node?.kind !== 'scalar' || !isTemplate(name)) return { name };
  return { name, nameTemplate: context.attempt(() => compileTemplate(name, node.origin)) };
}

/** A block that only groups: imported tasks, a role. */
export const groupOf = (
  id: number,
  fields: Pick<Block, 'at' | 'tags' | 'tasks'> & Partial<Omit<Block, 'kind' | 'id' | 'rescue' | 'always'>>,
): Block => ({
  ...nothingInherited,
  name: undefined,
  when: [],
  ...fields,
  kind: 'block',
  id,
  rescue: [],
  always: [],
});
