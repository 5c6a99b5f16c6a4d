import Handlebars from 'handlebars';
import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import type { TextOrigin } from './source-text.ts';
import { templateHelpers } from './template-helpers.ts';

export type Ast = hbs.AST.Node;

/** Offset in the text of a place the parser gives: lines from 1, columns from 0. */
export function offsetOf(text: string, place: { readonly line: number; readonly column: number }): number {
  let offset = 0;
  for (let line = 1; line < place.line; line++) {
    const end = /\r\n?|\n/.exec(text.slice(offset));
    if (end === null) break;
    offset += end.index + end[0].length;
  }
  return Math.min(text.length, offset + place.column);
}

/**
 * Parses a Handlebars template and refuses, with its place, what cannot be rendered: unknown helpers, decorators, Jinja's own
 * syntax, partials where there is no file that they could stand beside.
 * @throws KvmnetError code `template`
 */
export function parseTemplate(text: string, origin: TextOrigin, where: 'value' | 'file' = 'value'): hbs.AST.Program {
  const jinja = /\{%[-+]?\s*(\w+)/.exec(text);
  if (jinja !== null)
    throw new KvmnetError('template', `{% ${jinja[1] ?? ''} %} is Jinja, not Handlebars`, {
      at: origin.locate(jinja.index),
      hint: 'write {{#if x}} … {{else}} … {{/if}} or {{#each list}} … {{/each}}',
    });
  let program: hbs.AST.Program;
  try {
    program = Handlebars.parse(text);
  } catch (error) {
    throw syntaxError(text, origin, error);
  }
  const refuse: Report = (node, message, hint) => {
    throw new KvmnetError('template', message, { at: origin.locate(offsetOf(text, node.loc.start)), hint });
  };
  check(program, refuse, where);
  return program;
}

function syntaxError(text: string, origin: TextOrigin, cause: unknown): KvmnetError {
  const error = cause as { message: string; lineNumber?: number; column?: number };
  if (error.lineNumber !== undefined) {
    const at = origin.locate(offsetOf(text, { line: error.lineNumber, column: error.column ?? 0 }));
    return new KvmnetError('template', error.message.replace(/ - \d+:\d+$/, ''), { at, cause });
  }
  const offset = jisonOffset(text, error.message);
  const found = text.slice(offset).split(/\s/, 1)[0] ?? '';
  const at = origin.locate(offset);
  if (/\|/.test(found[0] ?? ''))
    return new KvmnetError('template', 'a filter with | is Jinja, not Handlebars', {
      at,
      hint: 'write {{default x "value"}}, {{join list ","}}, or !expr for what is to be computed',
      cause,
    });
  if (/^\d/.test(found))
    return new KvmnetError('template', `unexpected "${found}" in the template`, {
      at,
      hint: 'write list.[0] for the first item of a list',
      cause,
    });
  if (offset >= text.length || found === '' || !text.includes('}}', offset))
    return new KvmnetError('template', 'the template ends inside of {{ }} or of a block', {
      at,
      hint: 'close it with }} or {{/name}}',
      cause,
    });
  return new KvmnetError('template', `unexpected "${found}" in the template`, {
    at,
    hint: 'between {{ and }} stands a path such as item.name, or a helper with its arguments; !expr computes values',
    cause,
  });
}

/** The parser's message shows the last 20 characters before the error, without line breaks, and a row of dashes. */
function jisonOffset(text: string, message: string): number {
  const [, lineNumber = '1', shown = '', dashes = ''] = /on line (\d+):\n(.*)\n(-*)\^/.exec(message) ?? [];
  const past = shown.slice(0, dashes.length).replace(/^\.\.\./, '');
  const lineStart = offsetOf(text, { line: Number(lineNumber), column: 0 });
  for (let offset = lineStart; offset <= text.length; offset++) {
    const before = text.slice(0, offset).replaceAll('\n', '');
    if (shown.startsWith('...') ? before.endsWith(past) : before === past) return offset;
  }
  return lineStart;
}

type Report = (node: Ast, message: string, hint: string | undefined) => never;

function check(program: hbs.AST.Program, report: Report, where: 'value' | 'file'): void {
  for (const statement of program.body) checkStatement(statement, report, where);
}

function checkStatement(node: Ast, report: Report, where: 'value' | 'file'): void {
  if (isMustache(node)) {
    checkCall(node, report);
  } else if (isBlock(node)) {
    checkBlock(node, report);
    check(node.program, report, where);
    // `{{^}}` alone leaves no inverse.
    if ((node.inverse as hbs.AST.Program | undefined) !== undefined) check(node.inverse, report, where);
  } else if (isPartial(node)) {
    if (where === 'value')
      report(
        node,
        'partials ({{> name}}) stand in template files only',
        'write the text out, or use the template module',
      );
    checkPartial(node, report);
  } else if (node.type === 'PartialBlockStatement') {
    report(node, 'partials with a block ({{#> name}}) are not supported', 'write {{> name key=value}}');
  } else if (node.type === 'Decorator' || node.type === 'DecoratorBlock') {
    report(node, 'decorators ({{* name}}) are not supported', undefined);
  }
}

const BLOCKS: readonly string[] = ['if', 'unless', 'each', 'with'];

function checkBlock(node: hbs.AST.BlockStatement, report: Report): void {
  const name = node.path.original;
  if (!BLOCKS.includes(name) || node.params.length === 0) {
    const known = didYouMean(name, BLOCKS.includes(name) ? [] : BLOCKS);
    if (BLOCKS.includes(name)) report(node, `{{#${name}}} needs a value`, `write {{#${name} x}}`);
    report(node, `unknown block {{#${name}}}`, known ?? 'write {{#each list}} or {{#if x}}');
  }
  if (node.params.length > 1)
    report(node, `{{#${name}}} takes one value`, 'combine conditions with (and a b), (or a b), (eq a b)');
  for (const param of node.params) checkExpression(param, report);
}

function checkPartial(node: hbs.AST.PartialStatement, report: Report): void {
  if (partialName(node) === undefined)
    report(
      node,
      'the name of a partial cannot be computed',
      'choose with {{#if x}} {{> one}} {{else}} {{> other}} {{/if}}',
    );
  if (node.params.length > 1)
    report(node, 'a partial takes one value', 'give others by name: {{> name item key=value}}');
  for (const param of node.params) checkExpression(param, report);
  for (const { value } of pairsOf(node)) checkExpression(value, report);
}

/** The name of a partial as it stands there; undefined where it is computed. */
export function partialName({ name }: hbs.AST.PartialStatement): string | undefined {
  if (isCall(name)) return undefined;
  const { original } = name as { readonly original: string | number };
  return String(original);
}

export const pairsOf = (node: { readonly hash: hbs.AST.Hash }): readonly hbs.AST.HashPair[] =>
  (node.hash as hbs.AST.Hash | undefined)?.pairs ?? [];

function checkCall(node: hbs.AST.MustacheStatement | hbs.AST.SubExpression, report: Report): void {
  const [pair] = pairsOf(node);
  if (pair !== undefined)
    report(node, `named argument "${pair.key}=" is not known`, 'helpers take their arguments in order');
  if (node.params.length === 0 && node.type === 'MustacheStatement') return;
  const name = (node.path as hbs.AST.PathExpression).original;
  const helper = Object.hasOwn(templateHelpers, name) ? templateHelpers[name] : undefined;
  if (helper === undefined) {
    report(
      node,
      `unknown helper "${name}"`,
      didYouMean(name, Object.keys(templateHelpers)) ?? 'see kvmnet doc templates',
    );
    return;
  }
  const [min, max] = helper.arity;
  if (node.params.length < min || node.params.length > max)
    report(
      node,
      `"${name}" takes ${min === max ? min : `${min} to ${max}`} arguments, not ${node.params.length}`,
      helper.signature,
    );
  for (const param of node.params) checkExpression(param, report);
}

function checkExpression(node: Ast, report: Report): void {
  if (node.type === 'SubExpression') checkCall(node as hbs.AST.SubExpression, report);
}

export const isMustache = (node: Ast): node is hbs.AST.MustacheStatement => node.type === 'MustacheStatement';
export const isBlock = (node: Ast): node is hbs.AST.BlockStatement => node.type === 'BlockStatement';
export const isPartial = (node: Ast): node is hbs.AST.PartialStatement => node.type === 'PartialStatement';
export const isPath = (node: Ast): node is hbs.AST.PathExpression => node.type === 'PathExpression';
export const isContent = (node: Ast): node is hbs.AST.ContentStatement => node.type === 'ContentStatement';
export const isCall = (node: Ast): node is hbs.AST.SubExpression => node.type === 'SubExpression';
