import { describe, expect, it } from 'vitest';
import { inFolder, loadFiles, problemsOf, type Files } from './test-folder.ts';
import { loadInventory } from './load.ts';

const problems = (files: Files, sources?: readonly string[]): Promise<readonly string[]> =>
  problemsOf(() => loadFiles(files, sources));

describe('mistakes in YAML inventories', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'a list',
      '- kvm01\n',
      ['i.yml:1:1: an inventory is a mapping of groups, not a list; begin with "all:" and "hosts:"'],
    ],
    [
      'a wrong key',
      'kvm:\n  host:\n    kvm01:\n',
      ['i.yml:2:3: unknown key "host" in group kvm; did you mean "hosts"?'],
    ],
    [
      'hosts as a list',
      'kvm:\n  hosts:\n    - kvm01\n',
      ['i.yml:3:5: hosts of group kvm is a list, not a mapping; write each name with a ":" behind it, without "-"'],
    ],
    [
      'a group that is a value',
      'kvm: 5\n',
      ['i.yml:1:6: group kvm is a single value; a group is a mapping of hosts, children and vars'],
    ],
    [
      'host variables that are a value',
      'kvm: { hosts: { kvm01: 10.0.0.1 } }\n',
      ['i.yml:1:24: variables of host kvm01 are a single value, not a mapping; write "name: value" lines'],
    ],
    [
      'vars as a list',
      'kvm:\n  vars: [a]\n',
      ['i.yml:2:9: vars of group kvm is a list, not a mapping; write "name: value" lines'],
    ],
    [
      'a group of itself',
      'kvm: { children: { kvm: } }\n',
      ['i.yml:1:20: groups that hold themselves: kvm > kvm; remove kvm from the children of kvm'],
    ],
    [
      'a circle of groups',
      'a: { children: { b: { children: { c: { children: { a: } } } } } }\n',
      ['i.yml:1:18: groups that hold themselves: a > b > c > a; remove b from the children of a'],
    ],
    [
      'all below another',
      'a:\n  children:\n    all:\n',
      ['i.yml:3:5: group all holds every group: it cannot be a child of a'],
    ],
    [
      'a name nobody can select',
      'a: { hosts: { "kvm01 kvm02": , "!x": } }\n',
      [
        'i.yml:1:15: "kvm01 kvm02" cannot be the name of a host; a name has no white space and no comma, and does not begin with ! & @ or ~',
        'i.yml:1:32: "!x" cannot be the name of a host; a name has no white space and no comma, and does not begin with ! & @ or ~',
      ],
    ],
    [
      'a plugin of Ansible',
      'plugin: amazon.aws.aws_ec2\n',
      [
        'i.yml:1:1: this configures Ansible\'s inventory plugin amazon.aws.aws_ec2, which kvmnet does not have; give an executable that prints the JSON of "ansible-inventory --list"',
      ],
    ],
    [
      'a priority that is no number',
      'a: { vars: { kvmnet_group_priority: high } }\n',
      ['i.yml:1:37: kvmnet_group_priority of group a must be an integer'],
    ],
    [
      'a duplicate key',
      'a:\n  hosts: { x: }\na:\n',
      ['i.yml:3:1: duplicate key "a", first at i.yml:1:1; remove one of the two'],
    ],
  ])('%s', async (_, text, expected) => {
    expect(await problems({ 'i.yml': text })).toEqual(expected);
  });

  it('are reported all at once, of all sources', async () => {
    const files = {
      'a.yml': 'a: { hots: {} }\nb: { hosts: { "k[2:1]": } }\n',
      'b.ini': '[x:vras]\n',
      'group_vars/a.yml': '- 1\n',
    };
    expect(await problems(files, ['a.yml', 'nowhere', 'b.ini'])).toEqual([
      'no inventory "nowhere": tried nowhere, inventories/nowhere, inventories/nowhere.{yml,yaml,ini,json}; a host by itself is written with a comma: -i nowhere,',
      'a.yml:1:6: unknown key "hots" in group a; did you mean "hosts"?',
      'a.yml:2:15: range [2:1] of "k[2:1]" begins behind its end; write [1:2]',
      'b.ini:1:4: section [x:vras] has an unknown kind; did you mean "vars"?',
      'group_vars/a.yml:1:1: variables are a mapping, not a list; write "name: value" lines',
    ]);
  });
});

