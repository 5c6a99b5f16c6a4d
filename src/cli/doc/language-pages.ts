import { expressionFunctions } from '../../lang/cel-environment.ts';
import { templateHelpers } from '../../lang/template-helpers.ts';
import { generatedBy } from './generated-by.ts';

/** A page about one of the two languages, made of what the language itself knows. */
export interface LanguagePage {
  readonly name: 'expressions' | 'templates';
  readonly title: string;
  readonly summary: string;
  readonly entries: readonly {
    readonly signature: string;
    readonly summary: string;
    readonly example: string;
    readonly result: string;
  }[];
}

export const languagePages: readonly LanguagePage[] = [
  {
    name: 'expressions',
    title: 'Expressions (CEL)',
    summary:
      'when, until, changed_when, failed_when, loop, assert.that and everything after !expr is CEL (https://cel.dev): it makes decisions and values. What is undefined is an error. These functions stand beside those of CEL itself.',
    entries: expressionFunctions,
  },
  {
    name: 'templates',
    title: 'Templates (Handlebars)',
    summary:
      '{{ }} is Handlebars: it makes texts. A value that is exactly one {{ path }} gives the raw value. What is undefined is an error; write (defined x) or (default x "y") where it may be missing. Blocks: if, unless, each, with. In template files {{> name}} takes in another file: name, or name with the ending of the template or .hbs, beside the template, else in the templates folder of role or playbook; {{> name item}} gives it one value for its own, {{> name key=value}} more names. These helpers stand beside them.',
    entries: Object.values(templateHelpers),
  },
];

export const languageText = ({ title, summary, entries }: LanguagePage): string =>
  [
    title,
    '',
    summary,
    '',
    ...entries.flatMap(({ signature, summary: what, example, result }) => [
      `  ${signature}`,
      `      ${what}`,
      `      ${example}  gives  ${result}`,
    ]),
  ].join('\n');

export const languageMarkdown = ({ title, summary, entries }: LanguagePage): string =>
  [
    `# ${title}`,
    '',
    summary,
    '',
    ...entries.flatMap(({ signature, summary: what, example, result }) => [
      `## \`${signature}\``,
      '',
      what,
      '',
      '```',
      example,
      `# gives ${result}`,
      '```',
      '',
    ]),
    generatedBy,
    '',
  ].join('\n');
