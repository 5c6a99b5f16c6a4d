import { generatedBy } from './generated-by.ts';
import type { ModulePage, ParameterRow } from './module-page.ts';

/** The page of a module below `docs/modules/`. */
export function pageMarkdown(page: ModulePage): string {
  const examples = page.examples.map(
    ({ yaml, needs }) => `\`\`\`yaml\n${yaml}\n\`\`\`${needs === undefined ? '' : `\n\n${needsText(needs)}`}`,
  );
  return [
    generatedBy,
    `# ${page.name}`,
    `${page.summary}.`.replace(/\.\.$/, '.'),
    page.remarks.join(' '),
    '## Parameters',
    page.parameters.length === 0 ? 'None.' : parameterTable(page.parameters),
    ...(examples.length === 0 ? [] : ['## Examples', ...examples]),
    ...(page.command === undefined ? [] : ['On the command line:', `\`\`\`sh\n${page.command}\n\`\`\``]),
  ]
    .join('\n\n')
    .concat('\n');
}

const needsText = (needs: string): string =>
  needs === 'hardware' ? 'This one needs hardware.' : 'This one is tested in a virtual machine.';

const parameterTable = (rows: readonly ParameterRow[]): string =>
  [
    '| Parameter | Type | Default | What it says |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => {
      const name = `${'&nbsp;&nbsp;'.repeat(row.depth)}\`${row.name}\`${row.required ? ' (required)' : ''}`;
      const defaultText = row.defaultText === '' ? '' : `\`${cell(row.defaultText)}\``;
      return `| ${name} | ${cell(row.type)} | ${defaultText} | ${cell(row.description)} |`;
    }),
  ].join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');

/** The list of all modules. */
export function indexMarkdown(pages: readonly ModulePage[]): string {
  const rows = pages.map(({ name, summary }) => `| [${name}](${name}.md) | ${cell(summary)} |`);
  return [generatedBy, '# Modules', ['| Module | |', '| --- | --- |', ...rows].join('\n')].join('\n\n').concat('\n');
}
