import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDynamic, type MappingNode, type YamlNode } from '../lang/index.ts';
import type { SourceLocation } from '../util/source.ts';
import type { LoadContext } from './context.ts';
import { Fields } from './fields.ts';
import { readInherited } from './inherited.ts';
import { INCLUDE_KEYWORDS } from './keywords.ts';
import type { Include, TaskNode } from './model.ts';
import { withDefaults } from './module-defaults.ts';
import type { Place } from './place.ts';
import { readLoop } from './read-task.ts';
import { allTags, groupOf, readName } from './node-parts.ts';
import { readRole, roleParts } from './read-role.ts';

const APPLY_KEYWORDS = INCLUDE_KEYWORDS.filter((name) => !/^(?:name|loop|loop_control)$/.test(name));
const TASKS_OPTIONS = ['file', 'apply'];
const ROLE_OPTIONS = ['name', 'tasks_from', 'vars_from', 'defaults_from', 'handlers_from', 'public', 'apply'];

/** `include_tasks`, `import_tasks`, `include_role` and `import_role`. */
export async function readInclude(
  context: LoadContext,
  place: Place,
  fields: Fields,
  statement: string,
): Promise<readonly TaskNode[]> {
  const what = statement.endsWith('role') ? 'role' : 'tasks';
  const fixed = statement.startsWith('import');
  fields.refuseUnknown([...INCLUDE_KEYWORDS, statement], statement);
  const options = readOptions(context, fields, statement, what);
  if (options === undefined) return [];
  const { target, named } = options;
  const apply = readApply(context, named);
  if (fixed && apply !== undefined)
    context.mistake(fields.keyPlace(statement), `${statement} takes no "apply"`, 'put the keywords beside it');
  const parts = what === 'role' && named !== undefined ? roleParts(named) : {};
  const secluded = !fixed && named?.flag('public') !== true;
  const outside = { ...place, secluded: place.secluded || (what === 'role' && secluded) };
  const load = (into: LoadContext, inner: Place, name: string): Promise<readonly TaskNode[]> =>
    what === 'role' ? readRole(into, inner, name, target.at, parts) : readFile(into, inner, name, target.at);
  return fixed
    ? readImport(context, outside, fields, statement, target, load)
    : [await readDynamic(context, outside, fields, what, target, load, apply)];
}

type Load = (context: LoadContext, place: Place, name: string) => Promise<readonly TaskNode[]>;

/** Static: the tasks stand there as if written in place; keywords hold for each of them. */
async function readImport(
  context: LoadContext,
  place: Place,
  fields: Fields,
  statement: string,
  target: YamlNode,
  load: Load,
): Promise<readonly TaskNode[]> {
  for (const name of ['loop', 'register', 'notify']) {
    if (fields.has(name))
      context.mistake(
        fields.keyPlace(name),
        `${statement} takes no "${name}"`,
        `write ${statement.replace('import', 'include')}`,
      );
  }
  const id = context.nextId();
  const tags = allTags(place, fields);
  const group = {
    ...readInherited(context, fields, 'include-params'),
    ...readName(context, fields),
    at: fields.node.at,
    when: fields.condition('when') ?? [],
    tags,
    role: place.role,
  };
  if (isDynamic(target)) {
    context.mistake(
      target.at,
      `${statement} cannot depend on variables`,
      `write ${statement.replace('import', 'include')}`,
    );
    return [];
  }
  const name = fields.textOf(target, statement);
  if (name === undefined) return [];
  const inner = { ...place, tags, defaults: withDefaults(context, place.defaults, fields) };
  return [groupOf(id, { ...group, tasks: await load(context, inner, name) })];
}

