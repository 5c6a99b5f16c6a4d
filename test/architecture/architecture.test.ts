import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Which rooms a room may import from, beside itself (docs/architecture.md). */
const arrows: Readonly<Record<string, readonly string[]>> = {
  cli: ['report', 'engine', 'playbook', 'inventory', 'lang', 'transport', 'sdk', 'util'],
  report: ['engine', 'util'],
  engine: ['playbook', 'inventory', 'lang', 'transport', 'sdk', 'util'],
  playbook: ['lang', 'sdk', 'util'],
  inventory: ['lang', 'transport', 'util'],
  lang: ['util'],
  transport: ['util'],
  sdk: ['util'],
  util: [],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  /** Imported when it is called for: it cannot be met half made. */
  readonly lazy: boolean;
}

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));

const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.includes('/testing/');

const importsOf = (file: string): Import[] => {
  const text = readFileSync(join(root, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gms);
  const dynamic = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g);
  return [
    ...[...statements].map(([, type, to = '']) => ({ from: file, to, typeOnly: type !== undefined, lazy: false })),
    ...[...dynamic].map(([, to = '']) => ({ from: file, to, typeOnly: false, lazy: true })),
  ].map((found) => (found.to.startsWith('.') ? { ...found, to: normalize(join(dirname(file), found.to)) } : found));
};

const room = (file: string): string => (file.startsWith('modules/') ? 'modules' : (file.split('/')[1] ?? ''));

const code = sources('src').filter((file) => !isTest(file));
const modules = sources('modules').filter((file) => !isTest(file));
const imports = code.flatMap(importsOf);

describe('the rooms of src', () => {
  it('are those of the design', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rooms.map(({ name }) => name).toSorted()).toEqual(Object.keys(arrows).toSorted());
  });

  it('import only downwards', () => {
    const wrong = imports
      .filter(({ to }) => to.startsWith('src/') || to.startsWith('modules/'))
      .filter(({ from, to }) => room(from) !== room(to) && arrows[room(from)]?.includes(room(to)) !== true);
    expect(wrong).toEqual([]);
  });

  it('have one importer of ssh2, and the engine and the inventory know of the transport only its types', () => {
    expect(imports.filter(({ from, to }) => to === 'ssh2' && room(from) !== 'transport')).toEqual([]);
    const known = imports.filter(
      ({ from, to }) => ['engine', 'inventory'].includes(room(from)) && room(to) === 'transport',
    );
    expect(known.filter(({ to, typeOnly }) => to !== 'src/transport/types.ts' || !typeOnly)).toEqual([]);
  });

  it('let reports know the engine by its events only', () => {
    const known = imports.filter(({ from, to }) => room(from) === 'report' && room(to) === 'engine');
    expect(known.filter(({ to, typeOnly }) => to !== 'src/engine/events.ts' || !typeOnly)).toEqual([]);
  });

  it('have no circular imports', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to, typeOnly, lazy } of imports)
      if (!typeOnly && !lazy && to.startsWith('src/')) graph.set(from, [...(graph.get(from) ?? []), to]);
    const cycles: string[] = [];
    const done = new Set<string>();
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) walk(file, []);
    expect(cycles).toEqual([]);
  });
});

describe('modules', () => {
  it('import only the contract, zod and their own files', () => {
    const wrong = modules.flatMap(importsOf).filter(({ from, to }) => {
      // Pure parts of Node: paths of hosts are joined and split, values compared.
      if (['zod', 'src/sdk/index.ts', 'node:path/posix', 'node:util'].includes(to)) return false;
      return !to.startsWith(`modules/${from.split('/')[1] ?? ''}/`);
    });
    expect(wrong).toEqual([]);
  });

  it('are folders with an index', () => {
    const folders = readdirSync(join(root, 'modules'), { withFileTypes: true });
    const bare = folders.filter((entry) => !entry.isDirectory() || !modules.includes(`modules/${entry.name}/index.ts`));
    expect(bare.map(({ name }) => name)).toEqual([]);
  });
});

/** Longer files, and why they are one: a table of functions, and one builder with its state. */
const explained = new Set(['src/lang/cel-functions.ts', 'src/lang/yaml-tree.ts']);

describe('files', () => {
  it('have at most 300 lines, but for those that explain themselves', () => {
    const long = [...code, ...modules].map(
      (file) => [file, readFileSync(join(root, file), 'utf8').split('\n').length - 1] as const,
    );
    expect(long.filter(([file, lines]) => lines > 300 && !explained.has(file))).toEqual([]);
  });
});
