import { parseYaml, toValue } from '../../lang/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import { isObject, type Json } from '../../util/json.ts';
import { alternatives, typesOf, type JsonSchema, type JsonType } from './json-schema.ts';

/**
 * The value that the occurrences of a flag stand for. What they say is judged by the module's schema later; here only
 * the kind of value is found: lists from repeated flags or JSON, maps from key=value or JSON, numbers, texts.
 *
 * @throws KvmnetError code `usage` for JSON that is none
 */
export function flagValue(flag: string, schema: JsonSchema, texts: readonly string[]): Json {
  const types = typesOf(schema);
  const [only] = texts;
  if (texts.length === 1 && only !== undefined && isStructure(only, types)) return structure(flag, only);
  if (types.has('array') && (texts.length > 1 || !takesText(schema))) return listValue(flag, schema, texts);
  if (types.has('object') && texts.every((text) => isKeyValue(text)) && !types.has('string')) {
    return Object.assign({}, ...texts.map((text) => keyValue(flag, schema, text))) as Json;
  }
  // Where only one value makes sense the last one counts, as everywhere on a command line.
  return scalarValue(flag, schema, texts.at(-1) ?? only ?? '');
}

const takesText = (schema: JsonSchema): boolean => typesOf(schema).has('string');

function listValue(flag: string, schema: JsonSchema, texts: readonly string[]): Json {
  const items = alternatives(schema).find((one) => one.type === 'array')?.items ?? {};
  return texts.flatMap((text) => {
    if (text.trimStart().startsWith('[')) return [structure(flag, text)].flat<Json[]>();
    return [flagValue(flag, items, [text])];
  });
}

const isKeyValue = (text: string): boolean => /^[^={}[\]\s]+=/.test(text);

function keyValue(flag: string, schema: JsonSchema, text: string): Record<string, Json> {
  const equals = text.indexOf('=');
  const [key, value] = [text.slice(0, equals), text.slice(equals + 1)];
  const map = alternatives(schema).find((one) => one.type === 'object' || one.properties !== undefined) ?? {};
  const rest = typeof map.additionalProperties === 'object' ? map.additionalProperties : {};
  return { [key]: flagValue(flag, map.properties?.[key] ?? rest, [value]) };
}

function scalarValue(flag: string, schema: JsonSchema, text: string): Json {
  const types = typesOf(schema);
  const anything = types.size === 0;
  if (isStructure(text, types)) return structure(flag, text);
  if ((types.has('boolean') || anything) && (text === 'true' || text === 'false')) return text === 'true';
  if (types.has('null') && text === 'null') return null;
  const numeric = types.has('number') || types.has('integer') || anything;
  if (numeric && /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)) return Number(text);
  return text;
}

/** Written as a list or a map where there may be one. */
function isStructure(text: string, types: ReadonlySet<JsonType>): boolean {
  const [start] = /^\s*(?:\[|\{(?!\{))/.exec(text) ?? [];
  return start !== undefined && (types.size === 0 || types.has(start.trim() === '[' ? 'array' : 'object'));
}

/** JSON, or YAML in its flow style, which spares the quotes. */
function structure(flag: string, text: string): Json {
  const { root, diagnostics } = parseYaml(text, flag);
  const [problem] = diagnostics;
  if (problem !== undefined || root === undefined) {
    throw new KvmnetError('usage', `${flag}: not valid JSON: ${problem?.message ?? 'it is empty'}`, {
      at: problem?.at,
    });
  }
  const value = toValue(root);
  return isObject(value) || Array.isArray(value) ? (value as Json) : text;
}
