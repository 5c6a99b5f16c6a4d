import { describe, expect, it } from 'vitest';
import { mistakes, type Files } from './testing/project.ts';

/** A play with these tasks; the first one is on line 3. */
const tasks = (text: string): string => `- hosts: all\n  tasks:\n${text.replaceAll(/^/gm, '    ')}\n`;
const play = (text: string): string => `- hosts: all\n${text.replaceAll(/^/gm, '  ')}\n`;

describe('parameters', () => {
  it.each<[string, string[]]>([
    ['- vxlann: {}', ['3:7 unknown module "vxlann" | did you mean "vxlan"?']],
    ['- frobnicate: {}', ['3:7 unknown module "frobnicate" | kvmnet doc lists the modules']],
    ['- ansible.builtin.copy: {}', ['3:7 unknown module "ansible.builtin.copy" | did you mean "copy"?']],
    ['- ansible.builtin.lineinfile: {}', ['3:7 unknown module "ansible.builtin.lineinfile" | use line_in_file']],
    ['- apt: {}', ['3:7 "apt" is not supported | use package']],
    ['- set_fact: {}', ['3:7 "set_fact" is not supported | use set_vars']],
    ['- vxlan: { name: a, vni: 1, nam: b }', ['3:33 vxlan: unknown parameter "nam" | did you mean "name"?']],
    [
      '- vxlan: { name: a, vni: 1, zzzzzz: b }',
      ['3:33 vxlan: unknown parameter "zzzzzz" | known: learning, local, mode, name'],
    ],
    [
      '- vxlan: { name: "{{ x }}", vni: "{{ y }}", nam: "{{ z }}" }',
      ['3:49 vxlan: unknown parameter "nam" | did you mean "name"?'],
    ],
    ['- vxlan: { vni: 1 }', ['3:7 vxlan: the parameter "name" is missing | ']],
    ['- vxlan:', ['3:7 vxlan: the parameter "name" is missing | ', '3:7 vxlan: the parameter "vni" is missing | ']],
    [
      '- vxlan: { name: a, vni: abc }',
      ['3:30 vxlan: vni: expected a whole number from 0 to 16777215, not the text "abc" | '],
    ],
    [
      '- vxlan: { name: a, vni: 16777216 }',
      ['3:30 vxlan: vni: expected a whole number from 0 to 16777215, not the number 16777216 | '],
    ],
    [
      '- vxlan: { name: 100, vni: 1 }',
      ['3:22 vxlan: name: expected a text, not the number 100 | put it into quotes: "100"'],
    ],
    [
      '- vxlan: { name: 1.10, vni: 1 }',
      ['3:22 vxlan: name: expected a text, not the number 1.1 | put it into quotes: "1.10"'],
    ],
    ['- vxlan: { name: true, vni: 1 }', ['3:22 vxlan: name: expected a text, not true | put it into quotes: "true"']],
    ['- vxlan: { name: yes, vni: 1 }', ['3:22 vxlan: name: yes is not a text | put it into quotes: "yes"']],
    ['- vxlan: { name: a, vni: 1, local: Off }', ['3:40 vxlan: local: Off is not a text | put it into quotes: "Off"']],
    [
      '- vxlan: { name: a, vni: 1, remotes: [on] }',
      ['3:43 vxlan: remotes[0]: on is not a text | put it into quotes: "on"'],
    ],
    [
      '- vxlan: { name: a, vni: 1, settings: { k: no } }',
      ['3:48 vxlan: settings.k: no is not a text | put it into quotes: "no"'],
    ],
    [
      '- vxlan: { name: a, vni: 1, remotes: b }',
      ['3:42 vxlan: remotes: expected a list, not the text "b" | write a list: [b]'],
    ],
    [
      '- vxlan: { name: a, vni: 1, learning: maybe }',
      ['3:43 vxlan: learning: expected yes or no, not the text "maybe" | '],
    ],
    [
      '- vxlan: { name: a, vni: 1, mode: onn }',
      ['3:39 vxlan: mode: expected on or off or auto, not the text "onn" | did you mean "on"?'],
    ],
    ['- vxlan: { name: a, vni: 1, ttl: 300 }', ['3:38 vxlan: ttl: expected at most 255, not the number 300 | ']],
    [
      '- vxlan: { name: a, vni: 1, vfs: [{ id: "1" }] }',
      [
        '3:39 vxlan: the parameter "vfs[0].mac" is missing | ',
        '3:45 vxlan: vfs[0].id: expected a number, not the text "1" | ',
      ],
    ],
    [
      '- vxlan: { name: a, vni: 1, vfs: [{ id: 1, mac: "{{ m }}", mca: x }] }',
      ['3:64 vxlan: unknown parameter "mca" in vfs[0] | did you mean "mac"?'],
    ],
    ['- copy: { dest: /x }', ['3:7 copy: give either src or content | ']],
    // What is missing may be what is misspelt.
    ['- copy: { dest: /x, contnet: y }', ['3:25 copy: unknown parameter "contnet" | did you mean "content"?']],
    [
      '- copy: src=a dest=/b',
      [
        '3:13 copy: expected a mapping of parameters, not the text "src=a dest=/b" | write each parameter on a line of its own: src: a',
      ],
    ],
    ['- copy: [a]', ['3:13 copy: expected a mapping of parameters, not a list | ']],
    ['- copy: !expr item', ['3:19 copy: expected a mapping of parameters, not a !expr value | ']],
    ['- vxlan: { name: !vault x, vni: "1x" }', ['vni']],
  ])('%s', async (text, expected) => {
    const found = await mistakes(tasks(text));
    expect(found).toHaveLength(expected.length);
    for (const [index, message] of expected.entries()) expect(found[index]).toContain(message);
  });

  it.each([
    // `yes` where a boolean is meant, and words of a fixed list.
    '- vxlan: { name: a, vni: 1, learning: yes, mode: on }',
    '- vxlan: { name: "yes", vni: "7" }',
    '- set_vars: { enabled: yes, n: 1 }',
    // What depends on variables is judged when it is bound.
    '- vxlan: { name: "{{ a }}", vni: !expr b, remotes: !expr c, vfs: [{ id: !expr d, mac: "{{ e }}" }] }',
    '- vxlan: { name: !vault abc, vni: "{{ x }}", settings: { "{{ k }}": 1 } }',
    '- copy: { dest: /x, src: "{{ a }}" }',
    '- command: uname -r',
    '- command: "echo {{ a }}"',
    '- reboot:',
    '- reboot: {}',
    '- assert: { that: [a == 1, true, "b != \'c\'"] }',
    '- assert: a == 1',
    '- assert: [a == 1, b]',
    '- debug: { var: a.b }',
    '- debug: {}',
  ])('%s is right', async (text) => {
    expect(await mistakes(tasks(text))).toEqual([]);
  });
});

