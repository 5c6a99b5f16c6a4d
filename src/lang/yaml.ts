import { parseEvents, YAMLException } from 'js-yaml';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { locateIn, nodeAt, toValue, type Path, type YamlNode } from './node.ts';
import { isYaml11Boolean } from './scalar-type.ts';
import { SourceText } from './source-text.ts';
import { explainSyntax } from './yaml-hints.ts';
import { TreeBuilder } from './yaml-tree.ts';

const MAX_DEPTH = 100;

export interface YamlFile {
  /** Undefined for an empty document and where nothing could be read. */
  readonly root: YamlNode | undefined;
  /** The plain value; null for an empty document. */
  readonly value: unknown;
  readonly diagnostics: readonly KvmnetError[];
  locate(path: Path, what?: 'key' | 'value'): SourceLocation;
  /** The scalar at that path was written without quotes. */
  isPlain(path: Path): boolean;
}

/**
 * Parses one YAML 1.2 document (JSON is a part of it) and keeps the place of every key and value. Never throws for what
 * the text holds: mistakes are in `diagnostics`, and what could be read around them is in `root`.
 */
export function parseYaml(text: string, file: string): YamlFile {
  const source = new SourceText(file, text);
  const builder = new TreeBuilder(source);
  let root: YamlNode | undefined;
  try {
    root = builder.build(parseEvents(text, { filename: file, maxDepth: MAX_DEPTH }));
  } catch (error) {
    if (error instanceof YAMLException) builder.diagnostics.push(explainSyntax(error, source));
    else if (error instanceof KvmnetError) builder.diagnostics.push(error);
    else throw error;
  }
  return {
    root,
    get value() {
      return root === undefined ? null : toValue(root);
    },
    diagnostics: builder.diagnostics,
    locate: (path, what) => (root === undefined ? source.locate(0) : locateIn(root, path, what)),
    isPlain(path) {
      const node = nodeAt(root, path);
      return node?.kind === 'scalar' && node.plain;
    },
  };
}

/** The scalar is unquoted `yes`, `no`, `on` or `off`: a boolean to Ansible, text to YAML 1.2. */
export const isPlainYesNo = (node: YamlNode | undefined): boolean =>
  node?.kind === 'scalar' && node.plain && typeof node.value === 'string' && isYaml11Boolean(node.value);
