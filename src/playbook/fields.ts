import {
  checkCondition,
  coerceBoolean,
  compileExpr,
  compileValue,
  isDynamic,
  isPlainYesNo,
  sourceLayer,
  type Bindable,
  type Expr,
  type Layer,
  type LayerKind,
  type MappingNode,
  type ScalarNode,
  type SequenceNode,
  type YamlNode,
} from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { didYouMean } from '../util/suggest.ts';
import type { LoadContext } from './context.ts';
import { describeNode } from './describe-node.ts';
import { remedyFor } from './keywords.ts';
import type { Condition } from './model.ts';
import { variableNameProblem } from './names.ts';

/** The keywords of one mapping in a playbook, read by type. Every mistake is reported; the value is then undefined. */
export class Fields {
  readonly node: MappingNode;
  readonly #context: LoadContext;

  constructor(context: LoadContext, node: MappingNode) {
    this.#context = context;
    this.node = node;
  }

  /** The fields of a mapping inside of this one. */
  nested(node: MappingNode): Fields {
    return new Fields(this.#context, node);
  }

  has(name: string): boolean {
    return this.node.entries.has(name);
  }

  value(name: string): YamlNode | undefined {
    return this.node.entries.get(name)?.value;
  }

  keyPlace(name: string): SourceLocation {
    return this.node.entries.get(name)?.key.at ?? this.node.at;
  }

  /** Reports the keys that are none of these. */
  refuseUnknown(known: readonly string[], where: string, more: readonly string[] = []): void {
    for (const [name, { key }] of this.node.entries) {
      if (known.includes(name)) continue;
      const remedy = remedyFor(name);
      const message = remedy === undefined ? `unknown keyword "${name}" in ${where}` : `"${name}" is not supported`;
      this.#context.mistake(key.at, message, remedy ?? didYouMean(name, [...known, ...more]));
    }
  }

  /** A constant text. Numbers are taken as they are written. */
  text(name: string): string | undefined {
    const node = this.value(name);
    if (node === undefined) return undefined;
    return this.textOf(node, name);
  }

  textOf(node: YamlNode, what: string): string | undefined {
    if (isPlainYesNo(node)) {
      const { text } = node as ScalarNode;
      this.#context.mistake(node.at, `${what}: ${text} is not a text`, `put it into quotes: "${text}"`);
      return undefined;
    }
    if (
      node.kind === 'scalar' &&
      node.tag === undefined &&
      (typeof node.value === 'string' || typeof node.value === 'number')
    )
      return node.text;
    return this.#expected(node, what, 'a text');
  }

  /** A constant that can be no template, because it is needed before there is a host. */
  fixed(name: string): YamlNode | undefined {
    const node = this.value(name);
    if (node === undefined || !isDynamic(node)) return node;
    this.#context.mistake(
      node.at,
      `${name} cannot depend on variables`,
      'write the value itself: it is needed before there is a host',
    );
    return undefined;
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined {
    const node = this.fixed(name);
    if (node === undefined) return undefined;
    const word = words.find((each) => node.kind === 'scalar' && node.value === each);
    if (word === undefined && node.kind === 'scalar')
      this.#context.mistake(node.at, `${name} cannot be ${describeNode(node)}`, didYouMean(node.text, words));
    else if (word === undefined) this.#expected(node, name, 'a text');
    return word;
  }

  /** A constant boolean. */
  flag(name: string): boolean | undefined {
    const node = this.fixed(name);
    if (node === undefined) return undefined;
    const value = node.kind === 'scalar' ? coerceBoolean(node.value) : undefined;
    return value ?? this.#expected(node, name, 'true or false');
  }

  /** True or false, perhaps only known per host. */
  boolean(name: string): Bindable | undefined {
    return this.#checked(name, 'true or false', (node) => coerceBoolean(node.value) !== undefined);
  }

  number(name: string): Bindable | undefined {
    return this.#checked(name, 'a number, 0 or more', (node) => typeof node.value === 'number' && node.value >= 0);
  }

  /** A text, perhaps only known per host. */
  words(name: string): Bindable | undefined {
    const node = this.value(name);
    if (node === undefined) return undefined;
    return isDynamic(node) || this.textOf(node, name) !== undefined ? this.compile(node) : undefined;
  }

  /** A list of texts; one text stands for a list of one. */
  list(name: string): readonly YamlNode[] {
    const node = this.value(name);
    if (node === undefined || isNull(node)) return [];
    return node.kind === 'sequence' ? node.items : [node];
  }

  /** Constant texts, one with commas standing for several: `tags: a, b`. */
  names(name: string): readonly string[] {
    return this.list(name).flatMap((node) => {
      if (isDynamic(node))
        this.#context.mistake(node.at, `${name} cannot depend on variables`, 'write the names themselves');
      const text = isDynamic(node) ? undefined : this.textOf(node, name);
      return text === undefined
        ? []
        : text
            .split(',')
            .map((word) => word.trim())
            .filter((word) => word !== '');
    });
  }

  sequence(name: string, of: string): SequenceNode | undefined {
    const node = this.value(name);
    if (node === undefined || isNull(node)) return undefined;
    return node.kind === 'sequence' ? node : this.#expected(node, name, `a list of ${of}`);
  }

  mapping(name: string): MappingNode | undefined {
    const node = this.value(name);
    if (node === undefined || isNull(node)) return undefined;
    return node.kind === 'mapping' ? node : this.#expected(node, name, 'a mapping');
  }

  /** A mapping of variables as a layer. */
  layer(name: string, kind: LayerKind): Layer | undefined {
    const node = this.mapping(name);
    return node === undefined ? undefined : variablesLayer(this.#context, node, kind);
  }

  condition(name: string): Condition | undefined {
    const node = this.value(name);
    if (node === undefined) return undefined;
    return (node.kind === 'sequence' ? node.items : [node]).flatMap((item) => this.#condition(item, name) ?? []);
  }

  #condition(node: YamlNode, name: string): Expr | undefined {
    return this.#context.attempt(() => {
      const expr = compileExpression(node, name);
      checkCondition(expr);
      return expr;
    });
  }

