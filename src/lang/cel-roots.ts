import type { ASTNode } from '@marcbachmann/cel-js';

/** A variable that an expression reads, with the place of its first occurrence. */
export type CelRoots = ReadonlyMap<string, number>;

const COMPREHENSIONS: ReadonlySet<string> = new Set(['map', 'filter', 'all', 'exists', 'exists_one']);
/** Names that cel-js defines itself. */
const CONSTANTS: ReadonlySet<string> = new Set(['optional', 'cel', 'google']);

const TYPE_NAMES: ReadonlySet<string> = new Set('string bool int uint double map list bytes null_type type'.split(' '));

/** Ending of the name under which an expression reads what is both a type and perhaps a variable. */
export const SHADOWED = '\u0000';

/** Names of the variables that an expression reads, less those that comprehensions and `cel.bind` define. */
export function celRoots(ast: ASTNode): CelRoots {
  const roots = new Map<string, number>();
  walk(ast, new Set(), roots);
  return roots;
}

function walk(node: unknown, bound: ReadonlySet<string>, roots: Map<string, number>): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, bound, roots);
    return;
  }
  if (!isAst(node)) return;
  if (node.op === 'id') {
    const name = node.args;
    if (bound.has(name) || CONSTANTS.has(name)) return;
    // Before the check, so that a variable may be called "list" or "type": cel-js would take it for the type.
    if (TYPE_NAMES.has(name)) (node as { args: string }).args = `${name}${SHADOWED}`;
    if (!roots.has(name)) roots.set(name, node.start);
    return;
  }
  const scope = node.op === 'rcall' ? binding(node.args) : undefined;
  if (scope === undefined) {
    if (node.op !== 'value') walk(node.args, bound, roots);
    return;
  }
  walk(scope.outside, bound, roots);
  walk(scope.inside, new Set([...bound, scope.name]), roots);
}

function binding([method, receiver, args]: [string, ASTNode, ASTNode[]]) {
  const [first, second, ...rest] = args;
  if (first?.op !== 'id') return undefined;
  if (COMPREHENSIONS.has(method) && args.length > 1)
    return { name: first.args, outside: [receiver], inside: [second, ...rest] };
  const bind = method === 'bind' && receiver.op === 'id' && receiver.args === 'cel';
  return bind ? { name: first.args, outside: [second], inside: rest } : undefined;
}

const isAst = (node: unknown): node is ASTNode => typeof node === 'object' && node !== null && 'op' in node;
