import { formatRate } from '../../src/sdk/index.ts';

interface Node {
  readonly classid: string;
  readonly parent?: string | undefined;
  readonly rate: number;
  readonly ceil?: number | undefined;
}

interface Tree {
  readonly root_handle: string;
  readonly default?: string | undefined;
  readonly classes: readonly Node[];
  readonly filters?: readonly { readonly flowid: string; readonly parent?: string | undefined }[] | undefined;
  readonly replace: boolean;
}

export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The kernel checks none of these: it attaches, accepts, and shapes something else than was meant. */
export function treeProblems(tree: Tree): readonly Problem[] {
  const problems: Problem[] = [];
  const complain = (path: readonly PropertyKey[], message: string): void => void problems.push({ path, message });
  const major = tree.root_handle;
  const byId = new Map(tree.classes.map((node) => [node.classid, node]));
  const known = (id: string): boolean => byId.has(id) || !tree.replace;
  for (const [i, node] of tree.classes.entries()) {
    const at = ['classes', i];
    if (tree.classes.findIndex((other) => other.classid === node.classid) < i) {
      complain([...at, 'classid'], `class ${node.classid} is there twice`);
    }
    if (!node.classid.startsWith(major))
      complain([...at, 'classid'], `class ${node.classid} does not belong to the root ${major}`);
    if (node.parent !== undefined && node.parent !== major && !known(node.parent)) {
      complain([...at, 'parent'], `there is no class ${node.parent}: the kernel would put ${node.classid} at the root`);
    }
    if (node.ceil !== undefined && node.ceil < node.rate) {
      complain(
        [...at, 'ceil'],
        `ceil ${formatRate(node.ceil)} of ${node.classid} is below its rate ${formatRate(node.rate)}`,
      );
    }
    const depth = depthOf(node, byId, major);
    if (depth > 8)
      complain(
        [...at, 'parent'],
        depth === Number.POSITIVE_INFINITY ? `${node.classid} is its own ancestor` : 'HTB has at most 8 levels',
      );
    const children = tree.classes.filter(({ parent }) => parent === node.classid);
    const sum = children.reduce((total, child) => total + child.rate, 0);
    if (sum > node.rate) {
      complain(
        [...at, 'rate'],
        `the classes below ${node.classid} are promised ${formatRate(sum)}, it has ${formatRate(node.rate)}`,
      );
    }
  }
  const fallback = tree.default === undefined || tree.default === '0' ? undefined : `${major}${tree.default}`;
  if (fallback !== undefined && !known(fallback)) {
    complain(['default'], `there is no class ${fallback} for default: packets would pass unshaped`);
  }
  for (const [i, filter] of (tree.filters ?? []).entries()) {
    if (!known(filter.flowid)) complain(['filters', i, 'flowid'], `there is no class ${filter.flowid}`);
    if (filter.parent !== undefined && filter.parent !== major && !known(filter.parent)) {
      complain(['filters', i, 'parent'], `there is no class ${filter.parent}`);
    }
  }
  return problems;
}

function depthOf(node: Node, byId: ReadonlyMap<string, Node>, major: string): number {
  let depth = 1;
  let at: Node | undefined = node;
  while (at?.parent !== undefined && at.parent !== major) {
    depth += 1;
    if (depth > byId.size + 1) return Number.POSITIVE_INFINITY;
    at = byId.get(at.parent);
  }
  return depth;
}
