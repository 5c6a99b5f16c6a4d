import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createScope, createVault, encryptText, sourceLayer, toValue } from '../lang/index.ts';
import { whereSet } from './host-layers.ts';
import { loadInventory } from './load.ts';
import type { Inventory } from './model.ts';
import { inFolder, loadFiles, problemsOf, varsOf, type Files } from './test-folder.ts';

const names = (inventory: Inventory): readonly string[] => [...inventory.hosts.keys()];

describe('what -i names', () => {
  it.each<[string, Files]>([
    ['a path', { prod: 'a: { hosts: { here: } }\n', 'inventories/prod.yml': 'a: { hosts: { there: } }\n' }],
    [
      'a folder in inventories/',
      { 'inventories/prod/h.yml': 'a: { hosts: { here: } }\n', 'inventories/prod.yml': 'a:\n' },
    ],
    [
      'a .yml in inventories/',
      { 'inventories/prod.yml': 'a: { hosts: { here: } }\n', 'inventories/prod.ini': 'there\n' },
    ],
    ['a .yaml in inventories/', { 'inventories/prod.yaml': 'a: { hosts: { here: } }\n' }],
    ['a .ini in inventories/', { 'inventories/prod.ini': 'here\n' }],
    ['a .json in inventories/', { 'inventories/prod.json': '{"a": {"hosts": {"here": {}}}}\n' }],
    ['what ansible-inventory --list printed', { prod: '{"_meta": {"hostvars": {}}, "a": {"hosts": ["here"]}}\n' }],
    ['an INI file without extension', { prod: '# hosts\nhere ansible_port=22\n' }],
    [
      'an .ini in a folder',
      { 'prod/hosts.ini': 'here\n', 'prod/x.py': '#!/bin/sh\necho {}\n', 'prod/x.ini': '[oops\n' },
    ],
  ])('%s', async (_, files) => {
    expect(names(await loadFiles(files, ['prod']))).toEqual(['here']);
  });

  it('several: hosts and variables merge, the later source wins', async () => {
    const files = { 'a.yml': 'g: { hosts: { h: { x: 1, y: 1 } } }\n', 'b.ini': '[g]\nh y=2\ni\n' };
    const inventory = await loadFiles(files, ['a.yml', 'b.ini', 'j,h:9,']);
    expect(names(inventory)).toEqual(['j', 'h', 'i']);
    expect(varsOf(inventory.host('h'))).toEqual({ x: 1, y: 2 });
  });

  it('an inventory encrypted as a whole', async () => {
    const secret = { id: 'default', secret: 'pw' };
    const files = {
      'hosts.yml': await encryptText('g: { hosts: { h: } }\n', secret),
      'group_vars/g.yml': await encryptText('token: abc\n', secret),
    };
    const inventory = await loadFiles(files, ['hosts.yml'], { vault: createVault([secret]) });
    expect(varsOf(inventory.host('h'))).toEqual({ token: 'abc' });
    expect(
      await problemsOf(() => loadFiles({ ...files, 'hosts.yml': 'g: { hosts: { h: } }\n' }, ['hosts.yml'])),
    ).toEqual([
      'group_vars/g.yml:1:1: an encrypted value, and no vault password was given; give one with --vault-password-file FILE or --vault-id ID@FILE',
    ]);
  });
});

