import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, program, project } from './kvmnet.ts';

/** Notes every file that Node loads, as module or by require. */
const recorder = `
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
const hook = \`import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(process.env.LOADED, url + '\\\\n');
  return next(url, context);
}\`;
register('data:text/javascript,' + encodeURIComponent(hook));
const { cache } = createRequire(import.meta.url);
process.on('exit', () => appendFileSync(process.env.LOADED, Object.keys(cache).join('\\n') + '\\n'));
`;

/** The packages that a call of the program loads. */
async function packagesOf(args: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Set<string>> {
  const cwd = project({ ...files, 'recorder.mjs': recorder, loaded: '' });
  const env = { NODE_OPTIONS: `--import=${join(cwd, 'recorder.mjs')}`, LOADED: join(cwd, 'loaded') };
  const { code, stderr } = await kvmnet(args, { cwd, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const loaded = readFileSync(join(cwd, 'loaded'), 'utf8').split('\n');
  expect(loaded.some((file) => file.endsWith('src/cli/main.js'))).toBe(true);
  // The program itself stands below node_modules here: the last one counts.
  return new Set(loaded.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/.][^/]*)\//.exec(file)?.[1] ?? []));
}

const files = {
  'site.yml': '- hosts: all\n  tasks: [{ copy: { content: a, dest: /b } }]\n',
  'hosts.yml': localInventory('a'),
};
/** commander reads command lines, the rest is for what they ask. */
const heavy = ['zod', 'ssh2', 'listr2', 'handlebars', '@marcbachmann/cel-js', 'js-yaml', 'commander'];

describe('what is loaded', () => {
  it('--version loads no package at all', async () => {
    expect(await packagesOf(['--version'])).toEqual(new Set());
  });
  it('--help does not load what only a run needs', async () => {
    const loaded = await packagesOf(['--help']);
    expect(heavy.filter((name) => loaded.has(name))).toEqual(['commander']);
  });
  it('a syntax check loads the language, and nothing that speaks to hosts or draws on terminals', async () => {
    const loaded = await packagesOf(['play', 'site.yml', '-i', 'hosts.yml', '--syntax-check'], files);
    expect(['zod', 'js-yaml', 'handlebars', '@marcbachmann/cel-js'].filter((name) => !loaded.has(name))).toEqual([]);
    expect(['ssh2', 'listr2', 'jiti', 'age-encryption'].filter((name) => loaded.has(name))).toEqual([]);
  });
  it('a run without ssh and without a terminal needs neither', async () => {
    const loaded = await packagesOf(['ping', 'all', '-i', 'hosts.yml'], files);
    expect(['ssh2', 'listr2', 'fast-xml-parser'].filter((name) => loaded.has(name))).toEqual([]);
  });
});

describe('how long it takes', () => {
  it('--version takes at most three times as long as Node itself', async () => {
    const timed = async (args: readonly string[]): Promise<number> => {
      const started = performance.now();
      await execa(process.execPath, args);
      return performance.now() - started;
    };
    const [node, version]: [number[], number[]] = [[], []];
    // In turns, so that whatever else the machine does weighs on both.
    for (let i = 0; i < 10; i++) {
      node.push(await timed(['-e', '0']));
      version.push(await timed([program, '--version']));
    }
    const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length / 2] ?? 0;
    expect(median(version) / median(node)).toBeLessThan(3);
  });
});
