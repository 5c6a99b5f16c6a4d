import type { Paint } from '../../report/index.ts';
import { wrapText } from './wrap-text.ts';
import type { ModulePage, ParameterRow } from './module-page.ts';

/** A module's page for the terminal. */
export function pageText(page: ModulePage, paint: Paint, columns: number): string {
  const title = (text: string): string => paint('bold', text);
  return [
    `${title(page.name)}: ${page.summary}`,
    '',
    ...wrapText(page.remarks.join(' '), columns),
    ...(page.parameters.length === 0 ? [] : ['', title('Parameters')]),
    ...page.parameters.flatMap((row) => parameterLines(row, paint, columns)),
    ...(page.examples.length === 0 ? [] : ['', title('Examples')]),
    ...page.examples.flatMap(({ yaml }) => [...yaml.split('\n').map((line) => `  ${line}`), '']),
    ...(page.command === undefined ? [] : [title('On the command line'), `  ${page.command}`]),
  ].join('\n');
}

function parameterLines(row: ParameterRow, paint: Paint, columns: number): string[] {
  const indent = '  '.repeat(row.depth + 1);
  const facts = [
    row.type,
    ...(row.required ? ['required'] : []),
    ...(row.defaultText === '' ? [] : [`default ${row.defaultText}`]),
  ].join(', ');
  const description = wrapText(row.description, columns - indent.length - 4);
  // A long type goes below the name, as the description does.
  const beside = indent.length + row.name.length + 2 + facts.length <= columns;
  const factLines = beside ? [] : wrapText(facts, columns - indent.length - 4);
  return [
    `${indent}${paint('cyan', row.name)}${beside ? `  ${paint('dim', facts)}` : ''}`,
    ...factLines.map((line) => `${indent}    ${paint('dim', line)}`),
    ...description.map((line) => `${indent}    ${line}`),
  ];
}
