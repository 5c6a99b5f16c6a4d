import Handlebars from 'handlebars';
import { describe, expect, it } from 'vitest';
import { KvmnetError } from '../util/errors.ts';
import { plainVars } from './lazy.ts';
import { originAt } from './source-text.ts';
import { compileTemplateFile } from './template.ts';

const VARS = {
  v: 'w',
  deep: { x: 'y' },
  rows: [{ name: 'blue' }, { name: 'red' }],
  tree: [{ n: 1, below: [{ n: 2, below: [] }] }],
};
type Files = Readonly<Record<string, string>>;

const source = (file: string, text: string) => ({ file, text, origin: originAt({ file, line: 1, column: 1 }, text) });

async function render(text: string, files: Files): Promise<string> {
  const template = await compileTemplateFile(source('main', text), async (name, includer, at) => {
    const found = files[name];
    if (found === undefined) throw new KvmnetError('template', `no ${name} for ${includer}`, { at });
    return source(name, found);
  });
  return template.render(plainVars(VARS));
}

async function failure(text: string, files: Files = {}): Promise<string> {
  const error: unknown = await render(text, files).catch((reason: unknown) => reason);
  if (!(error instanceof KvmnetError)) throw new Error(`it rendered: ${String(error)}`);
  return `${error.at?.file}:${error.at?.line}:${error.at?.column} ${error.message} | ${error.hint ?? ''}`;
}

// Where everything is defined, the result is that of Handlebars itself.
describe('partials, like Handlebars', () => {
  it.each<[string, Files]>([
    ['a {{> p}} b', { p: '[{{v}}]' }],
    ['{{> p deep}}', { p: '{{x}}{{@root.v}}' }],
    ['{{> p name="n" other=deep.x}}', { p: '{{name}}{{other}}{{v}}' }],
    ['{{#each rows}}{{> p}}{{/each}}', { p: '{{@index}}{{name}};' }],
    ['{{#each rows}}\n  {{> p}}\n{{/each}}\nend\n', { p: 'a {{name}}\n\nb\n' }],
    ['x\n    {{> p}}\ny\n', { p: 'one\ntwo' }],
    ['{{> p}}\n', { p: '{{#if v}}\n  {{> q}}\n{{/if}}\n', q: 'in\nner\n' }],
    ['{{> net/p}}{{> "a b"}}', { 'net/p': 'N', 'a b': 'S' }],
    ['{{#each tree}}{{> p}}{{/each}}', { p: '{{n}}{{#each below}}({{> p}}){{/each}}' }],
    ['{{#if v}}{{> p}}{{else}}{{> q}}{{/if}}', { p: 'P', q: 'Q' }],
    ['{{~> p ~}} {{v}}', { p: ' P ' }],
    ['{{> p}}', { p: '' }],
  ])('%j %j', async (text, files) => {
    const handlebars = Handlebars.create();
    for (const [name, partial] of Object.entries(files)) handlebars.registerPartial(name, partial);
    expect(await render(text, files)).toBe(handlebars.compile(text, { noEscape: true })(VARS));
  });
});

describe('mistakes in and of partials', () => {
  it.each<[string, Files, string]>([
    ['a\n {{> p}}', {}, 'main:2:2 no p for main | '],
    ['{{> p}}', { p: 'x\n{{vv}}' }, 'p:2:3 "vv" is undefined | did you mean "v"?'],
    [
      '{{> p}}',
      { p: '{{#if v}}' },
      'p:1:10 the template ends inside of {{ }} or of a block | close it with }} or {{/name}}',
    ],
    ['{{> p}}', { p: '{{> q}}' }, 'p:1:1 no q for p | '],
    ['{{> p v}}', { p: '{{v}}' }, 'p:1:3 "v" is undefined | inside of this block write ../v'],
    ['{{> p name=nope}}', { p: '' }, 'main:1:12 "nope" is undefined | known: deep, rows, tree, v'],
    ['{{> p}}', { p: '{{> p}}' }, 'p:1:1 {{> p}} takes itself in, again and again | end it with {{#if …}}'],
    ['{{> p v deep}}', {}, 'main:1:1 a partial takes one value | give others by name: {{> name item key=value}}'],
    [
      '{{> (lookup this "v")}}',
      {},
      'main:1:1 the name of a partial cannot be computed | choose with {{#if x}} {{> one}} {{else}} {{> other}} {{/if}}',
    ],
    [
      '{{#> p}}x{{/p}}',
      {},
      'main:1:1 partials with a block ({{#> name}}) are not supported | write {{> name key=value}}',
    ],
  ])('%j %j', async (text, files, message) => {
    expect(await failure(text, files)).toBe(message);
  });
});