describe('mistakes in INI inventories', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'a kind of section that is not there',
      '[web:vasr]\na=1\n',
      ['i.ini:1:6: section [web:vasr] has an unknown kind; did you mean "vars"?'],
    ],
    [
      'a section with spaces',
      '[my web]\n',
      ['i.ini:1:1: "[my web]" is not a section; write [group], [group:vars] or [group:children], without spaces'],
    ],
    [
      'a word that is no assignment',
      '  web1 port=80 oops\n',
      ['i.ini:1:16: "oops" behind host web1 is not key=value; write one host a line, and its variables as key=value'],
    ],
    [
      'an open quote',
      'web1 a="b\n',
      [`i.ini:1:1: a text in double quotes is not closed; put a value with spaces or quotes into quotes: key='a b'`],
    ],
    [
      'vars of a group that is not there',
      '[web]\nw\n[wbe:vars]\na=1\n',
      ['i.ini:3:2: section [wbe:vars] is for a group that is not there: wbe; did you mean "web"?'],
    ],
    [
      'a child that is not there',
      '[web]\nw\n[top:children]\nweb\n  bd\n',
      ['i.ini:5:3: section [top:children] holds a group that is not there: bd; known: all, top, ungrouped, web'],
    ],
    [
      'a variable without value',
      '[web]\nw\n[web:vars]\nport 80\n',
      ['i.ini:4:1: "port 80" is not key=value; variables of group web are written as key=value'],
    ],
    [
      'two children on a line',
      '[a]\nx\n[top:children]\na b\n',
      ['i.ini:4:1: "a b" is not the name of a group; write one group a line'],
    ],
    [
      'YAML',
      '---\n',
      ['i.ini:1:1: "---" looks like YAML in an INI inventory; name the file .yml, or write hosts as "name key=value"'],
    ],
    [
      'a port out of range',
      'web1:70000\n',
      ['i.ini:1:1: port 70000 of "web1:70000" does not exist; ports go from 1 to 65535'],
    ],
    [
      'a circle',
      '[a:children]\nb\n[b:children]\na\n',
      ['i.ini:4:1: groups that hold themselves: b > a > b; remove a from the children of b'],
    ],
  ])('%s', async (_, text, expected) => {
    expect(await problems({ 'i.ini': text })).toEqual(expected);
  });
});

describe('mistakes about sources', () => {
  it('an empty -i', async () => {
    expect(await problems({}, [' '])).toEqual(['the inventory source is empty; give a path or a name to -i']);
  });

  it('a name near one in inventories/', async () => {
    const files = { 'inventories/prod.yml': '', 'inventories/lab/hosts': '', 'inventories/group_vars/all.yml': '' };
    expect(await problems(files, ['prdo'])).toEqual([
      'no inventory "prdo": tried prdo, inventories/prdo, inventories/prdo.{yml,yaml,ini,json}; did you mean "prod"?',
    ]);
  });

  it('a path is not looked for elsewhere', async () => {
    const [problem] = await problems({ 'inventories/prod.yml': '' }, ['./nope.yml']);
    expect(problem).toBe('no inventory "./nope.yml": tried ./nope.yml; known: prod');
  });

  it('TOML', async () => {
    expect(await problems({ 'i.toml': '[a]\n' })).toEqual([
      'i.toml: TOML inventories are not supported; write it as YAML or INI',
    ]);
  });

  it('a program without the executable bit', async () => {
    const run = inFolder({ 'inv.py': ' #!/bin/sh\n' }, async (cwd) => {
      const { writeFile } = await import('node:fs/promises');
      await writeFile(`${cwd}/inv.py`, '#!/bin/sh\necho {}\n');
      return problemsOf(() => loadInventory(['inv.py'], { cwd }));
    });
    expect(await run).toEqual(['inv.py:1:1: inv.py begins with "#!" but is not executable; chmod +x inv.py']);
  });
});
