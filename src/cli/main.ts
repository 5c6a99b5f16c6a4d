#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// The version is asked for by scripts, often: nothing else is loaded for it.
const [first, second] = process.argv.slice(2);
if ((first === '--version' || first === '-V') && second === undefined) {
  process.stdout.write(`${version()}\n`);
} else {
  const { start } = await import('./start.ts');
  await start(version());
}

/** From the package that this file belongs to, wherever in it the compiled code is. */
function version(folder = new URL('.', import.meta.url)): string {
  try {
    const { name, version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as Record<
      string,
      string
    >;
    if (name === 'kvmnet' && version !== undefined) return version;
  } catch {
    // There is none in this folder.
  }
  const parent = new URL('..', folder);
  return parent.href === folder.href ? 'unknown' : version(parent);
}
