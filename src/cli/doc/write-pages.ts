import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRegistry } from '../../engine/index.ts';
import { allPages } from './all-pages.ts';

// `npm run docs`: writes docs/configuration.md and docs/modules/*.md, and takes away the pages of modules that are gone.
const folder = process.argv[2] ?? 'docs';
await mkdir(join(folder, 'modules'), { recursive: true });
const pages = await allPages(createRegistry());
for (const file of await readdir(join(folder, 'modules'))) {
  if (file.endsWith('.md') && !pages.has(`modules/${file}`)) await rm(join(folder, 'modules', file));
}
for (const [file, text] of pages) await writeFile(join(folder, file), text);