  compile(node: YamlNode): Bindable {
    return compileValue(node, { vault: this.#context.options.vault, report: (error) => this.#context.report(error) });
  }

  #checked(name: string, what: string, fits: (node: ScalarNode) => boolean): Bindable | undefined {
    const node = this.value(name);
    if (node === undefined) return undefined;
    if (!isDynamic(node) && !(node.kind === 'scalar' && fits(node))) return this.#expected(node, name, what);
    return this.compile(node);
  }

  #expected(node: YamlNode, name: string, what: string): undefined {
    this.#context.mistake(node.at, `${name}: expected ${what}, not ${describeNode(node)}`);
  }
}

export const isNull = (node: YamlNode): boolean =>
  node.kind === 'scalar' && node.tag === undefined && node.value === null;

/** @throws KvmnetError where the node is no expression, or a wrong one */
export function compileExpression(node: YamlNode, name: string): Expr {
  if (
    node.kind !== 'scalar' ||
    (node.tag !== undefined && node.tag !== 'expr') ||
    node.value === null ||
    typeof node.value === 'number'
  )
    throw new KvmnetError('playbook', `${name}: expected an expression, not ${describeNode(node)}`, { at: node.at });
  const boolean = node.tag === undefined && node.plain ? coerceBoolean(node.value) : undefined;
  if (boolean !== undefined) return compileExpr(String(boolean), node.origin);
  if (/^\s*\{\{/.test(node.text))
    throw new KvmnetError('expression', `${name} is an expression, not a template`, {
      at: node.at,
      hint: 'write it without {{ }}',
    });
  return compileExpr(node.text, node.origin);
}

/** The variables of a mapping; names that cannot be used and templates that cannot be compiled are reported. */
export function variablesLayer(context: LoadContext, node: MappingNode, kind: LayerKind): Layer {
  const { vault } = context.options;
  for (const [name, { key, value }] of node.entries) {
    const problem = variableNameProblem(name);
    if (problem !== undefined) context.mistake(key.at, problem.message, problem.hint);
    compileValue(value, { vault, report: (error) => context.report(error) });
  }
  return sourceLayer(kind, node, { vault });
}
