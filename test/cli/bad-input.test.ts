import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kvmnet, project, type Call } from './kvmnet.ts';

/** Stands where the hosts would be, and counts who comes. */
const door = createServer((socket) => {
  visits += 1;
  socket.destroy();
});
let visits = 0;
let port = 0;

beforeAll(async () => {
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const address = door.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => void door.close());

const hosts = (): string => `all:
  children:
    kvm:
      hosts: { kvm01: { vtep_ip: 10.0.0.1 }, kvm02: { vtep_ip: 10.0.0.2 }, kvm03: {} }
      vars: { kvmnet_host: 127.0.0.1, kvmnet_port: ${port}, kvmnet_connect_retries: 0, uplink: eth1 }
`;

/** Plays `site.yml` of these files on three hosts. */
async function play(files: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Call> {
  visits = 0;
  const cwd = project({ 'hosts.yml': hosts(), ...files });
  const inventory = args.includes('-i') ? [] : ['-i', 'hosts.yml'];
  const { code, stdout, stderr } = await kvmnet(['play', 'site.yml', ...inventory, ...args], { cwd });
  return { code, stdout: stdout.replaceAll(cwd, '…'), stderr: stderr.replaceAll(cwd, '…') };
}

const tasks = (text: string): Readonly<Record<string, string>> => ({ 'site.yml': `- hosts: kvm\n  tasks:\n${text}` });

it('hosts are connected to where nothing is wrong', async () => {
  const started = performance.now();
  const { code, stdout } = await play(tasks('    - ping:\n'));
  expect({ code, visits }).toEqual({ code: 4, visits: 3 });
  // Who hangs up at once is not waited for.
  expect(performance.now() - started).toBeLessThan(8000);
  expect(stdout).toContain(
    `kvm[01:03]    127.0.0.1 port ${port} answered, but gave no SSH session: it closed the connection
kvm[01:03]    hint: it may allow fewer logins at once (MaxStartups of sshd, --forks here), or have banned this address`,
  );
});

const setIt = 'set it in the inventory, under vars: or with -e; or ask defined(…) first where it may be missing';

describe('what is wrong is told before any host is touched', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'an unknown module',
      tasks('    - copi: { content: a, dest: /b }\n'),
      `site.yml:3:7: error: unknown module "copi"
    3 |     - copi: { content: a, dest: /b }
      |       ^
  hint: did you mean "copy"?`,
    ],
    [
      'a mistyped parameter',
      tasks('    - file: { paht: /x, path: /y }\n'),
      `site.yml:3:15: error: file: unknown parameter "paht"
    3 |     - file: { paht: /x, path: /y }
      |               ^
  hint: did you mean "path"?`,
    ],
    [
      'a missing parameter',
      tasks('    - file: { mode: "0644" }\n'),
      `site.yml:3:7: error: file: the parameter "path" is missing
    3 |     - file: { mode: "0644" }
      |       ^`,
    ],
    [
      'a mistyped keyword',
      tasks('    - ping:\n      wehn: true\n'),
      `site.yml:4:7: error: unknown keyword "wehn" in a task
    4 |       wehn: true
      |       ^
  hint: did you mean "when"?`,
    ],
    [
      'a value of a wrong type',
      tasks('    - vxlan: { name: vx0, vni: many, local: 10.0.0.1 }\n'),
      `site.yml:3:32: error: vxlan: vni: expected a VNI: a whole number from 0 to 16777215, not the text "many"
    3 |     - vxlan: { name: vx0, vni: many, local: 10.0.0.1 }
      |                                ^`,
    ],
    [
      'a value of a wrong type that comes from a variable',
      tasks('    - vxlan: { name: vx0, vni: "{{ id }}", local: 10.0.0.1 }\n      vars: { id: many }\n'),
      `site.yml:3:32: error: vxlan: vni: expected a VNI: a whole number from 0 to 16777215, not the text "many"
    3 |     - vxlan: { name: vx0, vni: "{{ id }}", local: 10.0.0.1 }
      |                                ^`,
    ],
    [
      'yes where a text is meant',
      tasks('    - command: { cmd: ls, creates: yes }\n'),
      `site.yml:3:36: error: command: creates: yes is not a text
    3 |     - command: { cmd: ls, creates: yes }
      |                                    ^
  hint: put it into quotes: "yes"`,
    ],
    [
      'an undefined variable',
      tasks('    - debug: "{{ uplnik }}"\n'),
      `site.yml:3:18: error: "uplnik" is undefined
    3 |     - debug: "{{ uplnik }}"
      |                  ^
  hint: did you mean "uplink"?`,
    ],
    [
      'an undefined variable inside of another',
      tasks('    - debug: "{{ a }}"\n      vars: { a: "{{ nowhere_at_all }}" }\n'),
      `site.yml:4:22: error: "nowhere_at_all" is undefined
    4 |       vars: { a: "{{ nowhere_at_all }}" }
      |                      ^
  hint: ${setIt}`,
    ],
    [
      'a variable that not all hosts have',
      tasks('    - debug: "{{ vtep_ip }}"\n'),
      `site.yml:3:18: error: "vtep_ip" is undefined (on kvm03)
    3 |     - debug: "{{ vtep_ip }}"
      |                  ^
  hint: ${setIt}`,
    ],
    [
      'an undefined part of a variable',
      tasks('    - debug: !expr net.mut\n      vars: { net: { mtu: 9000 } }\n'),
      `site.yml:3:24: error: "net.mut" is undefined: there is no "mut"
    3 |     - debug: !expr net.mut
      |                        ^
  hint: did you mean "mtu"?`,
    ],
    [
      'a slip in a task whose turn only the facts decide',
      tasks('    - debug: "{{ nowhere_at_all }}"\n      when: facts.cpus > 4\n'),
      `site.yml:3:18: error: "nowhere_at_all" is undefined
    3 |     - debug: "{{ nowhere_at_all }}"
      |                  ^
  hint: ${setIt}`,
    ],
    [
      'CEL that cannot be read',
      tasks('    - ping:\n      when: uplink ==\n'),
      `site.yml:4:22: error: the expression ends too early
    4 |       when: uplink ==
      |                      ^
  hint: an operand or a closing bracket is missing`,
    ],
    [
      'CEL with an unknown function',
      tasks('    - ping:\n      when: lenght(uplink) > 3\n'),
      `site.yml:4:13: error: unknown function "lenght"
    4 |       when: lenght(uplink) > 3
      |             ^
  hint: see "kvmnet doc expressions" for the functions`,
    ],
    [
      'CEL that mixes types of variables',
      tasks('    - ping:\n      when: uplink > 3\n'),
      `site.yml:4:13: error: text > integer is not defined
    4 |       when: uplink > 3
      |             ^
  hint: convert one of them: int(x), double(x) or string(x)`,
    ],
    [
      'a condition that is no boolean',
      tasks('    - ping:\n      when: uplink\n'),
      `site.yml:4:13: error: the condition "uplink" gives the text "eth1", not a boolean
    4 |       when: uplink
      |             ^
  hint: compare it, for example: size(x) > 0, x != "", x == true`,
    ],
    [
      'Jinja',
      tasks('    - debug: "{{ uplink | upper }}"\n'),
      `site.yml:3:25: error: a filter with | is Jinja, not Handlebars
    3 |     - debug: "{{ uplink | upper }}"
      |                         ^
  hint: write {{default x "value"}}, {{join list ","}}, or !expr for what is to be computed`,
    ],
    [
      'YAML that does not hold together',
      tasks('    - debug: [a, b\n    - ping:\n'),
      `site.yml:4:5: error: YAML: this line is indented too little
    4 |     - ping:
      |     ^
  hint: or a list, mapping or text that begins above it is not closed`,
    ],
    [
      'YAML that does not end',
      tasks('    - debug: "a\n'),
      `site.yml:4:1: error: YAML: the file ends inside of a list, a mapping or a quoted text
  hint: close what was opened above: a quote, ] or }`,
    ],
    [
      'a tab',
      tasks('\t- ping:\n'),
      `site.yml:3:1: error: YAML: a tab in the indentation
    3 |  - ping:
      | ^
  hint: indent with spaces`,
    ],
    [
      'a duplicate key',
      tasks('    - debug: a\n      when: true\n      when: false\n'),
      `site.yml:5:7: error: duplicate key "when", first at site.yml:4:7
    5 |       when: false
      |       ^
  hint: remove one of the two`,
    ],
    [
      'a file to copy that is not there',
      tasks('    - copy: { src: motd, dest: /etc/motd }\n'),
      `site.yml:3:20: error: "motd" is not on this controller
    3 |     - copy: { src: motd, dest: /etc/motd }
      |                    ^
  hint: looked at …/files/motd, …/motd`,
    ],
    [
      'a template that is not there',
      tasks('    - template: { src: motd.hbs, dest: /etc/motd }\n'),
      `site.yml:3:24: error: "motd.hbs" is not on this controller
    3 |     - template: { src: motd.hbs, dest: /etc/motd }
      |                        ^
  hint: looked at …/templates/motd.hbs, …/motd.hbs`,
    ],
    [
      'a script that is not there',
      tasks('    - script: collect.sh --all\n'),
      `site.yml:3:15: error: "collect.sh" is not on this controller
    3 |     - script: collect.sh --all
      |               ^
  hint: looked at …/files/collect.sh, …/collect.sh`,
    ],
    [
      'included tasks that are not there',
      { ...tasks('    - include_tasks: bridegs.yml\n'), 'bridges.yml': '[]\n' },
      `site.yml:3:22: error: the task file bridegs.yml does not exist
    3 |     - include_tasks: bridegs.yml
      |                      ^
  hint: did you mean "bridges.yml"?`,
    ],
    [
      'a role that is not there',
      { 'site.yml': '- hosts: kvm\n  roles: [fabirc]\n', 'roles/fabric/tasks/main.yml': '[]\n' },
      `site.yml:2:11: error: there is no role "fabirc"
    2 |   roles: [fabirc]
      |           ^
  hint: did you mean "fabric"?`,
    ],
    [
      'a file of variables that is not there',
      { 'site.yml': '- hosts: kvm\n  vars_files: [secrets.yml]\n  tasks: []\n' },
      `site.yml:2:16: error: the variable file secrets.yml does not exist
    2 |   vars_files: [secrets.yml]
      |                ^
  hint: the path is relative to the file in which it stands`,
    ],
    [
      'an undefined variable in a template file',
      {
        ...tasks('    - template: { src: motd.hbs, dest: /etc/motd }\n'),
        'templates/motd.hbs': 'welcome\nto {{ uplnik }}\n',
      },
      `templates/motd.hbs:2:7: error: "uplnik" is undefined
    2 | to {{ uplnik }}
      |       ^
  hint: did you mean "uplink"?`,
    ],
    [
      'a block that a template file does not close',
      {
        ...tasks('    - template: { src: motd.hbs, dest: /etc/motd }\n'),
        'templates/motd.hbs': 'welcome\n{{#if uplink}}\n',
      },
      `templates/motd.hbs:3:1: error: the template ends inside of {{ }} or of a block
  hint: close it with }} or {{/name}}`,
    ],
    [
      'an unknown host pattern',
      { 'site.yml': '- hosts: kwm\n  tasks: []\n' },
      `site.yml:1:10: error: no host and no group is called "kwm"
    1 | - hosts: kwm
      |          ^
  hint: did you mean "kvm"?`,
    ],
    [
      'a pattern that matches nothing',
      { 'site.yml': '- hosts: "web*"\n  tasks: []\n' },
      `site.yml:1:10: error: pattern "web*" matches no host and no group
    1 | - hosts: "web*"
      |          ^
  hint: see the names with "kvmnet inventory --graph"`,
    ],
    [
      'a host to delegate to that is not there',
      tasks('    - ping:\n      delegate_to: kvm04\n'),
      `site.yml:4:20: error: delegate_to: "kvm04" is not in the inventory
    4 |       delegate_to: kvm04
      |                    ^
  hint: did you mean "kvm01"?`,
    ],
  ])('%s', async (_, files, stderr) => {
    expect(await play(files)).toEqual({ code: 1, stdout: '', stderr });
    expect(visits).toBe(0);
  });

  it.each<[string, readonly string[], string]>([
    [
      'an unknown host behind -l',
      ['-l', 'kvm01,kvm9'],
      `<command line>:1:15: error: no host and no group is called "kvm9"
    1 | --limit kvm01,kvm9
      |               ^
  hint: did you mean "kvm"?`,
    ],
    [
      'an inventory without hosts',
      ['-i', 'empty.yml'],
      `error: the inventory has no hosts (empty.yml)
  hint: add hosts to it, or give another one with -i`,
    ],
    [
      'an inventory that is not there',
      ['-i', 'prod'],
      `error: no inventory "prod": tried prod, inventories/prod, inventories/prod.{yml,yaml,ini,json}
  hint: a host by itself is written with a comma: -i prod,`,
    ],
    [
      'variables that are not there',
      ['-e', '@more.yml'],
      `error: cannot read the variables file more.yml: it does not exist`,
    ],
    [
      'a vault password that is not there',
      ['--vault-password-file', 'pw'],
      `error: cannot read the vault password from pw: it does not exist`,
    ],
  ])('%s', async (_, args, stderr) => {
    const files = { ...tasks('    - ping:\n'), 'empty.yml': 'all: { hosts: {} }\n' };
    expect(await play(files, args)).toEqual({ code: 1, stdout: '', stderr });
    expect(visits).toBe(0);
  });

  it('no inventory at all', async () => {
    const cwd = project(tasks('    - ping:\n'));
    expect(await kvmnet(['play', 'site.yml'], { cwd })).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: no inventory is given
  hint: give one with -i: a file, a folder, a name in inventories/, or "host1,host2,"`,
    });
  });

  it('a playbook that is not there', async () => {
    const cwd = project({ 'hosts.yml': hosts(), 'site.yaml': '[]\n' });
    expect(await kvmnet(['play', 'site.yml', '-i', 'hosts.yml'], { cwd })).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: the playbook site.yml does not exist
  hint: did you mean "site.yaml"?`,
    });
  });

  const placesAndWords = async (text: string): Promise<readonly string[]> => {
    const { code, stderr } = await play(tasks(text));
    expect({ code, visits }).toEqual({ code: 1, visits: 0 });
    return stderr.split('\n').flatMap((line) => /^site\.yml:(\d+:\d+: error: .*)/.exec(line)?.[1] ?? []);
  };

  it('what is undefined, together with what is misspelt', async () => {
    expect(
      await placesAndWords(`    - debug: "{{ uplik }}"
    - copi: { content: a, dest: /b }
    - vxlan: { name: vx0, vni: 5, lokal: 10.0.0.1 }
    - copy: { src: nowhere, dest: "/etc/{{ uplinc }}" }
`),
    ).toEqual([
      '3:18: error: "uplik" is undefined',
      '4:7: error: unknown module "copi"',
      '5:35: error: vxlan: unknown parameter "lokal"',
      '6:44: error: "uplinc" is undefined',
    ]);
  });

  it.each([
    ['a task that registers it', '    - comand: date\n      register: late\n'],
    ['a task that would set it', '    - set_fact: { late: 1 }\n'],
    ['a task whose register is misspelt', '    - command: date\n      registr: late\n'],
  ])('nothing is called undefined because of a mistake in %s', async (_, faulty) => {
    const found = await placesAndWords(`${faulty}    - debug: "{{ late }}"\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).not.toContain('undefined');
  });

  it('nor because the variables of the play have one', async () => {
    const { stderr } = await play({
      'site.yml': '- hosts: kvm\n  vras: { late: 1 }\n  tasks:\n    - debug: "{{ late }}"\n',
    });
    expect(stderr).toContain('unknown keyword "vras"');
    expect(stderr).not.toContain('undefined');
  });

  it('several mistakes in several files, all at once and in order', async () => {
    const files = {
      'site.yml': '- hosts: kvm\n  tasks:\n    - ping: { data: [] }\n    - include_tasks: more.yml\n',
      'more.yml': '- debug: "{{ a"\n- copi: {}\n',
      'hosts.yml': 'all:\n  hosts: { kvm01: {} }\n  hosts: { kvm02: {} }\n',
      'group_vars/all.yml': 'mtu: 9000\nmtu: 1500\n',
    };
    const { code, stderr } = await play(files);
    expect(code).toBe(1);
    expect(stderr.split('\n').filter((line) => !line.startsWith(' '))).toEqual([
      'group_vars/all.yml:2:1: error: duplicate key "mtu", first at group_vars/all.yml:1:1',
      'hosts.yml:3:3: error: duplicate key "hosts", first at hosts.yml:2:3',
      'more.yml:1:14: error: the template ends inside of {{ }} or of a block',
      'more.yml:2:3: error: unknown module "copi"',
      'site.yml:3:21: error: ping: data: expected a text, not a list',
      '5 errors',
    ]);
    expect(visits).toBe(0);
  });
});

describe('what may be right is left to the run', () => {
  it.each([
    ['what another task registers', '    - command: date\n      register: r\n    - debug: "{{ r.stdout }}"\n'],
    ['what set_vars sets', '    - set_vars: { a: 1 }\n    - debug: "{{ a }}"\n'],
    ['facts', '    - debug: "{{ facts.hostname }}"\n'],
    ['a task that does not run here', '    - debug: "{{ gpu }}"\n      when: "\'gpu\' in group_names"\n'],
    ['a guard', '    - debug: "{{ gpu }}"\n      when: defined(gpu)\n'],
    ['a guard behind facts', '    - debug: "{{ gpu }}"\n      when: facts.cpus > 1 && defined(gpu)\n'],
    ['a default', '    - debug: "{{default gpu 1}}"\n'],
    ['what is meant to fail', '    - debug: "{{ gpu }}"\n      ignore_errors: true\n'],
    ['what a rescue waits for', '    - block: [{ debug: "{{ gpu }}" }]\n      rescue: [{ ping: }]\n'],
    ['a host that leaves before', '    - meta: end_host\n      when: "!defined(gpu)"\n    - debug: "{{ gpu }}"\n'],
    [
      'a file that another task fetches',
      '    - fetch: { src: /etc/hostname, dest: got, flat: true }\n    - copy: { src: got, dest: /x }\n',
    ],
  ])('%s', async (_, text) => {
    const { code, stderr } = await play(tasks(text));
    expect({ code, stderr, visits }).toEqual({ code: 4, stderr: '', visits: 3 });
  });
});

describe('ad-hoc commands are checked the same way', () => {
  it.each<[string, readonly string[], string]>([
    ['an unknown module', ['copi', 'kvm'], 'error: unknown command or module "copi"\n  hint: did you mean "copy"?'],
    [
      'an unknown parameter',
      ['file', 'kvm', '--paht', '/x'],
      'error: unknown option "--paht"\n  hint: did you mean --path?',
    ],
    [
      'a wrong value',
      ['vxlan', 'kvm', '--name', 'vx0', '--vni', 'many'],
      `<command line>:1:35: error: vxlan: vni: expected a VNI: a whole number from 0 to 16777215, not the text "many"
    1 | kvmnet vxlan kvm --name vx0 --vni many -i hosts.yml
      |                                   ^`,
    ],
    [
      'an unknown host',
      ['ping', 'kwm'],
      `<command line>:1:13: error: no host and no group is called "kwm"
    1 | kvmnet ping kwm -i hosts.yml
      |             ^
  hint: did you mean "kvm"?`,
    ],
    [
      'a missing file',
      ['copy', 'kvm', '--dest', '/x', '--src', 'motd'],
      `<command line>:1:33: error: "motd" is not on this controller
    1 | kvmnet copy kvm --dest /x --src motd -i hosts.yml
      |                                 ^
  hint: looked at …/files/motd, …/motd`,
    ],
  ])('%s', async (_, args, expected) => {
    visits = 0;
    const cwd = project({ 'hosts.yml': hosts() });
    const { code, stdout, stderr } = await kvmnet([...args, '-i', 'hosts.yml'], { cwd });
    expect({ code, stdout, stderr: stderr.replaceAll(cwd, '…') }).toEqual({ code: 1, stdout: '', stderr: expected });
    expect(visits).toBe(0);
  });
});
