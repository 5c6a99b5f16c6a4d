import { isDynamic, mappingNode, type Bindable, type Expr, type MappingNode, type YamlNode } from '../lang/index.ts';
import type { LoadContext } from './context.ts';
import { describeNode } from './describe-node.ts';
import { compileExpression, isNull, type Fields } from './fields.ts';
import { findModule } from './find-module.ts';
import { readInherited } from './inherited.ts';
import type { Loop, Task } from './model.ts';
import { withDefaults } from './module-defaults.ts';
import { variableNameProblem } from './names.ts';
import { readParams } from './read-params.ts';
import { searchPath, type Place } from './place.ts';
import { allTags, readName } from './node-parts.ts';

/** A task that runs a module. Undefined where there is none in it, which is reported. */
export async function readTask(context: LoadContext, place: Place, fields: Fields): Promise<Task | undefined> {
  const id = context.nextId();
  const module = await findModule(context, fields);
  const common = {
    ...readInherited(context, fields, 'task'),
    ...readName(context, fields),
    kind: 'task' as const,
    id,
    at: fields.node.at,
    when: fields.condition('when') ?? [],
    tags: allTags(place, fields),
    role: place.role,
    loop: readLoop(context, fields),
    register: readRegister(context, fields),
    until: fields.condition('until'),
    retries: fields.number('retries'),
    delay: fields.number('delay'),
    notify: [...place.notify, ...readNotify(fields, place)],
    listen: readListen(context, fields, place),
    changedWhen: fields.condition('changed_when'),
    failedWhen: fields.condition('failed_when'),
    searchPath: searchPath(place),
  };
  const defaults = withDefaults(context, place.defaults, fields);
  if (module === undefined) return undefined;
  const params = readParams(context, module.schema, fields, module.key, defaults.get(module.key) ?? []);
  if (params === undefined) return undefined;
  const { node, expressions } = params;
  return {
    ...common,
    module: module.key,
    params: compileParams(fields, node, expressions),
    paramsNode: node,
    expressions,
  };
}

function compileParams(fields: Fields, node: MappingNode, expressions: ReadonlyMap<string, readonly Expr[]>): Bindable {
  if (expressions.size === 0) return fields.compile(node);
  const entries = new Map([...node.entries].filter(([name]) => !expressions.has(name)));
  // Same mapping, less what is bound as expressions.
  return fields.compile(mappingNode(entries, () => node.at));
}

function readListen(context: LoadContext, fields: Fields, place: Place): readonly string[] {
  if (!place.handler && fields.has('listen'))
    context.mistake(fields.keyPlace('listen'), '"listen" outside of handlers', 'put the task under "handlers:"');
  else if (place.handler && !fields.has('listen') && !fields.has('name'))
    context.mistake(fields.node.at, 'a handler without a name can never be notified', 'add "name:"');
  return fields.names('listen');
}

const LOOP_CONTROL = ['loop_var', 'index_var', 'label', 'pause'];

export function readLoop(context: LoadContext, fields: Fields): Loop | undefined {
  const control = fields.mapping('loop_control');
  const controls = control === undefined ? undefined : fields.nested(control);
  controls?.refuseUnknown(LOOP_CONTROL, 'loop_control');
  const node = fields.value('loop');
  if (node === undefined) {
    if (control !== undefined)
      context.mistake(fields.keyPlace('loop_control'), 'loop_control without a loop', 'add "loop:", or remove it');
    return undefined;
  }
  const items = readItems(context, fields, node);
  if (items === undefined) return undefined;
  return {
    items,
    loopVar: readVariable(context, controls, 'loop_var') ?? 'item',
    indexVar: readVariable(context, controls, 'index_var'),
    label: controls?.words('label'),
    pause: controls?.number('pause'),
  };
}

function readItems(context: LoadContext, fields: Fields, node: YamlNode): Bindable | undefined {
  if (node.kind === 'sequence' || isDynamic(node)) return fields.compile(node);
  if (node.kind === 'scalar' && typeof node.value === 'string' && node.tag === undefined) {
    // As in `when`: a loop without braces is an expression.
    const expr = context.attempt(() => compileExpression(node, 'loop'));
    if (expr === undefined) return undefined;
    return { at: node.at, roots: expr.roots, constant: false, bind: (vars) => expr.evaluate(vars) };
  }
  context.mistake(
    node.at,
    `loop: expected a list, not ${describeNode(node)}`,
    node.kind === 'mapping' ? 'for a mapping write loop: !expr items(name), then item.key and item.value' : undefined,
  );
  return undefined;
}

function readRegister(context: LoadContext, fields: Fields): string | undefined {
  return readVariable(context, fields, 'register');
}

/** Words that expressions cannot use as names of variables. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'as break const continue else false for function if import in let loop null package namespace return true var void ' +
    'while'
  ).split(' '),
);

function readVariable(context: LoadContext, fields: Fields | undefined, keyword: string): string | undefined {
  const name = fields?.text(keyword);
  const at = fields?.value(keyword)?.at;
  if (name === undefined || at === undefined) return undefined;
  const problem = RESERVED.has(name)
    ? { message: `"${name}" is a reserved word of the expression language`, hint: 'choose another name' }
    : variableNameProblem(name);
  if (problem === undefined) return name;
  context.mistake(at, `${keyword}: ${problem.message}`, problem.hint);
  return undefined;
}

export function readNotify(fields: Fields, place: Place): readonly Bindable[] {
  return fields.list('notify').flatMap((node) => {
    if (isNull(node)) return [];
    if (!isDynamic(node)) {
      const name = fields.textOf(node, 'notify');
      if (name === undefined) return [];
      place.play.handlers.notify(name, node.at);
    }
    return [fields.compile(node)];
  });
}