describe('tasks', () => {
  it.each<[string, string]>([
    ['- name: x', '3:7 a task without a module | add the module and its parameters, for example: debug: { msg: … }'],
    [
      '- command: a\n  copy: { dest: b, src: c }',
      '4:7 two modules in one task: command and copy | make two tasks of it',
    ],
    ['- command: a\n  whn: true', '4:7 unknown keyword "whn" in a task | did you mean "when"?'],
    ['- commnd: a\n  when: true', '3:7 unknown module "commnd" | did you mean "command"?'],
    ['- whn: a', '3:7 unknown keyword "whn" in a task | did you mean "when"?'],
    [
      '- command: a\n  with_items: [1]',
      '4:7 "with_items" is not supported | write loop: with a list, or loop: !expr with an expression',
    ],
    ['- command: a\n  with_dict: x', '4:7 "with_dict" is not supported | write loop: !expr items(mapping)'],
    [
      '- command: a\n  async: 5',
      '4:7 "async" is not supported | remove it: a task may take as long as its timeout says',
    ],
    [
      '- local_action: command a',
      '3:7 "local_action" is not supported | write the module as the key, and delegate_to: localhost',
    ],
    [
      '- include: a.yml',
      '3:7 "include" is not supported | write include_tasks (when the play runs) or import_tasks (when it is loaded)',
    ],
    [
      '- import_playbook: a.yml',
      '3:7 import_playbook stands among tasks | put it beside the plays, at the left margin',
    ],
    ['- rescue: []', '3:7 "rescue" without a block | put the tasks that it watches under "block:"'],
    ['- block: []\n  import_tasks: x.yml', '4:7 "block" and "import_tasks" in one task'],
    ['- block: {}', '3:14 block: expected a list of tasks, not a mapping | begin each task with "- "'],
    ['- command', '3:7 a task is a mapping, not the text "command" | write - name: … and the module below it'],
    ['- command: a\n  when: "{{ x }}"', '4:13 when is an expression, not a template | write it without {{ }}'],
    ['- command: a\n  when: x = 1', '4:15 unexpected character: = | write == to compare'],
    [
      '- command: a\n  when: [x == 1, size("a")]',
      '4:22 the condition "size("a")" gives a number, not a boolean | compare it',
    ],
    ['- command: a\n  when: 1', '4:13 when: expected an expression, not the number 1 | '],
    ['- command: a\n  changed_when: foo()', '4:21 unknown function "foo"'],
    ['- command: a\n  until: a.b.lowr()', '4:14 unknown function "lowr" | did you mean "lower"?'],
    [
      '- command: a\n  loop: { a: 1 }',
      '4:13 loop: expected a list, not a mapping | for a mapping write loop: !expr items(name), then item.key and item.value',
    ],
    ['- command: a\n  loop_control: { label: x }', '4:7 loop_control without a loop | add "loop:", or remove it'],
    [
      '- command: a\n  loop: [1]\n  loop_control: { lable: x }',
      '5:23 unknown keyword "lable" in loop_control | did you mean "label"?',
    ],
    [
      '- command: a\n  register: a-b',
      '4:17 register: "a-b" cannot be the name of a variable | use letters, digits and _, and no digit in front',
    ],
    [
      '- command: a\n  register: loop',
      '4:17 register: "loop" is a reserved word of the expression language | choose another name',
    ],
    ['- command: a\n  register: facts', '4:17 register: "facts" is set by kvmnet itself | choose another name'],
    ['- command: a\n  register: no', '4:17 register: no is not a text | put it into quotes: "no"'],
    ['- command: a\n  become: maybe', '4:15 become: expected true or false, not the text "maybe" | '],
    ['- command: a\n  become_method: ksu', '4:22 become_method cannot be "ksu" | known: doas, su, sudo'],
    ['- command: a\n  retries: -1', '4:16 retries: expected a number, 0 or more, not the number -1 | '],
    ['- command: a\n  environment: x', '4:20 environment: expected a mapping of names to texts | '],
    ['- command: a\n  notify: restart x', '4:15 there is no handler "restart x" | the play has no handlers'],
    ['- command: a\n  listen: x', '4:7 "listen" outside of handlers | put the task under "handlers:"'],
    ['- command: a\n  tags: "{{ x }}"', '4:13 tags cannot depend on variables | write the names themselves'],
    ['- command: a\n  vars: { a-b: 1 }', '4:15 "a-b" cannot be the name of a variable'],
    [
      '- command: a\n  vars: { a: "{{ b" }',
      '4:22 the template ends inside of {{ }} or of a block | close it with }} or {{/name}}',
    ],
    ['- command: a\n  module_defaults: { coppy: {} }', '4:26 unknown module "coppy" | did you mean "copy"?'],
    ['- include_role: web', '3:21 include_role needs the name of a role | write include_role: { name: … }'],
    ['- include_role: { nme: web }', '3:23 unknown keyword "nme" in include_role | did you mean "name"?'],
    ['- import_tasks: "{{ x }}.yml"', '3:21 import_tasks cannot depend on variables | write include_tasks'],
    ['- import_tasks: x.yml\n  loop: [1]', '4:7 import_tasks takes no "loop" | write include_tasks'],
    [
      '- import_tasks: { file: x.yml, apply: { tags: a } }',
      '3:7 import_tasks takes no "apply" | put the keywords beside it',
    ],
    [
      '- import_tasks: nope.yml',
      '3:21 the task file nope.yml does not exist | the path is relative to the file in which it stands',
    ],
    ['- include_tasks: nope.yml', '3:22 the task file nope.yml does not exist'],
    ['- import_role: { name: web }', '3:28 there is no role "web" | looked in'],
  ])('%j', async (text, expected) => {
    const found = await mistakes(tasks(text));
    expect(found.filter((each) => each.includes(expected))).toHaveLength(1);
  });
});

