import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Tests of what tools and the kernel were seen to do, as `file: title`. */
const shown = ['modules', 'src', 'test']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/'\[obs\] ([^']+)'/g)].map(([, title]) => `${file}: ${title}`),
  );

const listed = readFileSync(join(root, 'docs/observations.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, title, file] = /\|\s*([^|]+?)\s*\|\s*\[[^\]]+\]\(\.\.\/([^)]+)\)\s*\|$/.exec(line) ?? [];
    return title === undefined || file === undefined ? [] : [`${file}: ${title}`];
  });

it('every observation of the list has its test, and every such test is in the list', () => {
  expect(listed.length).toBeGreaterThan(45);
  expect(listed.toSorted()).toEqual(shown.toSorted());
});
