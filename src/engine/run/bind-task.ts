import { KvmnetError } from '../../util/errors.ts';
import { isObject } from '../../util/json.ts';
import {
  evaluateCondition,
  materialize,
  openFile,
  valueLayer,
  type Bindable,
  type Expr,
  type Layer,
  type VarSource,
} from '../../lang/index.ts';
import type { Host } from '../../inventory/model.ts';
import type { Task } from '../../playbook/model.ts';
import { displayPath } from '../../playbook/display-path.ts';
import { validateParams } from '../../playbook/validate-params.ts';
import type { AnyModule, AnyResource, ControllerFiles } from '../../sdk/index.ts';
import type { BoundExpression } from '../../sdk/action.ts';
import type { Become } from '../../transport/types.ts';
import { controllerFiles, type FileHashes } from '../controller-files.ts';
import { withEnvironment, type Environment } from '../host/probe-request.ts';
import { bindResource, type Resource } from '../resource/reading.ts';
import { renderFile } from './render-file.ts';
import { allEnvironment, allLayers, keyword, type Frames } from './frames.ts';
import type { RunContext } from './run-context.ts';

/** The variables as a task sees them on one host. */
export const taskScope = (
  context: RunContext,
  host: Host,
  task: Task,
  frames: Frames,
  more: readonly Layer[] = [],
): VarSource => context.variables.scope(host, [...allLayers(frames, task), ...more]);

/** All conditions that stand before the task: its own and those around it. */
export const conditions = (task: Task, frames: Frames): readonly Expr[] => [...frames.when, ...task.when];

export const holds = (exprs: readonly Expr[], vars: VarSource): boolean => unmet(exprs, vars) === undefined;

/** The first condition that does not hold. */
export const unmet = (exprs: readonly Expr[], vars: VarSource): Expr | undefined =>
  exprs.find((expr) => !evaluateCondition(expr, vars));

export interface LoopItem {
  readonly layer: Layer;
  readonly value: unknown;
  /** What the report shows: the label, else the item in short. */
  readonly label: (vars: VarSource) => string;
}

/** The items of the task's loop; undefined where it has none. @throws KvmnetError where they are no list */
export function loopItems(loop: Task['loop'], vars: VarSource): readonly LoopItem[] | undefined {
  if (loop === undefined) return undefined;
  const items = materialize(loop.items.bind(vars));
  if (!Array.isArray(items)) {
    throw new KvmnetError(
      'playbook',
      `loop needs a list, and this is ${items === null ? 'null' : `a ${typeof items}`}`,
      {
        at: loop.items.at,
        hint: 'a mapping can be walked with: loop: !expr keys(x)',
      },
    );
  }
  return items.map((value: unknown, index) => ({
    value,
    layer: valueLayer('loop', {
      [loop.loopVar]: value,
      ...(loop.indexVar === undefined ? {} : { [loop.indexVar]: index }),
    }),
    label: (itemVars) => shorten(loop.label === undefined ? value : loop.label.bind(itemVars)),
  }));
}

const shorten = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};

export function bindText(bindable: Bindable | undefined, vars: VarSource): string | undefined {
  const value = bindable?.bind(vars);
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  if (typeof value === 'number') return `${value}`;
  throw new KvmnetError('playbook', `a text is needed here, not ${JSON.stringify(value)}`, { at: bindable?.at });
}

export function bindBoolean(bindable: Bindable | undefined, vars: VarSource): boolean | undefined {
  const value = bindable?.bind(vars);
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
  if (typeof value === 'string' && /^(?:yes|on|true)$/i.test(value)) return true;
  if (typeof value === 'string' && /^(?:no|off|false)$/i.test(value)) return false;
  throw new KvmnetError('playbook', `true or false is needed here, not ${JSON.stringify(value)}`, { at: bindable?.at });
}

export function bindNumber(bindable: Bindable | undefined, vars: VarSource): number | undefined {
  const value = bindable?.bind(vars);
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number;
  throw new KvmnetError('playbook', `a number is needed here, not ${JSON.stringify(value)}`, { at: bindable?.at });
}

