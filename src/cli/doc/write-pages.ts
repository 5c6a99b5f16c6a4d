import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRegistry } from '../../engine/registry.ts';
import { allPages } from './all-pages.ts';

// `npm run docs`: writes docs/modules/*.md.
const folder = process.argv[2] ?? 'docs/modules';
await mkdir(folder, { recursive: true });
const pages = await allPages(createRegistry());
for (const file of await readdir(folder)) {
  if (file.endsWith('.md') && !pages.has(file)) await rm(join(folder, file));
}
for (const [file, text] of pages) await writeFile(join(folder, file), text);
