import { isDynamic, mappingNode, type Layer, type LayerKind, type MappingNode, type YamlNode } from '../lang/index.ts';
import type { SourceLocation } from '../util/source.ts';
import type { LoadContext } from './context.ts';
import { describeNode } from './describe-node.ts';
import { Fields, variablesLayer } from './fields.ts';
import { readInherited } from './inherited.ts';
import { ROLE_KEYWORDS } from './keywords.ts';
import type { Role, TaskNode } from './model.ts';
import { withDefaults } from './module-defaults.ts';
import type { Place } from './place.ts';
import { findRole, roleFiles, roleName } from './role-files.ts';
import { allTags, groupOf } from './node-parts.ts';

/** Which files of a role are used: `tasks_from` and the like. */
export interface RoleParts {
  readonly tasks?: string | undefined;
  readonly vars?: string | undefined;
  readonly defaults?: string | undefined;
  readonly handlers?: string | undefined;
}

export const roleParts = (fields: Fields): RoleParts => ({
  tasks: fields.text('tasks_from'),
  vars: fields.text('vars_from'),
  defaults: fields.text('defaults_from'),
  handlers: fields.text('handlers_from'),
});

/**
 * The tasks of a role, those of the roles that it depends on first, with its variables around them. Its handlers go to
 * the play.
 * @param at - the place that names it
 */
export async function readRole(
  context: LoadContext,
  place: Place,
  name: string,
  at: SourceLocation,
  parts: RoleParts = {},
): Promise<readonly TaskNode[]> {
  const found = findRole(place, context.options, name);
  if ('hint' in found) {
    context.mistake(at, `there is no role "${name}"`, found.hint, 'missing');
    return [];
  }
  const { folder } = found;
  if (place.chain.includes(folder)) {
    context.mistake(at, `the role "${name}" depends on itself`, 'remove one of the dependencies');
    return [];
  }
  const role: Role = { name: roleName(name), folder };
  const layers = await roleLayers(context, folder, at, parts);
  if (!place.secluded) place.play.roleLayers.push(...layers);
  const inner: Place = { ...place, role, chain: [...place.chain, folder] };
  const id = context.nextId();
  const before = await readDependencies(context, inner);
  const own = await readPart(context, inner, 'tasks', parts.tasks, at);
  const handlers = await readPart(context, { ...inner, handler: true }, 'handlers', parts.handlers, at);
  if (handlers.length > 0) {
    place.play.handlers.add(handlers);
    addHandlers(place, groupOf(context.nextId(), { at, tags: place.tags, role, layers, tasks: handlers }));
  }
  return [groupOf(id, { at, tags: place.tags, role, layers, tasks: [...before, ...own] })];
}

/** Before those of the play itself, which win over them. */
function addHandlers({ play }: Place, group: TaskNode): void {
  const own = play.handlerNodes.findIndex(({ role }) => role === undefined);
  play.handlerNodes.splice(own < 0 ? play.handlerNodes.length : own, 0, group);
}

/** Defaults and variables of a role. */
async function roleLayers(
  context: LoadContext,
  folder: string,
  at: SourceLocation,
  parts: RoleParts = {},
): Promise<readonly Layer[]> {
  return [
    ...(await variableFiles(context, folder, 'defaults', parts.defaults, at, 'role-defaults')),
    ...(await variableFiles(context, folder, 'vars', parts.vars, at, 'role')),
  ];
}

async function variableFiles(
  context: LoadContext,
  folder: string,
  part: string,
  from: string | undefined,
  at: SourceLocation,
  kind: LayerKind,
): Promise<readonly Layer[]> {
  const files = roleFiles(folder, part, from ?? 'main');
  if (files.length === 0 && from !== undefined) missingPart(context, at, folder, part, from);
  const layers: Layer[] = [];
  for (const file of files) {
    const root = await context.read(file, at, 'the variable file');
    if (root?.kind === 'mapping') layers.push(variablesLayer(context, root, kind));
    else if (root !== undefined) context.mistake(root.at, `variables are a mapping, not ${describeNode(root)}`);
  }
  return layers;
}

async function readPart(
  context: LoadContext,
  place: Place & { readonly role?: Role | undefined },
  part: 'tasks' | 'handlers',
  from: string | undefined,
  at: SourceLocation,
): Promise<readonly TaskNode[]> {
  const folder = place.role?.folder ?? place.folder;
  const files = roleFiles(folder, part, from ?? 'main');
  if (files.length === 0 && from !== undefined) missingPart(context, at, folder, part, from);
  const nodes: TaskNode[] = [];
  for (const file of files) {
    const root = await context.read(file, at, 'the task file');
    nodes.push(...(await place.read(context, { ...place, file, chain: [...place.chain, file] }, root, part)));
  }
  return nodes;
}

