import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('SECURITY.md', root), 'utf8');
const promised = text.slice(text.indexOf('## What is promised'), text.indexOf('## What is not promised'));
const promises = promised.split(/\n(?=- )/).slice(1);

it.each(promises)('names a test: %s', (promise) => {
  const tests = [...promise.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file = '']) => file);
  expect(tests).not.toEqual([]);
  expect(tests.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});
