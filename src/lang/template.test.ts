import Handlebars from 'handlebars';
import { describe, expect, it } from 'vitest';
import { KvmnetError } from '../util/errors.ts';
import { LazyRecord, plainVars } from './lazy.ts';
import { originAt } from './source-text.ts';
import { templateHelpers } from './template-helpers.ts';
import { compileTemplate } from './template.ts';

const at = (text: string) => originAt({ file: 't', line: 1, column: 1, text }, text);
const compile = (text: string) => compileTemplate(text, at(text));

const VARS = {
  v: 'w',
  n: 3,
  zero: 0,
  yes: true,
  no: false,
  word: 'no',
  nothing: null,
  list: ['a', 'b'],
  empty: [],
  o: { k: 1, deep: { x: 'y' } },
  rows: [
    { name: 'blue', ids: [1, 2] },
    { name: 'red', ids: [3] },
  ],
};
const vars = plainVars(VARS);

function failure(text: string): string {
  try {
    compile(text).render(vars);
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    return `${error.code} ${error.at?.line}:${error.at?.column} ${error.message} | ${error.hint ?? ''}`;
  }
  throw new Error('it rendered');
}

// Where everything is defined, the result is that of Handlebars itself.
describe('like Handlebars', () => {
  it.each([
    'plain text, "quotes" & <b>',
    '{{v}} and {{ v }} and {{{v}}}',
    '{{o.k}}{{o.deep.x}}{{this.v}}{{./v}}',
    '{{list.[0]}}{{list.[1]}}{{list.length}}',
    '{{#if yes}}Y{{/if}}{{#if no}}N{{else}}E{{/if}}',
    '{{#if zero}}Y{{else if n}}Z{{else}}E{{/if}}',
    '{{#if empty}}Y{{else}}E{{/if}}',
    '{{#unless no}}U{{else}}V{{/unless}}',
    '{{#each list}}{{this}}{{@index}}{{@first}}{{@last}},{{/each}}',
    '{{#each empty}}x{{else}}none{{/each}}',
    '{{#each o.deep}}{{@key}}={{this}};{{/each}}',
    '{{#each rows}}{{name}}:{{#each ids}}{{../name}}{{this}}{{../../v}} {{/each}}{{/each}}',
    '{{#each rows as |row i|}}{{i}}{{row.name}}{{v2}}{{/each}}'.replace('{{v2}}', '{{../v}}'),
    '{{#with o.deep}}{{x}}{{../v}}{{@root.n}}{{/with}}',
    'a\n{{#each list}}\n- {{this}}\n{{/each}}\nb\n',
    '  {{#if yes}}\n  x\n  {{/if}}\ny',
    'a {{~v~}} b',
    '{{! comment }}x{{!-- {{v}} --}}y',
    '\\{{v}} {{n}} {{yes}}',
  ])('%j', (text) => {
    expect(compile(text).render(vars)).toBe(Handlebars.compile(text, { noEscape: true })(VARS));
  });
});

