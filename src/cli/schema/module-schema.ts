import type { AnyModule } from '../../sdk/index.ts';
import { inputSchema, isYesNo, type JsonSchema } from '../parameters/json-schema.ts';

export const dialect = 'https://json-schema.org/draft/2020-12/schema';

/**
 * A template or an expression may stand wherever something else than a text is expected. To an editor `!expr item.vni` is
 * a text as well: anything that is more than a single word passes.
 */
const template: JsonSchema = { type: 'string', pattern: String.raw`[^\w-]` };

/** The parameters of a module, as an editor should complete and check them. */
export function moduleJsonSchema(module: AnyModule): JsonSchema & { readonly $schema: string } {
  return { $schema: dialect, ...moduleParameters(module) };
}

/** The same as a part of another schema. */
export function moduleParameters(module: AnyModule): JsonSchema & { readonly title: string } {
  const { type, properties = {}, required, additionalProperties } = inputSchema(module.params);
  return {
    title: module.name,
    description: module.summary,
    ...(type === undefined ? {} : { type }),
    properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, forEditors(schema)])),
    ...(required === undefined ? {} : { required }),
    ...(additionalProperties === undefined ? {} : { additionalProperties }),
  };
}

function forEditors(schema: JsonSchema): JsonSchema {
  const walked = walk(schema);
  if (acceptsAnyText(walked)) return walked;
  const { description, default: preset, ...rest } = walked;
  return {
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
    anyOf: [...(rest.anyOf !== undefined && Object.keys(rest).length === 1 ? rest.anyOf : [rest]), template],
  };
}

/** Below the parameters themselves as well; the many spellings of a switch are no help where one completes. */
function walk(schema: JsonSchema): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, forEditors(field)] as const);
  return {
    ...schema,
    ...(isYesNo(schema) ? { enum: ['yes', 'no', 'on', 'off'] } : {}),
    ...(schema.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(schema.items === undefined ? {} : { items: forEditors(schema.items) }),
    ...(schema.anyOf === undefined ? {} : { anyOf: schema.anyOf.map(walk) }),
    ...(typeof schema.additionalProperties === 'object'
      ? { additionalProperties: forEditors(schema.additionalProperties) }
      : {}),
  };
}

function acceptsAnyText(schema: JsonSchema): boolean {
  if (schema.anyOf !== undefined) return schema.anyOf.some(acceptsAnyText);
  const closed = schema.enum !== undefined || schema.const !== undefined || schema.pattern !== undefined;
  const types = [schema.type ?? []].flat();
  return !closed && (types.length === 0 || types.includes('string'));
}
