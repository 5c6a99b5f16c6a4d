import type { z } from 'zod';
import { isDynamic, isPlainYesNo, isTemplate, type MappingNode, type Path, type YamlNode } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { explainIssue, formatPath, valueAt } from './explain-issue.ts';
import type { ModuleSchema } from './options.ts';
import { leavesBelow, leavesOf, wantsText } from './schema-walk.ts';

/** Stands for what is only known per host. */
const LATER = Symbol('known per host');

/**
 * The mistakes in parameters that can be seen before there is a host: unknown and missing ones, and wrong constants.
 * @param at - the place of the module's name
 */
export function checkParams(module: ModuleSchema, node: MappingNode, at: SourceLocation): readonly KvmnetError[] {
  const values = constants(node, new Set(module.expressions));
  const words = yesNo(module, node);
  // One mistake a place: `yes` for a path is not also "no absolute path".
  const others = judge(module, node, values, at).filter((error) => !words.some((word) => samePlace(word.at, error.at)));
  return [...words, ...others];
}

const samePlace = (a: SourceLocation | undefined, b: SourceLocation | undefined): boolean =>
  a?.line === b?.line && a?.column === b?.column;

function judge(module: ModuleSchema, node: MappingNode, values: unknown, at: SourceLocation): readonly KvmnetError[] {
  const subject = { module: module.name, schema: module.params, node, values, at };
  const issues = issuesOf(module.params, values);
  const misspelt = issues.some((issue) => issue.code === 'unrecognized_keys' && issue.path.length === 0);
  return (
    issues
      .filter((issue) => issue.code === 'unrecognized_keys' || !dependsOnHost(valueAt(values, pathOf(issue))))
      // What is missing, or does not fit together, may be what is misspelt.
      .filter((issue) => !misspelt || issue.code !== 'custom' || isGiven(values, pathOf(issue)))
      .flatMap((issue) => explainIssue(issue, subject))
  );
}

/** A schema's own functions may trip over the placeholder; then the values are judged when they are bound. */
function issuesOf(schema: z.ZodType, values: unknown): readonly z.core.$ZodIssue[] {
  try {
    return schema.safeParse(values).error?.issues ?? [];
  } catch (error) {
    if (dependsOnHost(values)) return [];
    throw error;
  }
}

const isGiven = (values: unknown, path: Path): boolean => path.length > 0 && valueAt(values, path) !== undefined;

const pathOf = (issue: z.core.$ZodIssue): Path =>
  issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));

function dependsOnHost(value: unknown): boolean {
  if (value === LATER) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(dependsOnHost);
}

/** The plain value of a node, with what depends on variables replaced by the placeholder. */
function constants(node: YamlNode, expressions: ReadonlySet<string>): unknown {
  if (node.kind === 'scalar') {
    if (isDynamic(node)) return LATER;
    return node.value;
  }
  if (node.kind === 'sequence') return node.items.map((item) => constants(item, NO_EXPRESSIONS));
  if ([...node.entries.keys()].some(isTemplate)) return LATER;
  return Object.fromEntries(
    Array.from(node.entries, ([name, { value }]) => [
      name,
      expressions.has(name) ? asWritten(value) : constants(value, NO_EXPRESSIONS),
    ]),
  );
}

const NO_EXPRESSIONS: ReadonlySet<string> = new Set();

/** Expressions arrive at the schema as text or boolean. */
const asWritten = (node: YamlNode): unknown => (node.kind === 'scalar' ? node.value : constants(node, NO_EXPRESSIONS));

/** `yes`, `no`, `on` and `off` without quotes where only a text can be meant. */
function yesNo(module: ModuleSchema, root: MappingNode): readonly KvmnetError[] {
  const errors: KvmnetError[] = [];
  const visit = (node: YamlNode, leaves: readonly z.ZodType[], path: Path): void => {
    const below = (step: string | number) => leaves.flatMap((leaf) => leavesBelow(leaf, step));
    if (node.kind === 'mapping') {
      for (const [name, { value }] of node.entries) visit(value, below(name), [...path, name]);
    } else if (node.kind === 'sequence') {
      for (const [index, item] of node.items.entries()) visit(item, below(index), [...path, index]);
    } else if (node.tag === undefined && isPlainYesNo(node) && wantsText(leaves, node.text)) {
      errors.push(
        new KvmnetError('params', `${module.name}: ${formatPath(path)}: ${node.text} is not a text`, {
          at: node.at,
          hint: `put it into quotes: "${node.text}"`,
        }),
      );
    }
  };
  visit(root, leavesOf(module.params), []);
  return errors;
}
