import type { SourceLocation } from '../util/source.ts';
import { isObject, type Json } from '../util/json.ts';
import { originAt, type TextOrigin } from './source-text.ts';

/** The tags that mean something to kvmnet. A value without one is data, or a template where it holds `{{`. */
export type ScalarTag = 'expr' | 'vault' | 'unsafe';

export interface ScalarNode {
  readonly kind: 'scalar';
  /** The typed value; of a tagged scalar its text. */
  readonly value: string | number | boolean | null;
  /** The decoded text as written: `0x10` where `value` is 16. */
  readonly text: string;
  readonly tag?: ScalarTag | undefined;
  /** Written without quotes or block indicator. */
  readonly plain: boolean;
  readonly origin: TextOrigin;
  readonly at: SourceLocation;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly items: readonly YamlNode[];
  readonly at: SourceLocation;
}

export interface MappingEntry {
  readonly key: ScalarNode;
  readonly value: YamlNode;
}

export interface MappingNode {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, MappingEntry>;
  readonly at: SourceLocation;
}

/**
 * Something a user wrote, with its place. Only nodes are ever rendered: a plain JavaScript value (a fact, a registered
 * result) is data, whatever it looks like, so what a host says can never become a template.
 */
export type YamlNode = ScalarNode | SequenceNode | MappingNode;

export type Path = readonly (string | number)[];

/** A tagged scalar inside a plain value: what `toValue` gives for `!expr`, `!vault` and `!unsafe`. */
export class Tagged {
  readonly tag: ScalarTag;
  readonly text: string;

  constructor(tag: ScalarTag, text: string) {
    this.tag = tag;
    this.text = text;
  }
}

class ScalarSource implements ScalarNode {
  readonly kind = 'scalar';
  readonly value: ScalarNode['value'];
  readonly text: string;
  readonly tag: ScalarTag | undefined;
  readonly plain: boolean;
  readonly origin: TextOrigin;

  constructor(fields: Omit<ScalarNode, 'kind' | 'at'>) {
    this.value = fields.value;
    this.text = fields.text;
    this.tag = fields.tag;
    this.plain = fields.plain;
    this.origin = fields.origin;
  }

  get at(): SourceLocation {
    return this.origin.at;
  }
}

class CollectionSource {
  readonly #locate: () => SourceLocation;

  constructor(locate: () => SourceLocation) {
    this.#locate = locate;
  }

  get at(): SourceLocation {
    return this.#locate();
  }
}

class SequenceSource extends CollectionSource implements SequenceNode {
  readonly kind = 'sequence';
  readonly items: readonly YamlNode[];

  constructor(items: readonly YamlNode[], locate: () => SourceLocation) {
    super(locate);
    this.items = items;
  }
}

class MappingSource extends CollectionSource implements MappingNode {
  readonly kind = 'mapping';
  readonly entries: ReadonlyMap<string, MappingEntry>;

  constructor(entries: ReadonlyMap<string, MappingEntry>, locate: () => SourceLocation) {
    super(locate);
    this.entries = entries;
  }
}

export const scalarNode = (fields: Omit<ScalarNode, 'kind' | 'at'>): ScalarNode => new ScalarSource(fields);

export const sequenceNode = (items: readonly YamlNode[], locate: () => SourceLocation): SequenceNode =>
  new SequenceSource(items, locate);

export const mappingNode = (entries: ReadonlyMap<string, MappingEntry>, locate: () => SourceLocation): MappingNode =>
  new MappingSource(entries, locate);

/** A node of a value that did not come from YAML but was written by the user: INI, `-e key=value`, a flag. */
export function nodeOf(value: Json, at: SourceLocation): YamlNode {
  if (Array.isArray(value)) {
    return sequenceNode(
      value.map((item) => nodeOf(item, at)),
      () => at,
    );
  }
  if (isObject(value)) {
    const entries = new Map<string, MappingEntry>();
    for (const [key, item] of Object.entries(value)) {
      entries.set(key, { key: textNode(key, at), value: nodeOf(item, at) });
    }
    return mappingNode(entries, () => at);
  }
  if (typeof value === 'string') return textNode(value, at);
  const scalar = value as number | boolean | null;
  return scalarNode({ value: scalar, text: String(scalar), plain: true, origin: originAt(at, '') });
}

const textNode = (text: string, at: SourceLocation): ScalarNode =>
  scalarNode({ value: text, text, plain: false, origin: originAt(at, text) });

/** The plain JavaScript value of a node. Templates stay text; tagged scalars become `Tagged`. */
export function toValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.tag === undefined ? node.value : new Tagged(node.tag, node.text);
  if (node.kind === 'sequence') return node.items.map(toValue);
  const result: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) setOwn(result, key, toValue(entry.value));
  return result;
}

/** Sets a property even where its name is `__proto__`. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

export function nodeAt(root: YamlNode | undefined, path: Path): YamlNode | undefined {
  let node = root;
  for (const step of path) {
    if (node?.kind === 'mapping') node = node.entries.get(String(step))?.value;
    else if (node?.kind === 'sequence') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** The place of the value (or of the key) at that path; where there is none, the nearest place around it. */
export function locateIn(root: YamlNode, path: Path, what: 'key' | 'value' = 'value'): SourceLocation {
  const parent = nodeAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (last === undefined) return root.at;
  if (parent?.kind === 'mapping') {
    const entry = parent.entries.get(String(last));
    if (entry !== undefined) return what === 'key' ? entry.key.at : entry.value.at;
  }
  return nodeAt(root, path)?.at ?? locateIn(root, path.slice(0, -1), what);
}
