import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/engine/index.ts';
import { mistakes } from '../../src/playbook/testing/project.ts';
import type { AnyModule, AnyResource, Boot, StateObject } from '../../src/sdk/index.ts';

type Params = Readonly<Record<string, unknown>>;
interface Example {
  readonly title: string;
  readonly params: Params;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = readdirSync(join(root, 'modules'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted();

const registry = createRegistry();
const modules = await Promise.all(
  folders.map(async (folder) => {
    // A module that does not load fails its own tests, not those of all others.
    const module = await registry.get(folder).catch((error: unknown) => String(error));
    return { folder, module };
  }),
);
const loaded = modules.flatMap(({ folder, module }) =>
  module === undefined || typeof module === 'string' ? [] : [{ folder, module, examples: examplesOf(module) }],
);
const kept = loaded.flatMap(({ folder, module, examples }) =>
  module.kind === 'module' && module.boot !== undefined ? [{ folder, module, examples }] : [],
);

it.each(modules)('the folder modules/$folder holds the module of that name', ({ folder, module }) => {
  expect(typeof module === 'string' ? module : module?.name).toBe(folder);
});

describe.each(loaded)('$folder', ({ folder, module, examples }) => {
  it('has at least two examples, each with a title of its own', () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    expect(new Set(examples.map(({ title }) => title)).size).toBe(examples.length);
  });

  it('has examples that its schema and the loader of playbooks take', async () => {
    const tasks = examples.map(({ title, params }) => ({ name: title, [folder]: params }));
    const playbook = JSON.stringify([{ hosts: 'all', tasks }], null, 2);
    expect(await mistakes(playbook, { modules: registry })).toEqual([]);
    // Where a parameter holds CEL, the schema judges what the expressions give.
    if ('expressions' in module && module.expressions !== undefined) return;
    for (const { params } of examples) expect(module.params.safeParse(params)).toMatchObject({ success: true });
  });

  it('describes itself and every parameter', () => {
    expect(module.summary).not.toBe('');
    const { properties = {} } = z.toJSONSchema(module.params, { io: 'input', unrepresentable: 'any' });
    const silent = Object.entries(properties).filter(
      ([, schema]) => typeof schema === 'boolean' || (schema.description ?? '') === '',
    );
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});

describe.each(kept)('$folder comes back at boot, and', ({ folder, examples }) => {
  // As it is written: what the registry adds to it is the engine's.
  it('leaves the parameter persist to the engine', async () => {
    const exported = Object.values((await import(`../../modules/${folder}/index.ts`)) as Record<string, unknown>);
    const own = exported.find((value): value is AnyResource => isNamed(value, folder));
    expect(Object.keys(own?.params.shape as object)).not.toContain('persist');
  });

  it('takes its unit away when it should be absent', () => {
    const module = loaded.find((each) => each.folder === folder)?.module;
    if (module?.kind !== 'module') throw new Error('no resource');
    const { properties = {} } = z.toJSONSchema(module.params, { io: 'input', unrepresentable: 'any' });
    const states = properties['state'];
    const canBeAbsent = typeof states === 'object' && states.enum?.includes('absent') === true;
    if (!canBeAbsent) return;
    const pairs = examples.map(({ params }) => [params, bootOf(module, { ...params, state: 'absent' })] as const);
    const gone = pairs.filter(([, boot]) => boot !== 'refused');
    // Else nothing below is asked.
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.filter(([, boot]) => boot === undefined).map(([params]) => params)).toEqual([]);
    for (const [params, boot] of gone) {
      const present = bootOf(module, params);
      if (typeof present === 'object' && typeof boot === 'object') expect(boot.id).toBe(present.id);
    }
  });

  it('is guarded or can be reset where a device starts it', () => {
    const module = loaded.find((each) => each.folder === folder)?.module;
    if (module?.kind !== 'module') throw new Error('no resource');
    const boots = examples.map(({ params }) => bootOf(module, params)).filter((boot) => typeof boot === 'object');
    expect(boots.length).toBeGreaterThan(0);
    const bare = boots.filter(
      (boot) => 'device' in boot.anchor && boot.guard === undefined && boot.resettable !== true,
    );
    expect(bare.map(({ id }) => id)).toEqual([]);
  });
});

function examplesOf(module: AnyModule): readonly Example[] {
  return module.examples as readonly Example[];
}

function bootOf(module: AnyResource, params: Params): Boot<StateObject> | 'refused' | undefined {
  const { success, data } = module.params.safeParse(params);
  return success ? (module.boot?.(data) as Boot<StateObject> | undefined) : 'refused';
}

const isNamed = (value: unknown, name: string): value is AnyResource =>
  typeof value === 'object' && value !== null && 'name' in value && value.name === name && 'params' in value;