/** Decided when the play comes to it. Tags of the statement are its own; `apply` gives some to what it brings. */
async function readDynamic(
  context: LoadContext,
  place: Place,
  fields: Fields,
  what: Include['what'],
  target: YamlNode,
  load: Load,
  apply: Fields | undefined,
): Promise<Include> {
  const id = context.nextId();
  const inner = { ...place, defaults: withDefaults(context, place.defaults, fields) };
  const loaded = new Map<string, Promise<readonly TaskNode[]>>();
  const loadInto = async (into: LoadContext, name: string): Promise<readonly TaskNode[]> => {
    if (apply === undefined) return load(into, inner, name);
    const quiet = new Fields(into, apply.node);
    const tags = allTags(inner, quiet);
    const tasks = await load(into, { ...inner, tags, defaults: withDefaults(into, inner.defaults, quiet) }, name);
    const group = { ...readInherited(into, quiet, 'include-params'), when: quiet.condition('when') ?? [] };
    return [groupOf(into.nextId(), { ...group, at: apply.node.at, tags, role: place.role, tasks })];
  };
  const node: Omit<Include, 'known'> = {
    ...readInherited(context, fields, 'include-params'),
    ...readName(context, fields),
    kind: 'include',
    what,
    id,
    at: fields.node.at,
    when: fields.condition('when') ?? [],
    tags: allTags(place, fields),
    role: place.role,
    target: fields.compile(target),
    loop: readLoop(context, fields),
    load(name) {
      const known = loaded.get(name) ?? loadLater(context.child(), place, (child) => loadInto(child, name));
      loaded.set(name, known);
      return known;
    },
  };
  if (isDynamic(target)) return node;
  const name = fields.textOf(target, what === 'role' ? 'include_role' : 'include_tasks');
  if (name === undefined) return node;
  // What includes itself (under a condition) is loaded as deep as it is run.
  if (what === 'tasks' && place.chain.includes(findTasks(place, name))) return node;
  const known = await loadInto(context, name);
  loaded.set(name, Promise.resolve(known));
  return { ...node, known };
}

async function loadLater(
  context: LoadContext,
  place: Place,
  run: (context: LoadContext) => Promise<readonly TaskNode[]>,
): Promise<readonly TaskNode[]> {
  const nodes = await run(context);
  place.play.handlers.check(context);
  context.throwMistakes();
  return nodes;
}

async function readFile(
  context: LoadContext,
  place: Place,
  name: string,
  at: SourceLocation,
): Promise<readonly TaskNode[]> {
  const file = findTasks(place, name);
  if (place.chain.includes(file)) {
    context.mistake(at, `${name} imports itself`, 'use include_tasks with a condition for what repeats');
    return [];
  }
  const root = await context.read(file, at, 'the task file');
  return place.read(context, { ...place, file, chain: [...place.chain, file] }, root, name);
}

/** Beside the file that names it, then in the role, then beside the playbook. */
function findTasks(place: Place, name: string): string {
  const folders = [
    dirname(place.file),
    ...(place.role === undefined ? [] : [resolve(place.role.folder, 'tasks')]),
    place.folder,
  ];
  const candidates = folders.map((folder) => resolve(folder, name));
  return candidates.find((path) => existsSync(path)) ?? resolve(dirname(place.file), name);
}

interface Options {
  readonly target: YamlNode;
  /** The long form. */
  readonly named?: Fields | undefined;
}

function readOptions(
  context: LoadContext,
  fields: Fields,
  statement: string,
  what: Include['what'],
): Options | undefined {
  const node = fields.value(statement);
  if (node === undefined) return undefined;
  const key = what === 'role' ? 'name' : 'file';
  if (node.kind === 'mapping') {
    const named = fields.nested(node);
    named.refuseUnknown(what === 'role' ? ROLE_OPTIONS : TASKS_OPTIONS, statement);
    const target = named.value(key);
    if (target === undefined)
      context.mistake(fields.keyPlace(statement), `${statement} without "${key}"`, `add "${key}: …"`);
    return target === undefined ? undefined : { target, named };
  }
  if (what === 'tasks' && node.kind === 'scalar' && node.value !== null) return { target: node };
  const hint = what === 'role' ? `write ${statement}: { name: … }` : `write ${statement}: FILE.yml`;
  context.mistake(node.at, `${statement} needs the name of a ${what === 'role' ? 'role' : 'file'}`, hint);
  return undefined;
}

function readApply(context: LoadContext, named: Fields | undefined): Fields | undefined {
  const node: MappingNode | undefined = named?.mapping('apply');
  if (node === undefined) return undefined;
  const apply = new Fields(context, node);
  apply.refuseUnknown(APPLY_KEYWORDS, '"apply"');
  return apply;
}