describe('mistakes', () => {
  it.each([
    ['{{vv}}', 'undefined-variable 1:3 "vv" is undefined | did you mean "v"?'],
    ['a\n  {{ o.kk }}', 'undefined-variable 2:6 "o.kk" is undefined | did you mean "k"?'],
    ['{{o.deep.x.z}}', 'undefined-variable 1:3 "o.deep.x.z" is undefined | '],
    ['{{#if x}}{{/if}}', 'undefined-variable 1:7 "x" is undefined'],
    ['{{#unless x}}{{/unless}}', 'undefined-variable 1:11 "x" is undefined'],
    ['{{#each x}}{{/each}}', 'undefined-variable 1:9 "x" is undefined'],
    ['{{#with x}}{{/with}}', 'undefined-variable 1:9 "x" is undefined'],
    ['{{join x ","}}', 'undefined-variable 1:8 "x" is undefined'],
    ['{{lookup o "kk"}}', 'undefined-variable 1:1 "kk" is undefined in a mapping | did you mean "k"?'],
    ['{{constructor}}', 'undefined-variable 1:3 "constructor" is undefined'],
    ['{{o.__proto__}}', 'undefined-variable 1:3 "o.__proto__" is undefined'],
    ['{{#each rows}}{{v}}{{/each}}', 'undefined-variable 1:17 "v" is undefined | inside of this block write ../v'],
    ['{{True}}', 'undefined-variable 1:3 "True" is undefined | did you mean "true"?'],
    [
      '{{o}}',
      'template 1:1 "o": a mapping has no text | use {{join x ","}} or {{json x}}, or !expr for the value itself',
    ],
    [
      'x {{list}}',
      'template 1:3 "list": a list has no text | use {{join x ","}} or {{json x}}, or !expr for the value itself',
    ],
    ['{{nothing}}', 'template 1:1 "nothing": null has no text | use {{default x ""}}'],
    [
      '{{#if word}}x{{/if}}',
      'template 1:7 "word": the text "no" is not a boolean | write true or false without quotes where it is set',
    ],
    ['{{#each v}}{{/each}}', 'template 1:9 {{#each}} needs a list or a mapping, not the text "w" | '],
    ['{{lowr v}}', 'template 1:1 unknown helper "lowr" | did you mean "lower"?'],
    ['{{lower}} {{lower v v}}', 'template 1:11 "lower" takes 1 arguments, not 2 | {{lower text}}'],
    [
      '{{join list sep=","}}',
      'template 1:1 named argument "sep=" is not known | helpers take their arguments in order',
    ],
    ['{{#eech list}}{{/eech}}', 'template 1:1 unknown block {{#eech}} | did you mean "each"?'],
    ['{{#if}}{{/if}}', 'template 1:1 {{#if}} needs a value | write {{#if x}}'],
    [
      '{{#if yes no}}{{/if}}',
      'template 1:1 {{#if}} takes one value | combine conditions with (and a b), (or a b), (eq a b)',
    ],
    [
      '{{> p}}',
      'template 1:1 partials ({{> name}}) stand in template files only | write the text out, or use the template module',
    ],
    ['{{#if v}}', 'template 1:10 the template ends inside of {{ }} or of a block | close it with }} or {{/name}}'],
    ['{{#if v}}{{/each}}', "template 1:4 if doesn't match each | "],
    ['abc {{ v', 'template 1:8 the template ends inside of {{ }} or of a block | close it with }} or {{/name}}'],
    [
      '{{ v | default("a") }}',
      'template 1:6 a filter with | is Jinja, not Handlebars | write {{default x "value"}}, {{join list ","}}, or !expr for what is to be computed',
    ],
    [
      '{% if v %}',
      'template 1:1 {% if %} is Jinja, not Handlebars | write {{#if x}} … {{else}} … {{/if}} or {{#each list}} … {{/each}}',
    ],
    ['{{ list.0 }}', 'template 1:9 unexpected "0" in the template | write list.[0] for the first item of a list'],
  ])('%j', (text, expected) => {
    expect(failure(text)).toContain(expected);
  });
});

describe('helpers', () => {
  it.each(Object.values(templateHelpers))('$signature', ({ example, result }) => {
    expect(compile(example).render(vars)).toBe(result);
  });

  it('default takes the place of null and undefined only', () => {
    expect(compile('{{default nothing 1}}{{default zero 1}}{{default no 1}}{{default o.x.y 1}}').render(vars)).toBe(
      '10false1',
    );
  });
});

describe('values', () => {
  it.each<[string, unknown]>([
    ['{{list}}', ['a', 'b']],
    ['{{o.k}}', 1],
    ['{{nothing}}', null],
    ['{{default q 5}}', 5],
    [' {{n}}', ' 3'],
    ['{{n}}{{n}}', '33'],
  ])('%j gives %j', (text, value) => {
    expect(compile(text).value(vars)).toEqual(value);
  });

  it('reads only what it touches of a lazy record', () => {
    const hosts = new LazyRecord({
      has: (name) => name !== 'h9',
      get: (name) => {
        if (name !== 'h1') throw new Error(`read ${name}`);
        return new LazyRecord(plainVars({ ip: '10.0.0.1' }));
      },
      names: () => ['h1', 'h2'],
    });
    expect(compile('{{hostvars.h1.ip}}').render(plainVars({ hostvars: hosts }))).toBe('10.0.0.1');
  });
});

describe('roots', () => {
  it.each<[string, string[]]>([
    ['{{a.b}} {{c}}', ['a', 'c']],
    ['{{#each a}}{{b}}{{../c}}{{@root.d}}{{@index}}{{/each}}', ['a', 'c', 'd']],
    ['{{#each a as |x|}}{{x.y}}{{../x}}{{/each}}', ['a', 'x']],
    ['{{#if a}}{{b}}{{else}}{{c}}{{/if}}', ['a', 'b', 'c']],
    ['{{join (split a b) "x"}}', ['a', 'b']],
    ['{{"text"}}{{1}}', []],
  ])('%j', (text, roots) => {
    expect([...compile(text).roots].toSorted()).toEqual(roots);
  });
});