const missingPart = (context: LoadContext, at: SourceLocation, folder: string, part: string, from: string): void =>
  context.mistake(at, `the role "${roleName(folder)}" has no ${part}/${from}`, undefined, 'missing');

async function readDependencies(context: LoadContext, place: Place): Promise<readonly TaskNode[]> {
  const [file] = roleFiles(place.role?.folder ?? place.folder, 'meta', 'main');
  if (file === undefined) return [];
  const root = await context.read(file, undefined, 'the file');
  if (root === undefined) return [];
  if (root.kind !== 'mapping') {
    context.mistake(root.at, `meta/main is a mapping, not ${describeNode(root)}`);
    return [];
  }
  const list = new Fields(context, root).sequence('dependencies', 'roles');
  return list === undefined ? [] : readRoleList(context, { ...place, file }, list.items);
}

/** The entries of `roles:` or `dependencies:`. A role that comes again with the same parameters is left out. */
export async function readRoleList(
  context: LoadContext,
  place: Place,
  items: readonly YamlNode[],
): Promise<readonly TaskNode[]> {
  const nodes: TaskNode[] = [];
  for (const item of items) {
    const entry = readEntry(context, item);
    if (entry === undefined) continue;
    const key = `${entry.name} ${entry.fields === undefined ? '' : JSON.stringify(textsOf(entry.fields.node))}`;
    const again = place.play.roles.has(key) && !isAround(context, place, entry.name);
    if (again && !(await allowsDuplicates(context, place, entry.name))) continue;
    place.play.roles.add(key);
    nodes.push(...(await readRoleEntry(context, place, entry)));
  }
  return nodes;
}

/** The role is one of those that are being read: a cycle, which reading it reports. */
function isAround(context: LoadContext, place: Place, name: string): boolean {
  const found = findRole(place, context.options, name);
  return 'folder' in found && place.chain.includes(found.folder);
}

interface RoleEntry {
  readonly name: string;
  readonly at: SourceLocation;
  /** The long form. */
  readonly fields?: Fields | undefined;
}

function readEntry(context: LoadContext, item: YamlNode): RoleEntry | undefined {
  if (item.kind === 'mapping') {
    const fields = new Fields(context, item);
    const key = fields.has('role') ? 'role' : 'name';
    const node = fields.value(key);
    if (node === undefined) {
      context.mistake(item.at, 'a role without a name', 'write - role: NAME');
      return undefined;
    }
    const name = fixedName(context, fields, node);
    return name === undefined ? undefined : { name, at: node.at, fields };
  }
  const name = fixedName(
    context,
    new Fields(
      context,
      mappingNode(new Map(), () => item.at),
    ),
    item,
  );
  return name === undefined ? undefined : { name, at: item.at };
}

function fixedName(context: LoadContext, fields: Fields, node: YamlNode): string | undefined {
  if (!isDynamic(node)) return fields.textOf(node, 'role');
  context.mistake(node.at, 'the name of a role cannot depend on variables', 'use include_role in a task');
  return undefined;
}

async function readRoleEntry(
  context: LoadContext,
  place: Place,
  { name, at, fields }: RoleEntry,
): Promise<readonly TaskNode[]> {
  if (fields === undefined) return readRole(context, place, name, at);
  // Everything that is no keyword is a parameter of the role.
  const params = new Map([...fields.node.entries].filter(([key]) => !ROLE_KEYWORDS.includes(key)));
  const layer =
    params.size === 0
      ? []
      : [
          variablesLayer(
            context,
            mappingNode(params, () => fields.node.at),
            'role-params',
          ),
        ];
  const tags = allTags(place, fields);
  const inner = { ...place, tags, defaults: withDefaults(context, place.defaults, fields) };
  const group = {
    ...readInherited(context, fields, 'role-params', layer),
    when: fields.condition('when') ?? [],
    at: fields.node.at,
    tags,
    role: place.role,
  };
  const id = context.nextId();
  return [groupOf(id, { ...group, tasks: await readRole(context, inner, name, at) })];
}

async function allowsDuplicates(context: LoadContext, place: Place, name: string): Promise<boolean> {
  const found = findRole(place, context.options, name);
  if ('hint' in found) return false;
  const [file] = roleFiles(found.folder, 'meta', 'main');
  const root = file === undefined ? undefined : await context.read(file, undefined, 'the file');
  return root?.kind === 'mapping' && new Fields(context, root).flag('allow_duplicates') === true;
}

const textsOf = (node: MappingNode): unknown =>
  Array.from(node.entries, ([name, { value }]) => [name, value.kind === 'scalar' ? value.text : children(value)]);

const children = (node: YamlNode): unknown => {
  if (node.kind === 'scalar') return node.text;
  return node.kind === 'sequence' ? node.items.map(children) : textsOf(node);
};