/** As whom the task runs. As in Ansible the host's variables win over task, block and play, and those over `-b`. */
export function bindBecome(
  context: RunContext,
  host: Host,
  task: Task,
  frames: Frames,
  vars: VarSource,
): Become | undefined {
  return context.become(host, {
    enabled: bindBoolean(keyword(frames, task, 'become'), vars),
    user: bindText(keyword(frames, task, 'becomeUser'), vars),
    method: bindText(keyword(frames, task, 'becomeMethod'), vars),
    at: keyword(frames, task, 'becomeMethod')?.at,
  });
}

export function bindEnvironment(task: Task, frames: Frames, vars: VarSource): Environment {
  const environment: Record<string, string> = {};
  for (const bindable of allEnvironment(frames, task)) {
    const values = materialize(bindable.bind(vars));
    if (!isObject(values))
      throw new KvmnetError('playbook', 'environment needs a mapping of names to texts', { at: bindable.at });
    for (const [name, value] of Object.entries(values)) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new KvmnetError('playbook', `"${name}" cannot be the name of an environment variable`, {
          at: bindable.at,
        });
      }
      environment[name] = typeof value === 'string' ? value : JSON.stringify(value);
    }
  }
  return environment;
}

/** A task with its parameters bound and checked: what it will do on this host. */
export type BoundTask =
  | { readonly kind: 'resource'; readonly module: AnyResource; readonly resource: Resource }
  | {
      readonly kind: 'action';
      readonly run: BoundAction;
      readonly effect: 'none' | 'change';
      readonly local: boolean;
      /** The scripts that it will look at first. */
      readonly looks: readonly string[];
      /** It does nothing while no reboot is pending. */
      readonly idle: boolean;
    };

type BoundAction = (
  host: Parameters<Extract<AnyModule, { kind: 'action' }>['run']>[1],
) => ReturnType<Extract<AnyModule, { kind: 'action' }>['run']>;

export async function bindTask(
  module: AnyModule,
  task: Task,
  vars: VarSource,
  files: ControllerFiles,
  environment: Environment,
): Promise<BoundTask> {
  const bound = materialize(task.params.bind(vars)) as Record<string, unknown>;
  const params: unknown = validateParams(module, { ...bound, ...bindExpressions(task, vars) }, task.paramsNode);
  if (module.kind === 'action') {
    await module.precheck?.(params, files);
    return {
      kind: 'action',
      run: (host) => module.run(params, host),
      effect: module.effect,
      local: module.where === 'controller',
      looks: (module.looks?.(params) ?? []).map((command) => withEnvironment(command, environment)),
      idle: module.idle?.(params) ?? false,
    };
  }
  const { persist = true, ...rest } = params as Record<string, unknown>;
  // `persist` belongs to the engine unless the module has a parameter of that name itself.
  const own: unknown = module.boot === undefined ? params : rest;
  const prepared: unknown = module.prepare === undefined ? own : await module.prepare(own, files);
  const act = module.asAction?.(prepared);
  if (act !== undefined) {
    return {
      kind: 'action',
      run: (host) => act(prepared, host),
      effect: 'change',
      local: false,
      looks: [],
      idle: false,
    };
  }
  return { kind: 'resource', module, resource: bindResource(module, prepared, environment, persist === true) };
}

/** Parameters that are CEL, each with what it gives: an error is a value here, for the module to show. */
function bindExpressions(task: Task, vars: VarSource): Record<string, readonly BoundExpression[]> {
  return Object.fromEntries(
    [...task.expressions].map(([name, exprs]) => [name, exprs.map((expr) => evaluate(expr, vars))]),
  );
}

function evaluate(expr: Expr, vars: VarSource): BoundExpression {
  try {
    return { source: expr.source, value: materialize(expr.evaluate(vars)) };
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    return { source: expr.source, error: error.message };
  }
}

/** The controller's files as the task sees them. */
export const taskFiles = (
  context: RunContext,
  task: Task,
  vars: VarSource,
  hashes: Pick<FileHashes, 'stat'> = context.hashes,
): ControllerFiles =>
  controllerFiles({
    folders: task.searchPath,
    hashes,
    render: (text, file, find) => renderFile(text, file, find, vars),
    open: (text, file) => openFile(text, displayPath(file), context.input.vault),
  });