describe('layers', () => {
  const files = {
    'hosts.yml': 'all: { vars: { a: 1 }, children: { g: { vars: { a: 2 }, hosts: { h: { a: 3 } } } } }\n',
    'group_vars/all.yml': 'a: 4\n',
    'group_vars/g/x.yml': 'a: 5\n',
    'host_vars/h.json': '{"a": 6}',
    'play/group_vars/all.yml': 'a: 7\n',
    'play/group_vars/g': 'a: 8\n',
    'play/host_vars/h.yaml': 'a: 9\n',
  };

  it('go from weakest to strongest, with a rank and a label', async () => {
    const layers = await inFolder(files, async (cwd) => {
      const inventory = await loadInventory(['hosts.yml'], { cwd, playbookDir: `${cwd}/play` });
      return inventory
        .host('h')
        ?.layers.map(({ kind, label, values }) => [kind, label, ...[...values.values()].map(toValue)]);
    });
    expect(layers).toEqual([
      ['inventory-all', 'group all', 1],
      ['inventory-all', 'group g', 2],
      ['inventory-all', 'group_vars/all.yml', 4],
      ['playbook-all', 'play/group_vars/all.yml', 7],
      ['inventory-group', 'group_vars/g', 5],
      ['playbook-group', 'play/group_vars/g', 8],
      ['inventory-host', 'host h', 3],
      ['inventory-host', 'host_vars/h.json', 6],
      ['playbook-host', 'play/host_vars/h.yaml', 9],
    ]);
  });

  it('make a scope of src/lang, where the same value wins, and its place is known', async () => {
    const strongestFirst: readonly (readonly [string, number])[] = [
      ['play/host_vars/h.yaml', 9],
      ['host_vars/h.json', 6],
      ['hosts.yml', 3],
    ];
    await inFolder(files, async (cwd) => {
      for (const [file, value] of strongestFirst) {
        const host = (await loadInventory(['hosts.yml'], { cwd, playbookDir: `${cwd}/play` })).hosts.get('h');
        const scope = createScope((host?.layers ?? []).map(({ kind, values }) => sourceLayer(kind, values)));
        expect(Number(scope.get('a'))).toBe(value);
        expect(host && whereSet(host, 'a')?.file).toBe(file);
        if (file !== 'hosts.yml') await rm(`${cwd}/${file}`);
      }
    });
  });

  it('keep the place of every value', async () => {
    const inventory = await loadFiles({ 'i.ini': '[web]\n  w1  port=80 name="a b"\n[web:vars]\nx = 1\n' });
    const places = (inventory.host('w1')?.layers ?? []).flatMap(({ values }) =>
      Array.from(values, ([name, { at }]) => `${name} ${at.file}:${at.line}:${at.column}`),
    );
    expect(places).toEqual(['x i.ini:4:5', 'port i.ini:2:12', 'name i.ini:2:20']);
  });

  it('of the implicit localhost: those of all, and no network', async () => {
    const inventory = await loadFiles({ ...files, 'host_vars/localhost.yml': 'own: 1\n' });
    const host = inventory.host('localhost');
    expect(varsOf(host)).toEqual({ a: 4, ansible_connection: 'local', kvmnet_connection: 'local', own: 1 });
    expect(host).toMatchObject({ implicit: true, groups: [] });
    expect(inventory.select('all').map(({ name }) => name)).toEqual(['h']);
    expect(inventory.select('localhost')).toEqual([host]);
    expect(inventory.host('127.0.0.2')).toBeUndefined();
  });

  it('of a localhost that a source names are its own', async () => {
    const inventory = await loadFiles({ i: 'localhost x=1\n' });
    expect(inventory.host('localhost')).toMatchObject({ implicit: false, groups: ['ungrouped'] });
    expect(varsOf(inventory.host('localhost'))).toEqual({ x: 1 });
  });
});

describe('warnings', () => {
  it.each<[string, Files, string]>([
    ['a host and a group of one name', { i: 'g\n[g]\nh\n' }, '"g" is a host and a group'],
    [
      'two files for one name',
      { i: '[g]\nh\n', 'group_vars/g/a.yml': 'a: 1\n', 'group_vars/g.yml': 'a: 2\n' },
      'group_vars/g.yml is not read because group_vars/g is there',
    ],
    [
      'a priority where it has no effect',
      { i: '[g]\nh\n', 'group_vars/g.yml': 'ansible_group_priority: 5\n' },
      'ansible_group_priority has no effect in group_vars',
    ],
  ])('%s', async (_, files, expected) => {
    expect((await loadFiles(files)).warnings.map(({ message }) => message)).toEqual([expected]);
  });
});

it('loads 5,000 hosts in 20 groups within a second of CPU time', async () => {
  const group = (g: number): string =>
    `    g${g}:\n      vars: { uplink: eth${g} }\n      hosts:\n` +
    Array.from(
      { length: 250 },
      (_, h) => `        h-${g}-${h}: { kvmnet_host: 10.0.${g}.${h}, vtep_ip: 10.1.${g}.${h} }\n`,
    ).join('');
  const text = `all:\n  children:\n${Array.from({ length: 20 }, (_, g) => group(g)).join('')}`;
  await inFolder({ 'hosts.yml': text }, async (cwd) => {
    // CPU time, not the clock, and the best of three: the machine may have more to do than this, and V8 collects garbage.
    const cpu = (): number => process.cpuUsage().user / 1000;
    const [loads, selections]: [number[], number[]] = [[], []];
    for (let round = 0; round < 3; round++) {
      const start = cpu();
      const inventory = await loadInventory(['hosts.yml'], { cwd });
      const loaded = cpu();
      const chosen = inventory.select('g*:&~h-\\d+-1.*:!h-1-*', { limit: 'g1:g2' });
      selections.push(cpu() - loaded);
      loads.push(loaded - start);
      expect([inventory.hosts.size, chosen.length]).toEqual([5000, 111]);
    }
    expect(Math.min(...loads)).toBeLessThan(1000);
    expect(Math.min(...selections)).toBeLessThan(50);
  });
});

it('a file called group_vars is no folder of variables', async () => {
  expect(names(await loadFiles({ i: 'x', group_vars: 'not a folder' }))).toEqual(['x']);
});
