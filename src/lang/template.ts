import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import { describeValue, LazyRecord, memberNames, memberOf, type VarSource } from './lazy.ts';
import type { TextOrigin } from './source-text.ts';
import { LENIENT, templateHelpers, textOf, truthy } from './template-helpers.ts';
import {
  isBlock,
  isCall,
  isContent,
  isMustache,
  isPartial,
  isPath,
  offsetOf,
  pairsOf,
  parseTemplate,
  partialName,
  type Ast,
} from './template-parse.ts';
import { parseFile, type FindPartial, type PartialText, type TemplateFile } from './template-partials.ts';
import { templateRoots } from './template-roots.ts';
import { undefinedVariable } from './undefined.ts';

/**
 * A text with `{{ }}`. Handlebars parses it; it is interpreted here rather than compiled, so that no text ever becomes
 * JavaScript, every undefined value is an error at its exact place, and nothing is rendered as "[object Object]".
 */
export interface Template {
  readonly source: string;
  /** Names of the variables that it may read. */
  readonly roots: ReadonlySet<string>;
  /** The text is exactly one `{{ … }}`: `value` gives what it names, not text. */
  readonly single: boolean;
  render(vars: VarSource): string;
  /** The raw value where `single`, else the rendered text. */
  value(vars: VarSource): unknown;
}

export const isTemplate = (text: string): boolean => text.includes('{{') || /\{%[-+]?\s/.test(text);

/** @throws KvmnetError code `template` with the place of the mistake */
export function compileTemplate(text: string, origin: TextOrigin): Template {
  return templateOf({ text, origin, file: '', program: parseTemplate(text, origin), partials: new Map() });
}

/**
 * A template file, with what it takes in: `{{> name}}`.
 * @throws KvmnetError code `template` with the place of the mistake, in whichever file it is
 */
export const compileTemplateFile = async (source: PartialText, find: FindPartial): Promise<Template> =>
  templateOf(await parseFile(source, find));

function templateOf(file: TemplateFile): Template {
  const { program } = file;
  const [first] = program.body;
  const single = program.body.length === 1 && first !== undefined && isMustache(first) ? first : undefined;
  const start = (vars: VarSource): Frame => ({
    renderer: new Renderer(file),
    context: vars instanceof LazyRecord ? vars : new LazyRecord(vars),
    data: {},
    params: new Map(),
    parent: undefined,
  });
  return {
    source: file.text,
    roots: templateRoots(program),
    single: single !== undefined,
    render: (vars) => renderProgram(program, start(vars)),
    value: (vars) => (single === undefined ? renderProgram(program, start(vars)) : evaluateCall(single, start(vars))),
  };
}

interface Frame {
  readonly renderer: Renderer;
  /** `this` */
  readonly context: unknown;
  /** `@index`, `@key`, `@first`, `@last` */
  readonly data: Readonly<Record<string, unknown>>;
  readonly params: ReadonlyMap<string, unknown>;
  /** The frame that `../` reaches. */
  readonly parent: Frame | undefined;
}

class Renderer {
  readonly file: TemplateFile;
  /** Files around this one that take it in. */
  readonly depth: number;

  constructor(file: TemplateFile, depth = 0) {
    this.file = file;
    this.depth = depth;
  }

  locate(node: Ast) {
    const { text, origin } = this.file;
    return origin.locate(offsetOf(text, node.loc.start));
  }

  /** Gives a plain error the place of the node; errors that know their place keep it. */
  guard<T>(node: Ast, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof KvmnetError) throw error;
      const [message, hint] = (error as Error).message.split(/: (?=use |write )/, 2);
      throw new KvmnetError('template', `${this.nameOf(node)}${message ?? ''}`, {
        at: this.locate(node),
        hint,
        cause: error,
      });
    }
  }

  nameOf(node: Ast): string {
    const inner = isMustache(node) ? node.path : node;
    return isPath(inner) ? `"${inner.original}": ` : '';
  }
}

function renderProgram(program: hbs.AST.Program, frame: Frame): string {
  let out = '';
  for (const node of program.body) {
    if (isContent(node)) out += node.value;
    else if (isMustache(node)) {
      const value = evaluateCall(node, frame);
      out += frame.renderer.guard(node, () => textOf(value));
    } else if (isBlock(node)) out += renderBlock(node, frame);
    else if (isPartial(node)) out += renderPartial(node, frame);
  }
  return out;
}

/** What includes itself without end would not stop by itself. */
const deepest = 50;

/** Another file's text, with the variables of here, or those of the one value that it is given, and those named in its call. */
function renderPartial(node: hbs.AST.PartialStatement, frame: Frame): string {
  const { file, depth } = frame.renderer;
  const name = partialName(node) ?? '';
  const partial = file.partials.get(name);
  if (partial === undefined) throw new Error(`partial ${name} was not loaded`);
  if (depth >= deepest)
    throw new KvmnetError('template', `{{> ${name}}} takes itself in, again and again`, {
      at: frame.renderer.locate(node),
      hint: 'end it with {{#if …}}',
    });
  const [param] = node.params;
  const given = new Map(pairsOf(node).map(({ key, value }) => [key, evaluate(value, frame)]));
  const text = renderProgram(partial.program, {
    renderer: new Renderer(partial, depth + 1),
    context: param === undefined ? frame.context : evaluate(param, frame),
    data: frame.data,
    params: given,
    parent: param === undefined ? frame.parent : frame,
  });
  // Alone on its line, it stands as far in as the call does.
  return node.indent === '' ? text : text.replace(/^(?!(?![^]))/gm, node.indent);
}

