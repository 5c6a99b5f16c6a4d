import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDynamic, type Bindable, type Layer, type YamlNode } from '../lang/index.ts';
import type { LoadContext } from './context.ts';
import { describeNode } from './describe-node.ts';
import { type Fields, variablesLayer } from './fields.ts';
import { HandlerNames } from './handlers.ts';
import { readInherited } from './inherited.ts';
import { PLAY_KEYWORDS } from './keywords.ts';
import type { Condition, Play, TaskNode } from './model.ts';
import { withDefaults } from './module-defaults.ts';
import type { Place } from './place.ts';
import { readRoleList } from './read-role.ts';
import { readSerial } from './read-serial.ts';
import { groupOf } from './node-parts.ts';
import { readTasks } from './read-tasks.ts';

/** What an `import_playbook` hands down to the plays it brings. */
export interface Imported {
  readonly tags: readonly string[];
  readonly layers: readonly Layer[];
  readonly when: Condition;
}

const ORDERS = ['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle'] as const;

export async function readPlay(context: LoadContext, file: string, fields: Fields, imported: Imported): Promise<Play> {
  fields.refuseUnknown(PLAY_KEYWORDS, 'a play', ['import_playbook']);
  const tags = [...new Set([...imported.tags, ...fields.names('tags')])];
  const place: Place = {
    folder: dirname(file),
    file,
    tags,
    defaults: withDefaults(context, new Map(), fields),
    chain: [file],
    notify: [],
    handler: false,
    secluded: false,
    read: readTasks,
    play: { handlers: new HandlerNames(), handlerNodes: [], roles: new Set(), roleLayers: [] },
  };
  const hosts = readHosts(context, fields);
  const varsFiles = await readVarsFiles(context, fields, file);
  const preTasks = await readTasks(context, place, fields.value('pre_tasks'), 'pre_tasks');
  const roles = await readRoleList(context, place, fields.sequence('roles', 'roles')?.items ?? []);
  const tasks = await readTasks(context, place, fields.value('tasks'));
  const postTasks = await readTasks(context, place, fields.value('post_tasks'), 'post_tasks');
  const handlers = await readTasks(context, { ...place, handler: true }, fields.value('handlers'), 'handlers');
  const confirm = await readTasks(context, place, fields.value('confirm'), 'confirm');
  place.play.handlers.add(handlers);
  place.play.handlerNodes.push(...handlers);
  place.play.handlers.check(context);
  const conditional = (nodes: readonly TaskNode[]): readonly TaskNode[] =>
    imported.when.length === 0 || nodes.length === 0
      ? nodes
      : [groupOf(context.nextId(), { at: fields.node.at, tags, when: imported.when, tasks: nodes })];
  return {
    ...readInherited(context, fields, 'play', [...place.play.roleLayers, ...varsFiles, ...imported.layers]),
    name: fields.text('name') ?? hostsText(fields),
    at: fields.node.at,
    hosts,
    gatherFacts: fields.flag('gather_facts') ?? true,
    serial: readSerial(context, fields),
    strategy: fields.oneOf('strategy', ['linear', 'free']) ?? 'linear',
    order: fields.oneOf('order', ORDERS) ?? 'inventory',
    maxFailPercentage: readPercentage(context, fields),
    forceHandlers: fields.flag('force_handlers') ?? false,
    tags,
    folder: place.folder,
    preTasks: conditional(preTasks),
    tasks: conditional([...roles, ...tasks]),
    postTasks: conditional(postTasks),
    handlers: place.play.handlerNodes,
    confirm,
  };
}

/** A pattern, or a list of them. */
function readHosts(context: LoadContext, fields: Fields): Bindable {
  const node = fields.value('hosts');
  if (node === undefined) {
    context.mistake(
      fields.node.at,
      'a play without hosts',
      'add "hosts:" with a pattern of the inventory, for example hosts: all',
    );
    return fields.compile(fields.node);
  }
  for (const item of fields.list('hosts')) if (!isDynamic(item)) fields.textOf(item, 'hosts');
  const bindable = fields.compile(node);
  if (node.kind !== 'sequence') return bindable;
  return { ...bindable, bind: (vars) => (bindable.bind(vars) as readonly unknown[]).join(',') };
}

/** The pattern as written: the name of a play that has none. */
const hostsText = (fields: Fields): string =>
  fields
    .list('hosts')
    .map((node) => (node.kind === 'scalar' ? node.text : ''))
    .join(',');

async function readVarsFiles(context: LoadContext, fields: Fields, file: string): Promise<readonly Layer[]> {
  const layers: Layer[] = [];
  for (const item of fields.list('vars_files')) {
    if (isDynamic(item)) {
      context.mistake(
        item.at,
        'vars_files cannot depend on variables',
        'put what differs between hosts into group_vars or host_vars',
      );
      continue;
    }
    // A list inside of the list: the first file that exists.
    const names = (item.kind === 'sequence' ? item.items : [item]).flatMap(
      (each) => fields.textOf(each, 'vars_files') ?? [],
    );
    const paths = names.map((name) => resolve(dirname(file), name));
    const path = paths.find((each) => existsSync(each)) ?? paths[0];
    const root = path === undefined ? undefined : await context.read(path, item.at, 'the variable file');
    const layer = root === undefined ? undefined : variablesOf(context, root);
    if (layer !== undefined) layers.push(layer);
  }
  return layers;
}

function variablesOf(context: LoadContext, root: YamlNode): Layer | undefined {
  if (root.kind === 'mapping') return variablesLayer(context, root, 'vars-files');
  context.mistake(root.at, `variables are a mapping, not ${describeNode(root)}`);
  return undefined;
}

function readPercentage(context: LoadContext, fields: Fields): number | undefined {
  const node = fields.fixed('max_fail_percentage');
  if (node === undefined) return undefined;
  const value = node.kind === 'scalar' ? Number(node.text.replace(/%$/, '')) : Number.NaN;
  if (value >= 0 && value <= 100) return value;
  context.mistake(node.at, `max_fail_percentage: expected a number from 0 to 100, not ${describeNode(node)}`);
  return undefined;
}
