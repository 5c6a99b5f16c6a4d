import type { z } from 'zod';

/** What of a zod schema's inside is looked at here. */
interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly element?: z.ZodType;
  readonly items?: readonly z.ZodType[];
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly left?: z.ZodType;
  readonly right?: z.ZodType;
  readonly getter?: () => z.ZodType;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
}

const defOf = (schema: z.ZodType): Def => schema.def;

/** The schemas that say something themselves: unions, defaults, pipes and the like taken off. */
export function leavesOf(schema: z.ZodType): readonly z.ZodType[] {
  const def = defOf(schema);
  switch (def.type) {
    case 'union':
      return (def.options ?? []).flatMap(leavesOf);
    case 'intersection':
      return [def.left, def.right].flatMap((side) => (side === undefined ? [] : leavesOf(side)));
    case 'pipe': {
      // What is put in, but of z.preprocess what comes after its function.
      const from = def.in !== undefined && defOf(def.in).type !== 'transform' ? def.in : def.out;
      return from === undefined ? [] : leavesOf(from);
    }
    case 'lazy':
      return def.getter === undefined ? [] : leavesOf(def.getter());
    default:
      return def.innerType === undefined ? [schema] : leavesOf(def.innerType);
  }
}

/** The leaves that a member of what the schema describes may have. */
export function leavesBelow(schema: z.ZodType, step: string | number): readonly z.ZodType[] {
  return leavesOf(schema).flatMap((leaf) => {
    const def = defOf(leaf);
    const inner =
      def.type === 'object'
        ? (def.shape?.[String(step)] ?? def.catchall)
        : def.type === 'tuple'
          ? def.items?.[Number(step)]
          : (def.element ?? def.valueType);
    return inner === undefined ? [] : leavesOf(inner);
  });
}

export function leavesAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly z.ZodType[] {
  let leaves: readonly z.ZodType[] = leavesOf(schema);
  for (const step of path) leaves = leaves.flatMap((leaf) => leavesBelow(leaf, step as string | number));
  return leaves;
}

/** Names of the members that may stand there. */
export const keysAt = (schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] => [
  ...new Set(leavesAt(schema, path).flatMap((leaf) => Object.keys(defOf(leaf).shape ?? {}))),
];

const ANYTHING: ReadonlySet<string> = new Set(['any', 'unknown', 'custom', 'transform']);

/** Only a text can be meant here, and this word is not one of a fixed list. */
export function wantsText(leaves: readonly z.ZodType[], word: string): boolean {
  let text = false;
  for (const leaf of leaves) {
    const def = defOf(leaf);
    if (def.type === 'boolean' || ANYTHING.has(def.type)) return false;
    if (def.type === 'enum' && Object.values(def.entries ?? {}).includes(word)) return false;
    if (def.type === 'literal' && def.values?.includes(word) === true) return false;
    if (def.type === 'string' || def.type === 'template_literal') text = true;
  }
  return text;
}