function renderBlock(node: hbs.AST.BlockStatement, frame: Frame): string {
  const [param] = node.params;
  if (param === undefined) return '';
  const value = evaluate(param, frame);
  const inverse = (): string =>
    (node.inverse as hbs.AST.Program | undefined) === undefined ? '' : renderProgram(node.inverse, frame);
  switch (node.path.original) {
    case 'if':
      return frame.renderer.guard(param, () => truthy(value)) ? renderProgram(node.program, frame) : inverse();
    case 'unless':
      return frame.renderer.guard(param, () => truthy(value)) ? inverse() : renderProgram(node.program, frame);
    case 'with':
      return frame.renderer.guard(param, () => truthy(value))
        ? renderProgram(node.program, inner(node, frame, value, frame.data, []))
        : inverse();
    default:
      return renderEach(node, param, value, frame) ?? inverse();
  }
}

function renderEach(node: hbs.AST.BlockStatement, param: Ast, value: unknown, frame: Frame): string | undefined {
  const list = Array.isArray(value);
  if (!list && (typeof value !== 'object' || value === null))
    throw new KvmnetError('template', `{{#each}} needs a list or a mapping, not ${describeValue(value)}`, {
      at: frame.renderer.locate(param),
    });
  const keys: readonly (string | number)[] = list ? [...value.keys()] : [...memberNames(value)];
  if (keys.length === 0) return undefined;
  let out = '';
  for (const [index, key] of keys.entries()) {
    const item: unknown = memberOf(value, String(key));
    const data = { ...frame.data, index, key, first: index === 0, last: index === keys.length - 1 };
    out += renderProgram(node.program, inner(node, frame, item, data, [key]));
  }
  return out;
}

function inner(
  node: hbs.AST.BlockStatement,
  frame: Frame,
  context: unknown,
  data: Frame['data'],
  more: readonly unknown[],
): Frame {
  const names = (node.program.blockParams as readonly string[] | undefined) ?? [];
  const params = new Map(frame.params);
  for (const [index, name] of names.entries()) params.set(name, [context, ...more][index]);
  return { ...frame, context, data, params, parent: frame };
}

function evaluateCall(node: hbs.AST.MustacheStatement | hbs.AST.SubExpression, frame: Frame): unknown {
  const name = (node.path as hbs.AST.PathExpression).original;
  const helper = Object.hasOwn(templateHelpers, name) ? templateHelpers[name] : undefined;
  if (helper === undefined || (node.params.length === 0 && isMustache(node))) return evaluate(node.path, frame);
  const args = node.params.map((param, index) => evaluate(param, frame, index === 0 && LENIENT.has(name)));
  if (name !== 'lookup') return frame.renderer.guard(node, () => helper.run(...args));
  const key = frame.renderer.guard(node, () => textOf(args[1]));
  const found = memberOf(args[0], key);
  if (found === undefined)
    throw new KvmnetError('undefined-variable', `"${key}" is undefined in ${describeValue(args[0])}`, {
      at: frame.renderer.locate(node),
      hint: didYouMean(key, memberNames(args[0])),
    });
  return found;
}

function evaluate(node: Ast, frame: Frame, lenient = false): unknown {
  if (isPath(node)) return resolve(node, frame, lenient);
  if (isCall(node)) return evaluateCall(node, frame);
  if (node.type === 'NullLiteral' || node.type === 'UndefinedLiteral') return null;
  return (node as hbs.AST.StringLiteral).value;
}

function resolve(path: hbs.AST.PathExpression, frame: Frame, lenient: boolean): unknown {
  const parts = path.parts as readonly string[];
  const [head, ...rest] = parts;
  const missing = (known: Iterable<string>, part: string, hint?: string): undefined => {
    if (lenient) return undefined;
    throw undefinedVariable(path.original, part, known, frame.renderer.locate(path), hint);
  };
  let value: unknown;
  let remaining: readonly string[] = rest;
  const own = !/^(?:this|\.\/|\.\.)/.test(path.original);
  if (path.data) {
    if (head === 'root') value = rootOf(frame).context;
    else if (head !== undefined && Object.hasOwn(frame.data, head)) value = frame.data[head];
    else return missing(['@root', ...Object.keys(frame.data).map((name) => `@${name}`)], head ?? '');
  } else if (head !== undefined && own && frame.params.has(head)) {
    value = frame.params.get(head);
  } else {
    let target: Frame | undefined = frame;
    for (let depth = 0; depth < path.depth; depth++) target = target?.parent;
    if (target === undefined) return missing([], head ?? path.original, 'there is no block this far outside');
    value = target.context;
    remaining = parts;
  }
  for (const part of remaining) {
    const member = memberOf(value, part);
    if (member === undefined) return missing(namesFor(value, frame), part, outerHint(part, value, frame));
    value = member;
  }
  return value;
}

const namesFor = (value: unknown, frame: Frame): Iterable<string> =>
  value === frame.context ? [...memberNames(value), ...frame.params.keys()] : memberNames(value);

/** Inside of each/with, names are those of the item: say so where the name exists outside. */
function outerHint(part: string, value: unknown, frame: Frame): string | undefined {
  if (value !== frame.context || frame.parent === undefined) return undefined;
  let prefix = '';
  for (let outer: Frame | undefined = frame.parent; outer !== undefined; outer = outer.parent) {
    prefix += '../';
    if (memberOf(outer.context, part) !== undefined) return `inside of this block write ${prefix}${part}`;
  }
  return undefined;
}

function rootOf(frame: Frame): Frame {
  let root = frame;
  while (root.parent !== undefined) root = root.parent;
  return root;
}
