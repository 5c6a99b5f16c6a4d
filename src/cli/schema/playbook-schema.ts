import type { Registry } from '../../engine/index.ts';
import {
  BLOCK_KEYWORDS,
  IMPORT_PLAYBOOK_KEYWORDS,
  PLAY_KEYWORDS,
  ROLE_KEYWORDS,
  STATEMENTS,
  TASK_KEYWORDS,
} from '../../playbook/keywords.ts';
import type { JsonSchema } from '../parameters/json-schema.ts';
import { keywordSchema } from './keyword-schemas.ts';
import { dialect, moduleParameters } from './module-schema.ts';

type Properties = Record<string, JsonSchema>;

const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` }) as JsonSchema;
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** A playbook with all modules that can be named in it. */
export async function playbookJsonSchema(registry: Registry): Promise<unknown> {
  const modules = await Promise.all(registry.names().map((name) => registry.get(name)));
  const tasks = listOf(ref('task'));
  const sections: Properties = {
    block: tasks,
    rescue: tasks,
    always: tasks,
    pre_tasks: tasks,
    tasks,
    post_tasks: tasks,
  };
  const own: Properties = { ...sections, handlers: tasks, confirm: tasks, roles: listOf(ref('role')) };
  const pick = (names: readonly string[]): Properties =>
    Object.fromEntries(names.map((name) => [name, own[name] ?? keywordSchema(name)]));
  const moduleProperties = Object.fromEntries(
    modules.flatMap((module) => {
      if (module === undefined) return [];
      const short = module.kind === 'action' ? module.shortForm : undefined;
      const parameters = moduleParameters(module);
      const bare: JsonSchema = { type: ['string', 'number', 'boolean', 'array', 'null'] };
      const empty: JsonSchema = { type: 'null' };
      return [[module.name, { description: module.summary, anyOf: [parameters, short === undefined ? empty : bare] }]];
    }),
  );
  return {
    $schema: dialect,
    title: 'kvmnet playbook',
    ...listOf({ anyOf: [ref('play'), ref('import')] }),
    $defs: {
      play: closed(pick(PLAY_KEYWORDS), ['hosts']),
      import: closed(pick(IMPORT_PLAYBOOK_KEYWORDS), ['import_playbook']),
      role: { anyOf: [{ type: 'string' }, { ...closed(pick(ROLE_KEYWORDS), ['role']), additionalProperties: true }] },
      task: closed({ ...pick([...TASK_KEYWORDS, ...BLOCK_KEYWORDS, ...STATEMENTS]), ...moduleProperties }, []),
    },
  };
}

const closed = (properties: Properties, required: readonly string[]): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
  additionalProperties: false,
});
