import { z } from 'zod';

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'null';

/** The parts of JSON Schema that zod's schemas of parameters come out as. */
export interface JsonSchema {
  readonly type?: JsonType | readonly JsonType[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

/** What the user may write, before defaults and canonical forms. */
export const inputSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: keepDefault }) as JsonSchema;

/** zod leaves the default out where a transformation follows, because it stands behind that; here it is what is shown. */
function keepDefault({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: { default?: unknown };
}): void {
  const { def } = (zodSchema as z.core.$ZodTypes)._zod;
  if (def.type === 'default' || def.type === 'prefault') jsonSchema.default ??= def.defaultValue;
}

/** The alternatives of a schema, nested unions laid flat. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const nested = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  return nested === undefined ? [schema] : nested.flatMap(alternatives);
}

/** The types that a schema takes; empty where it takes anything. */
export function typesOf(schema: JsonSchema): ReadonlySet<JsonType> {
  return new Set(
    alternatives(schema).flatMap(({ type, enum: values, const: constant, properties }): readonly JsonType[] => {
      if (type !== undefined) return [type].flat();
      if (properties !== undefined) return ['object'];
      return [...(values ?? []), ...(constant === undefined ? [] : [constant])].map(typeOfValue);
    }),
  );
}

function typeOfValue(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object';
}

const isSpelling = (value: unknown): boolean =>
  typeof value === 'string' && /^(?:yes|no|true|false|on|off)$/i.test(value);

/** The ways in which YAML 1.1 spells a boolean. */
export const isYesNo = ({ enum: values }: JsonSchema): boolean => values !== undefined && values.every(isSpelling);

/** A switch: true or false, and the spellings of that. */
export function isSwitch(schema: JsonSchema): boolean {
  const all = alternatives(schema).filter(({ type }) => type !== 'null');
  return all.some(({ type }) => type === 'boolean') && all.every((one) => one.type === 'boolean' || isYesNo(one));
}

/** Words of which the value must be one; empty where it may be something else as well. */
export function choicesOf(schema: JsonSchema): readonly string[] {
  const all = alternatives(schema).filter(({ type }) => type !== 'null');
  const words = all.flatMap(
    ({ enum: values, const: constant }) => values ?? (constant === undefined ? [] : [constant]),
  );
  const closed = all.every((one) => one.enum !== undefined || one.const !== undefined);
  return closed ? words.filter((word) => typeof word === 'string') : [];
}
