import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KvmnetError } from '../util/errors.ts';
import { loadInventory } from './load.ts';
import type { Inventory } from './model.ts';
import { parsePattern, splitPattern } from './pattern.ts';
import { inFolder, loadFiles, problemsOf } from './test-folder.ts';

const HOSTS = `
[kvm]
kvm[01:04]
[edge]
kvm03
edge1.dc1
[none:children]
empty
[empty]
`;

const select = (inventory: Inventory, ...args: Parameters<Inventory['select']>): readonly string[] =>
  inventory.select(...args).map(({ name }) => name);

describe('the parts of a pattern', () => {
  it.each<[string, readonly string[]]>([
    ['a:b,c', ['a', 'b', 'c']],
    ['a[0:3]:b', ['a[0:3]', 'b']],
    ['fe80::1,a:!b', ['fe80::1', 'a', '!b']],
    ['!fe80::1', ['!fe80::1']],
    ['2001:db8:0:0:0:0:0:1', ['2001:db8:0:0:0:0:0:1']],
    ['~(?:web|db):!~x', ['~(?:web|db)', '!~x']],
    [' a , ,b: c ', ['a', 'b', 'c']],
    ['', []],
  ])('%s', (pattern, terms) => {
    expect(splitPattern(pattern)).toEqual(terms);
  });

  it('take their turn by kind, wherever they stand', () => {
    expect(parsePattern('!a:&b:c:d').map(({ text }) => text)).toEqual(['c', 'd', '&b', '!a']);
    expect(parsePattern('!a').map(({ text }) => text)).toEqual(['all', '!a']);
  });
});

describe('patterns that mean nothing', () => {
  it.each<[string, string]>([
    ['kvm1', 'no host and no group is called "kvm1"; did you mean "kvm"?'],
    [
      'nonsense',
      'no host and no group is called "nonsense"; known: all, edge, edge1.dc1, empty, kvm, kvm01, kvm02, kvm03, kvm04, none, ungrouped',
    ],
    ['kvm:&egde', 'no host and no group is called "egde"; did you mean "edge"?'],
    ['web*', 'pattern "web*" matches no host and no group; see the names with "kvmnet inventory --graph"'],
    [
      '~dc1',
      'pattern "~dc1" matches no host and no group; a regular expression has to fit from the beginning of the name: ~.*dc1',
    ],
    [
      '~(',
      '"~(" is not a valid pattern: Invalid regular expression: /^(?:()/: Unterminated group; behind ~ stands a regular expression',
    ],
    ['kvm[4]', 'pattern "kvm[4]": "kvm" has 4 hosts; the first is [0], the last [3] or [-1]'],
    ['kvm01[1]', 'pattern "kvm01[1]": "kvm01" has one host; the first is [0], the last [0] or [-1]'],
    [
      'kvm0[12]',
      'no host and no group is called "kvm0"; […] counts the hosts of a group; for characters of names write ~kvm0[12]',
    ],
    [
      'kvm0[2:4]',
      'no host and no group is called "kvm0"; […] counts the hosts of a group; for characters of names write ~kvm0[2-4]',
    ],
    [
      'edge1.dc[8:11]',
      'no host and no group is called "edge1.dc"; […] counts the hosts of a group; for characters of names write ~edge1.dc(8|9|10|…)',
    ],
    [' ', 'the host pattern is empty; name hosts or groups, or "all"'],
  ])('%s', async (pattern, expected) => {
    const inventory = await loadFiles({ i: HOSTS });
    expect(await problemsOf(() => inventory.select(pattern))).toEqual([expected]);
  });

  it('are shown with their place', async () => {
    const inventory = await loadFiles({ i: HOSTS });
    const at = { file: 'site.yml', line: 3, column: 10 };
    expect(await problemsOf(() => inventory.select('kmv', { at }))).toEqual([
      'site.yml:3:10: no host and no group is called "kmv"; did you mean "kvm"?',
    ]);
  });

  it('are no mistake where a group is empty or everything is excluded', async () => {
    const inventory = await loadFiles({ i: HOSTS });
    expect(['none', 'kvm:!all', 'kvm:&empty', 'kvm[5:9]', 'empty[0]'].map((p) => select(inventory, p))).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
  });

  it('are a warning where they only exclude', async () => {
    const inventory = await loadFiles({ i: HOSTS });
    const warnings: KvmnetError[] = [];
    const chosen = select(inventory, 'kvm*:!kvm09:!db*:!kvm0[1:2]', { onWarning: (warning) => warnings.push(warning) });
    expect(chosen).toEqual(['kvm01', 'kvm02', 'kvm03', 'kvm04']);
    expect(warnings.map(({ message }) => message)).toEqual([
      'no host and no group is called "kvm09"',
      'pattern "!db*" matches no host and no group',
      'no host and no group is called "kvm0"',
    ]);
  });
});

