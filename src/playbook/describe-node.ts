import { describeValue, type YamlNode } from '../lang/index.ts';

/** What stands there, for an error message. */
export function describeNode(node: YamlNode): string {
  if (node.kind === 'mapping') return 'a mapping';
  if (node.kind === 'sequence') return 'a list';
  return node.tag === undefined ? describeValue(node.value) : `a !${node.tag} value`;
}
