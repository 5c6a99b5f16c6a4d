import { nodeOf, type MappingEntry, type ScalarNode, type YamlNode } from '../lang/index.ts';

/** An entry of a mapping that nobody wrote as such: the short form of a module. */
export const entry = (key: string, value: YamlNode): MappingEntry => ({
  key: nodeOf(key, value.at) as ScalarNode,
  value,
});