describe('plays', () => {
  it.each<[string, string]>([
    ['hots: x', '2:3 unknown keyword "hots" in a play | did you mean "hosts"?'],
    ['remote_user: x', '2:3 "remote_user" is not supported | set kvmnet_user in the inventory'],
    ['serial: 0', '2:11 serial: expected a number of hosts or a percentage, not the number 0 | for example 5 or 50%'],
    ['serial: [1, 200%]', '2:15 serial: expected a number of hosts or a percentage, not the text "200%"'],
    [
      'serial: "{{ n }}"',
      '2:11 serial cannot depend on variables | write the value itself: it is needed before there is a host',
    ],
    ['strategy: fre', '2:13 strategy cannot be the text "fre" | did you mean "free"?'],
    [
      'order: random',
      '2:10 order cannot be the text "random" | known: inventory, reverse_inventory, reverse_sorted, shuffle, sorted',
    ],
    ['max_fail_percentage: 120', '2:24 max_fail_percentage: expected a number from 0 to 100, not the number 120 | '],
    ['gather_facts: 1', '2:17 gather_facts: expected true or false, not the number 1 | '],
    ['tasks: {}', '2:10 tasks: expected a list of tasks, not a mapping | begin each task with "- "'],
    ['roles: web', '2:10 roles: expected a list of roles, not the text "web" | '],
    ['roles: [web]', '2:11 there is no role "web" | looked in'],
    ['roles: [{ vars: {} }]', '2:11 a role without a name | write - role: NAME'],
    ['roles: ["{{ r }}"]', '2:11 the name of a role cannot depend on variables | use include_role in a task'],
    ['vars: { groups: 1 }', '2:11 "groups" is set by kvmnet itself | choose another name'],
    ['vars: []', '2:9 vars: expected a mapping, not a list | '],
    ['vars_files: [nope.yml]', '2:16 the variable file nope.yml does not exist'],
    [
      'vars_files: ["{{ x }}.yml"]',
      '2:16 vars_files cannot depend on variables | put what differs between hosts into group_vars or host_vars',
    ],
    [
      'vars_prompt: []',
      '2:3 "vars_prompt" is not supported | give the value with -e name=value, or keep it in an encrypted file',
    ],
    ['handlers: [{ command: x }]', '2:14 a handler without a name can never be notified | add "name:"'],
    ['name: on', '2:9 name: on is not a text | put it into quotes: "on"'],
  ])('%s', async (text, expected) => {
    const found = await mistakes(play(text));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`site.yml:${expected}`);
  });

  it.each<[string, Files | string, string]>([
    [
      'no hosts',
      '- tasks: []\n',
      'site.yml:1:3 a play without hosts | add "hosts:" with a pattern of the inventory, for example hosts: all',
    ],
    [
      'no list',
      'hosts: all\n',
      'site.yml:1:1 a playbook is a list of plays, not a mapping | begin each play with "- "',
    ],
    [
      'no play',
      '- all\n',
      'site.yml:1:3 a play is a mapping, not the text "all" | write - hosts: … and tasks: below it',
    ],
    ['no file', {}, 'the playbook site.yml does not exist | '],
    ['a near file', { 'sitee.yml': '' }, 'the playbook site.yml does not exist | did you mean "sitee.yml"?'],
    [
      'bad YAML',
      '- hosts: [all\n',
      'site.yml:2:1 YAML: the file ends inside of a list, a mapping or a quoted text | close what was opened above: a quote, ] or }',
    ],
    [
      'a duplicate key',
      '- hosts: all\n  hosts: kvm\n',
      'site.yml:2:3 duplicate key "hosts", first at site.yml:1:3 | remove one of the two',
    ],
    [
      'an import of itself',
      '- import_playbook: site.yml\n',
      'site.yml:1:20 site.yml imports itself | remove one of the imports',
    ],
    [
      'tasks that import themselves',
      { 'site.yml': play('tasks: [{ import_tasks: a.yml }]'), 'a.yml': '- import_tasks: a.yml' },
      'a.yml:1:17 a.yml imports itself | use include_tasks with a condition for what repeats',
    ],
    [
      'roles that depend on one another',
      {
        'site.yml': play('roles: [a]'),
        'roles/a/meta/main.yml': 'dependencies: [b]',
        'roles/b/meta/main.yml': 'dependencies: [a]',
      },
      'roles/b/meta/main.yml:1:16 the role "a" depends on itself | remove one of the dependencies',
    ],
    [
      'a role that is not there',
      { 'site.yml': play('roles: [webb]'), 'roles/web/tasks/main.yml': '' },
      'site.yml:2:11 there is no role "webb" | did you mean "web"?',
    ],
    [
      'a part of a role that is not there',
      {
        'site.yml': play('tasks: [{ import_role: { name: web, tasks_from: instal } }]'),
        'roles/web/tasks/main.yml': '',
      },
      'the role "web" has no tasks/instal',
    ],
    [
      'an encrypted file and no password',
      { 'site.yml': play('vars_files: [v.yml]'), 'v.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162\n' },
      'v.yml:1:1',
    ],
    [
      'a handler that is not there',
      play(
        'handlers: [{ name: restart ospf, command: x, listen: routing }]\ntasks: [{ command: x, notify: [restart ospff, routing] }]',
      ),
      'site.yml:3:34 there is no handler "restart ospff" | did you mean "restart ospf"?',
    ],
  ])('%s', async (_name, files, expected) => {
    const found = await mistakes(files);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('are all found at once, in the order of files and lines', async () => {
    const found = await mistakes({
      'site.yml':
        '- hosts: all\n  hots: x\n  tasks:\n    - import_tasks: a.yml\n    - vxlan: { vni: 1 }\n- import_playbook: b.yml\n',
      'a.yml': '- vxlann: {}\n- command: x\n  wen: x\n',
      'b.yml': '- hosts: all\n  roles: [web]\n',
      'roles/web/tasks/main.yml': '- command: x\n  register: 1a\n- vxlan: { name: a, vni: {{ vni }} }\n',
      'roles/web/defaults/main.yml': 'a: 1\na: 2\n',
    });
    expect(found.map((each) => each.split(' ')[0])).toEqual([
      'site.yml:2:3',
      'site.yml:5:7',
      'a.yml:1:3',
      'a.yml:3:3',
      'roles/web/defaults/main.yml:2:1',
      'roles/web/tasks/main.yml:2:13',
      'roles/web/tasks/main.yml:3:27',
    ]);
  });
});
