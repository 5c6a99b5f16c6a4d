import type { YamlNode } from '../lang/index.ts';
import type { LoadContext } from './context.ts';
import { describeNode } from './describe-node.ts';
import { Fields, isNull } from './fields.ts';
import { BLOCK_KEYWORDS, STATEMENTS } from './keywords.ts';
import { readInherited } from './inherited.ts';
import type { Block, TaskNode } from './model.ts';
import { withDefaults } from './module-defaults.ts';
import { allTags, readName } from './node-parts.ts';
import type { Place } from './place.ts';
import { readInclude } from './read-include.ts';
import { readNotify, readTask } from './read-task.ts';

/** The tasks of a list, of a play, a block or a file. */
export async function readTasks(
  context: LoadContext,
  place: Place,
  node: YamlNode | undefined,
  what = 'tasks',
): Promise<readonly TaskNode[]> {
  if (node === undefined || isNull(node)) return [];
  if (node.kind !== 'sequence') {
    context.mistake(
      node.at,
      `${what}: expected a list of tasks, not ${describeNode(node)}`,
      'begin each task with "- "',
    );
    return [];
  }
  const tasks: TaskNode[] = [];
  for (const item of node.items) {
    if (item.kind === 'mapping') tasks.push(...(await readNode(context, place, new Fields(context, item))));
    else
      context.mistake(
        item.at,
        `a task is a mapping, not ${describeNode(item)}`,
        'write - name: … and the module below it',
      );
  }
  return tasks;
}

async function readNode(context: LoadContext, place: Place, fields: Fields): Promise<readonly TaskNode[]> {
  const statements = STATEMENTS.filter((name) => fields.has(name));
  const [statement, second] = statements;
  if (second !== undefined) {
    context.mistake(fields.keyPlace(second), `"${statement}" and "${second}" in one task`, 'make two tasks of it');
    return [];
  }
  if (statement === 'block') return [await readBlock(context, place, fields)];
  if (statement !== undefined) return readInclude(context, place, fields, statement);
  for (const name of ['rescue', 'always']) {
    if (!fields.has(name)) continue;
    context.mistake(fields.keyPlace(name), `"${name}" without a block`, 'put the tasks that it watches under "block:"');
    return [];
  }
  const before = context.mistakes;
  const task = await readTask(context, place, fields);
  if (context.mistakes > before) context.faulty.add(fields, task?.id, context.mistakes - before);
  return task === undefined ? [] : [task];
}

async function readBlock(context: LoadContext, place: Place, fields: Fields): Promise<Block> {
  fields.refuseUnknown(BLOCK_KEYWORDS, 'a block');
  const id = context.nextId();
  const tags = allTags(place, fields);
  const notify = [...place.notify, ...readNotify(fields, place)];
  const inner = { ...place, tags, notify, defaults: withDefaults(context, place.defaults, fields) };
  return {
    ...readInherited(context, fields, 'block'),
    ...readName(context, fields),
    kind: 'block',
    id,
    at: fields.node.at,
    when: fields.condition('when') ?? [],
    tags,
    role: place.role,
    tasks: await readTasks(context, inner, fields.value('block'), 'block'),
    rescue: await readTasks(context, inner, fields.value('rescue'), 'rescue'),
    always: await readTasks(context, inner, fields.value('always'), 'always'),
  };
}