describe('an inventory without hosts', () => {
  it.each<[string, readonly string[], string]>([
    ['is empty', ['i'], 'the inventory has no hosts (i); add hosts to it, or give another one with -i'],
    [
      'is not given',
      [],
      'no inventory is given; give one with -i: a file, a folder, a name in inventories/, or "host1,host2,"',
    ],
  ])('%s', async (_, sources, expected) => {
    const inventory = await loadFiles({ i: '# nothing\n' }, sources);
    expect(await problemsOf(() => inventory.select('all'))).toEqual([expected]);
    expect(select(inventory, 'localhost')).toEqual(['localhost']);
  });
});

describe('-l', () => {
  const withLimit = (limit: string, files: Readonly<Record<string, string>> = {}) =>
    inFolder({ i: HOSTS, ...files }, async (cwd) => select(await loadInventory(['i'], { cwd }), 'kvm', { limit }));

  it.each<[string, readonly string[]]>([
    ['kvm02', ['kvm02']],
    ['kvm04,kvm02', ['kvm02', 'kvm04']],
    ['!kvm02', ['kvm01', 'kvm03', 'kvm04']],
    ['edge', ['kvm03']],
    ['all:&edge', ['kvm03']],
    ['edge1.dc1', []],
    ['@hosts', ['kvm01', 'kvm03']],
    ['@hosts:!kvm01', ['kvm03']],
  ])('%s', async (limit, expected) => {
    const hosts = '# failed yesterday\n\nkvm01   # again\n  edge\r\n';
    expect(await withLimit(limit, { hosts })).toEqual(expected);
  });

  it('with an unknown name says so, in a file with its place', async () => {
    expect(await problemsOf(() => withLimit('kvm9'))).toEqual([
      '<command line>:1:9: no host and no group is called "kvm9"; did you mean "kvm"?',
    ]);
    expect(await problemsOf(() => withLimit('@f', { f: 'kvm01\n  egde\n' }))).toEqual([
      'f:2:3: no host and no group is called "egde"; did you mean "edge"?',
    ]);
  });

  it('with a file that is not there or empty', async () => {
    expect(await problemsOf(() => withLimit('@f', { f: '# none\n' }))).toEqual([
      'the limit file f names no host; write one host or pattern a line',
    ]);
    expect(await problemsOf(() => withLimit('@nope'))).toEqual([
      'cannot read the limit file nope: it does not exist; -l @FILE takes a file with one host or pattern a line',
    ]);
  });
});

it('terms make sets: what adds, less what is not kept, less what is removed', async () => {
  const groups: Readonly<Record<string, readonly string[]>> = {
    a: ['h1', 'h2', 'h3', 'x1'],
    b: ['h2', 'h4', 'x2'],
    c: ['h3', 'h4', 'h5'],
  };
  const text = Object.entries(groups).map(([name, hosts]) => `[${name}]\n${hosts.join('\n')}\n`);
  const inventory = await loadFiles({ i: text.join('') });
  const everything = [...new Set(Object.values(groups).flat())];
  // What a term means, said a second time and more simply.
  const meaning = (name: string): readonly string[] =>
    groups[name] ??
    everything.filter((host) => host === name || (name.endsWith('*') && host.startsWith(name.slice(0, -1))));

  const term = fc.tuple(fc.constantFrom('', '&', '!'), fc.constantFrom('a', 'b', 'c', 'h1', 'h4', 'x2', 'h*', 'x*'));
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 6 }), fc.constantFrom(':', ','), (terms, separator) => {
      const of = (operator: string) => terms.filter(([op]) => op === operator).map(([, name]) => meaning(name));
      const added = of('').length === 0 ? everything : of('').flat();
      const expected = everything.filter(
        (host) => added.includes(host) && of('&').every((set) => set.includes(host)) && !of('!').flat().includes(host),
      );
      const found = select(inventory, terms.map((parts) => parts.join('')).join(separator));
      expect(found.toSorted()).toEqual(expected.toSorted());
      expect(new Set(found).size).toBe(found.length);
    }),
  );
});
