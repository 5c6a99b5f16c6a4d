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

/** From the package that this file belongs to: two folders up in the source tree, three in `dist`. */
function version(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'kvmnet' && version !== undefined) return version;
    } catch {
      // Not there: the other one.
    }
  }
  return 'unknown';
}
