import type { z } from 'zod';
import { alternatives, inputSchema, isSwitch, isYesNo, typesOf, type JsonSchema } from './json-schema.ts';

/** A parameter of a module, for people: documentation, `--help` and flags are made of these. */
export interface Parameter {
  readonly name: string;
  /** `number`, `yes or no`, `list of texts`, `present or absent`. */
  readonly type: string;
  readonly required: boolean;
  readonly defaultValue: unknown;
  readonly description: string;
  readonly schema: JsonSchema;
  /** Fields of the map, or of the maps in the list. */
  readonly fields: readonly Parameter[];
}

export const describeParameters = (params: z.ZodObject): readonly Parameter[] => fieldsOf(inputSchema(params));

function fieldsOf(schema: JsonSchema): readonly Parameter[] {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    type: typeText(field),
    required: schema.required?.includes(name) ?? false,
    defaultValue: field.default,
    description: field.description ?? alternatives(field).find((one) => one.description)?.description ?? '',
    schema: field,
    fields: nestedFields(field),
  }));
}

const nestedFields = (schema: JsonSchema): readonly Parameter[] =>
  alternatives(schema).flatMap((one) => {
    if (one.properties !== undefined) return fieldsOf(one);
    if (one.items !== undefined) return nestedFields(one.items);
    return typeof one.additionalProperties === 'object' ? nestedFields(one.additionalProperties) : [];
  });

/** What a value has to be, in words. */
export function typeText(schema: JsonSchema): string {
  if (isSwitch(schema)) return 'yes or no';
  const types = typesOf(schema);
  // Digits in a text are taken for numbers: that is a courtesy, not a type.
  const digits = types.has('number') || types.has('integer');
  const words = alternatives(schema).flatMap((one) => {
    if (one.type === 'null') return [];
    if (digits && one.type === 'string' && one.pattern !== undefined) return [];
    if (one.type === 'boolean' || isYesNo(one)) return ['yes or no'];
    if (one.enum !== undefined) return one.enum.map(String);
    if (one.const !== undefined) return [typeof one.const === 'string' ? one.const : JSON.stringify(one.const)];
    return [plainType(one)].flat();
  });
  return joinOr([...new Set(words)]);
}

function plainType(schema: JsonSchema): string | string[] {
  const types = [schema.type ?? []].flat();
  if (types.length > 1)
    return types.filter((type) => type !== 'null').map((type) => plainType({ ...schema, type }) as string);
  switch (types[0]) {
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'yes or no';
    case 'array':
      return schema.items === undefined ? 'list' : `list of ${plural(typeText(schema.items))}`;
    case 'object':
      return typeof schema.additionalProperties === 'object' && schema.properties === undefined
        ? `map of ${plural(typeText(schema.additionalProperties))}`
        : 'map';
    default:
      return 'anything';
  }
}

const plural = (type: string): string =>
  type.replaceAll(/\b(text|number|map|list)\b(?! of)/g, '$1s').replaceAll(/\b(map|list) of/g, '$1s of');

function joinOr(words: readonly string[]): string {
  if (words.length === 0) return 'anything';
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
