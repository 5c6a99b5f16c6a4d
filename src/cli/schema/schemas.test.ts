import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRegistry } from '../../engine/index.ts';
import { parseYaml, Tagged, toValue } from '../../lang/index.ts';
import { examplesOf } from '../doc/example-text.ts';
import { inventoryJsonSchema } from './inventory-schema.ts';
import { moduleJsonSchema } from './module-schema.ts';
import { playbookJsonSchema } from './playbook-schema.ts';

const registry = createRegistry();
const root = fileURLToPath(new URL('../../../', import.meta.url));
type JsonSchemaInput = Parameters<typeof z.fromJSONSchema>[0];

/** What an editor would complain about. */
const complaints = (schema: unknown, value: unknown): unknown =>
  z.fromJSONSchema(schema as JsonSchemaInput).safeParse(value).error?.issues ?? [];

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(folder, name));

const plain = (file: string): unknown => {
  const { root: tree } = parseYaml(readFileSync(join(root, file), 'utf8'), file);
  if (tree === undefined) return null;
  // A tag is nothing that JSON Schema knows: editors see the text behind it.
  return JSON.parse(
    JSON.stringify(toValue(tree), (_, item: unknown) => (item instanceof Tagged ? item.text : item)),
  ) as unknown;
};

describe('the schema of a module', () => {
  it.each(registry.names())('%s takes its examples, and templates in them', async (name) => {
    const module = await registry.get(name);
    if (module === undefined) throw new Error(`no module ${name}`);
    const schema = moduleJsonSchema(module);
    for (const { title, params } of examplesOf(module))
      expect([title, complaints(schema, params)]).toEqual([title, []]);
    const templates = Object.fromEntries(Object.keys(schema.properties ?? {}).map((key) => [key, '{{ x }}']));
    expect(complaints(schema, templates)).toEqual([]);
  });
  it('refuses what the module refuses', async () => {
    const module = await registry.get('sysctl');
    if (module === undefined) throw new Error('no module sysctl');
    expect(complaints(moduleJsonSchema(module), { nmae: 'x' })).not.toEqual([]);
    expect(complaints(moduleJsonSchema(module), { name: 'x', apply: 'perhaps' })).not.toEqual([]);
  });
});

describe('the schema of playbooks', async () => {
  const schema = await playbookJsonSchema(registry);
  const playbooks = filesBelow('playbooks').filter(
    (file) => !/\/(?:roles|tasks)\//.test(file) && Array.isArray(plain(file)),
  );
  it.each(playbooks)('takes %s', (file) => {
    expect(complaints(schema, plain(file))).toEqual([]);
  });
  it.each([
    [[{ hosts: 'all', taks: [] }]],
    [[{ hosts: 'all', tasks: [{ nothing: {} }] }]],
    [[{ tasks: [] }]],
    [{ hosts: 'all' }],
  ])('refuses %j', (value) => {
    expect(complaints(schema, value)).not.toEqual([]);
  });
});

describe('the schema of inventories', () => {
  it.each([
    [
      {
        all: { hosts: { a: { kvmnet_port: 22, x: [1] }, b: null }, children: { kvm: { vars: { y: 1 } }, edge: null } },
      },
      true,
    ],
    [{ all: { hostz: {} } }, false],
    [{ all: { hosts: { a: { kvmnet_connection: 'telnet' } } } }, false],
  ])('%j: %s', (value, fits) => {
    expect((complaints(inventoryJsonSchema(), value) as unknown[]).length === 0).toBe(fits);
  });
});
