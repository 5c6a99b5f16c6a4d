import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../engine/index.ts';
import { plain } from '../../report/paint.ts';
import { allPages } from './all-pages.ts';
import { examplesOf } from './example-text.ts';
import { modulePage } from './module-page.ts';
import { pageText } from './page-text.ts';

const registry = createRegistry();
const folder = fileURLToPath(new URL('../../../docs/', import.meta.url));

describe('the generated pages', () => {
  it('say what the code says: "npm run docs" writes them', async () => {
    const pages = await allPages(registry);
    const files = readdirSync(join(folder, 'modules')).map((name) => `modules/${name}`);
    expect(files.toSorted()).toEqual([...pages.keys()].filter((name) => name.startsWith('modules/')).toSorted());
    for (const [file, text] of pages) expect([file, readFileSync(folder + file, 'utf8')]).toEqual([file, text]);
  });
});

describe.each(registry.names())('the page of %s', (name) => {
  it('shows its examples as tasks that read back the same', async () => {
    const module = await registry.get(name);
    if (module === undefined) throw new Error(`no module ${name}`);
    const { examples } = modulePage(module);
    const read = examples.map(({ yaml }) => load(yaml));
    expect(read).toEqual(examplesOf(module).map(({ title, params }) => [{ name: title, [name]: params }]));
  });
  it('fits a terminal', async () => {
    const module = await registry.get(name);
    if (module === undefined) throw new Error(`no module ${name}`);
    const { parameters, remarks } = modulePage(module);
    const text = pageText({ name, summary: '', remarks, parameters, examples: [], command: undefined }, plain, 80);
    const long = text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
    expect(long).toEqual([]);
  });
});
