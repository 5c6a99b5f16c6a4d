import {
  compileValue,
  mappingNode,
  nodeOf,
  type MappingEntry,
  type Expr,
  type ScalarNode,
  type Vault,
} from '../lang/index.ts';
import { checkParams } from '../playbook/check-params.ts';
import { compileExpression } from '../playbook/fields.ts';
import type { Play, Playbook, Task } from '../playbook/model.ts';
import type { AnyModule } from '../sdk/index.ts';
import { DiagnosticsError } from '../util/errors.ts';
import type { Json } from '../util/json.ts';
import type { SourceLocation } from '../util/source.ts';

interface AdHoc {
  readonly module: AnyModule;
  readonly pattern: string;
  readonly patternAt: SourceLocation;
  /** By parameter, with the place on the command line where it was given. */
  readonly parameters: ReadonlyMap<string, { readonly value: Json; readonly at: SourceLocation }>;
  /** The place of the module's name. */
  readonly at: SourceLocation;
  /** Where files of the controller are looked for. */
  readonly folder: string;
  readonly vault: Vault;
}

const inherited = { environment: [], layers: [] } as const;

/** A playbook of one play with one task. @throws DiagnosticsError with every mistake in the parameters */
export function adHocPlaybook({ module, pattern, patternAt, parameters, at, folder, vault }: AdHoc): Playbook {
  const entries = Array.from(parameters, ([name, { value, at }]): [string, MappingEntry] => [
    name,
    { key: nodeOf(name, at) as ScalarNode, value: nodeOf(value, at) },
  ]);
  const paramsNode = mappingNode(new Map(entries), () => at);
  const mistakes = checkParams(module, paramsNode, at);
  if (mistakes.length > 0) throw new DiagnosticsError(mistakes);
  const named = module.kind === 'action' ? (module.expressions ?? []) : [];
  const params = compileValue(
    mappingNode(new Map(entries.filter(([name]) => !named.includes(name))), () => at),
    { vault },
  );
  const expressions = new Map(named.flatMap((name) => expressionsOf(name, parameters.get(name))));
  const needsFacts = [params, ...[...expressions.values()].flat()].some(({ roots }) => roots.has('facts'));
  const task: Task = {
    ...inherited,
    kind: 'task',
    id: 1,
    name: undefined,
    at,
    when: [],
    tags: [],
    module: module.name,
    params,
    paramsNode,
    expressions,
    notify: [],
    listen: [],
    searchPath: [folder],
  };
  const play: Play = {
    ...inherited,
    name: module.name,
    at,
    hosts: compileValue(nodeOf(pattern, patternAt)),
    gatherFacts: needsFacts,
    serial: [],
    strategy: 'linear',
    order: 'inventory',
    forceHandlers: false,
    tags: [],
    folder,
    preTasks: [],
    tasks: [task],
    postTasks: [],
    handlers: [],
    confirm: [],
  };
  return { file: '<command line>', plays: [play] };
}

function expressionsOf(
  name: string,
  given: { readonly value: Json; readonly at: SourceLocation } | undefined,
): [string, readonly Expr[]][] {
  if (given === undefined) return [];
  return [[name, [given.value].flat<Json[]>().map((text) => compileExpression(nodeOf(text, given.at), name))]];
}
