import { CONNECTION_NAMES } from '../../inventory/connection-names.ts';
import type { JsonSchema } from '../parameters/json-schema.ts';
import { dialect } from './module-schema.ts';

const numbers = new Set(['port', 'connectTimeout', 'retries']);
const words: Readonly<Record<string, readonly string[]>> = {
  connection: ['ssh', 'local'],
  becomeMethod: ['sudo', 'su', 'doas'],
  hostKeyChecking: ['yes', 'accept-new', 'no'],
};

/** An inventory in YAML. Any variable may be set; those of the connection are known by name. */
export function inventoryJsonSchema(): unknown {
  const variables = { type: 'object', properties: connectionVariables(), additionalProperties: true };
  const ref = (name: string): unknown => ({ $ref: `#/$defs/${name}` });
  const orNothing = (schema: unknown): unknown => ({ anyOf: [schema, { type: 'null' }] });
  return {
    $schema: dialect,
    title: 'kvmnet inventory',
    type: 'object',
    additionalProperties: orNothing(ref('group')),
    $defs: {
      variables,
      group: {
        type: 'object',
        properties: {
          hosts: orNothing({ type: 'object', additionalProperties: orNothing(ref('variables')) }),
          children: orNothing({ type: 'object', additionalProperties: orNothing(ref('group')) }),
          vars: orNothing(ref('variables')),
        },
        additionalProperties: false,
      },
    },
  };
}

const connectionVariables = (): Record<string, JsonSchema> =>
  Object.fromEntries(
    Object.entries(CONNECTION_NAMES).flatMap(([field, names]) => names.map((name) => [name, variableSchema(field)])),
  );

function variableSchema(field: string): JsonSchema {
  const choices = words[field];
  if (choices !== undefined) return { enum: [...choices, ...(field === 'hostKeyChecking' ? [true, false] : [])] };
  if (field === 'become') return { type: ['boolean', 'string'] };
  return { type: numbers.has(field) ? ['integer', 'string'] : ['string', 'number'] };
}
