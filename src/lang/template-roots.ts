import { isBlock, isCall, isMustache, isPath, type Ast } from './template-parse.ts';

/** Names of the variables a template may read: the paths that reach the outermost context. */
export function templateRoots(program: hbs.AST.Program): ReadonlySet<string> {
  const roots = new Set<string>();
  walkProgram(program, { depth: 0, params: new Set() }, roots);
  return roots;
}

interface Place {
  /** Blocks around this that changed the context. */
  readonly depth: number;
  readonly params: ReadonlySet<string>;
}

function walkProgram(program: hbs.AST.Program, place: Place, roots: Set<string>): void {
  for (const node of program.body) walk(node, place, roots);
}

function walk(node: Ast, place: Place, roots: Set<string>): void {
  if (isPath(node)) {
    const [head, second] = node.parts as readonly (string | undefined)[];
    if (node.data) {
      if (head === 'root' && second !== undefined) roots.add(second);
    } else if (head !== undefined && node.depth === place.depth && !(place.params.has(head) && node.depth === 0))
      roots.add(head);
  } else if (isMustache(node) || isCall(node)) {
    if (node.params.length === 0) walk(node.path, place, roots);
    for (const param of node.params) walk(param, place, roots);
  } else if (isBlock(node)) {
    for (const param of node.params) walk(param, place, roots);
    const deeper = node.path.original === 'each' || node.path.original === 'with';
    const names = (node.program.blockParams as readonly string[] | undefined) ?? [];
    const params = new Set([...place.params, ...names]);
    walkProgram(node.program, { depth: place.depth + (deeper ? 1 : 0), params }, roots);
    if ((node.inverse as hbs.AST.Program | undefined) !== undefined) walkProgram(node.inverse, place, roots);
  }
}
