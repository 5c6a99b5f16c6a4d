import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createScope, createVault, encryptText, plainVars, valueLayer } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { Block, Include, Play, Task, TaskNode } from './model.ts';
import { load, outline } from './testing/project.ts';

const NOTHING = plainVars({});

async function onlyPlay(files: Parameters<typeof load>[0], options?: Parameters<typeof load>[1]): Promise<Play> {
  const { plays } = await load(files, options);
  const [play] = plays;
  if (play === undefined || plays.length !== 1) throw new Error('not one play');
  return play;
}

const tasksOf = (nodes: readonly TaskNode[]): readonly Task[] =>
  nodes.flatMap((node) => {
    if (node.kind === 'task') return [node];
    return tasksOf(node.kind === 'block' ? [...node.tasks, ...node.rescue, ...node.always] : (node.known ?? []));
  });

function first(nodes: readonly TaskNode[]): Task {
  const [task] = tasksOf(nodes);
  if (task === undefined) throw new Error('no task');
  return task;
}

/** What a task sees of the variables of the playbook. */
function scopeOf(play: Play, wanted: string) {
  const path = (nodes: readonly TaskNode[], around: readonly TaskNode[]): readonly TaskNode[] | undefined => {
    for (const node of nodes) {
      if (node.name === wanted) return [...around, node];
      const inside = node.kind === 'block' ? node.tasks : node.kind === 'include' ? (node.known ?? []) : [];
      const found = path(inside, [...around, node]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const nodes = path([...play.tasks, ...play.handlers], []) ?? [];
  return createScope([...play.layers, ...nodes.flatMap((node) => node.layers)]);
}

describe('a play', () => {
  it('has the defaults of Ansible', async () => {
    const play = await onlyPlay('- hosts: [kvm, "!kvm09"]\n');
    expect(play).toMatchObject({
      name: 'kvm,!kvm09',
      gatherFacts: true,
      serial: [],
      strategy: 'linear',
      order: 'inventory',
      maxFailPercentage: undefined,
      forceHandlers: false,
      tags: [],
      tasks: [],
    });
    expect(play.hosts.bind(NOTHING)).toBe('kvm,!kvm09');
  });

  it('keeps every keyword', async () => {
    const play = await onlyPlay(`
- name: KVM host network
  hosts: kvm
  become: yes
  become_user: "{{ u }}"
  become_method: sudo
  serial: [1, "50%", 3]
  strategy: free
  order: reverse_sorted
  max_fail_percentage: 10
  any_errors_fatal: true
  force_handlers: on
  gather_facts: no
  environment: { LC_ALL: C }
  throttle: 2
  timeout: 30
  no_log: false
  check_mode: true
  diff: true
  ignore_errors: "{{ x }}"
  ignore_unreachable: true
  tags: [net, "kvm, all"]
  vars: { tenants: [{ vni: 100 }] }
  confirm: [{ command: ping }]
  pre_tasks: [{ command: a }]
  post_tasks: [{ command: b }]
`);
    expect(play).toMatchObject({
      name: 'KVM host network',
      serial: [1, '50%', 3],
      strategy: 'free',
      order: 'reverse_sorted',
      maxFailPercentage: 10,
      forceHandlers: true,
      gatherFacts: false,
      tags: ['net', 'kvm', 'all'],
    });
    expect(play.becomeUser?.bind(plainVars({ u: 'admin' }))).toBe('admin');
    expect(play.ignoreErrors?.bind(plainVars({ x: true }))).toBe(true);
    expect(play.environment.map((each) => each.bind(NOTHING))).toEqual([{ LC_ALL: 'C' }]);
    const numbers = [play.throttle, play.timeout].map((each) => each?.bind(NOTHING));
    expect(numbers).toEqual([2, 30]);
    const flags = [play.become, play.anyErrorsFatal, play.noLog, play.checkMode, play.diff, play.ignoreUnreachable];
    expect(flags.map((each) => each?.bind(NOTHING))).toEqual(['yes', true, false, true, true, true]);
    expect([play.preTasks, play.postTasks, play.confirm].map(outline)).toEqual([['command'], ['command'], ['command']]);
    expect(createScope(play.layers).get('tenants')).toEqual([{ vni: 100 }]);
  });
});

describe('a task', () => {
  it('keeps every keyword', async () => {
    const play = await onlyPlay(`
- hosts: all
  handlers: [{ name: restart x, command: x, listen: [a, b] }]
  tasks:
    - name: "tunnel {{ item.vni }}"
      vxlan: { name: "vx{{ item.vni }}", vni: !expr item.vni, learning: no }
      loop: !expr tenants
      loop_control: { loop_var: item, index_var: i, label: "{{ item.vni }}", pause: 1 }
      when: [item.vni > 1, enabled]
      register: tunnel
      until: tunnel.ok
      retries: 3
      delay: 2
      notify: [restart x, "{{ h }}"]
      changed_when: false
      failed_when: tunnel.rc != 0
      delegate_to: "{{ other }}"
      run_once: true
      throttle: 1
`);
    const task = first(play.tasks);
    const vars = plainVars({ item: { vni: 7 }, other: 'h2', h: 'a', enabled: true, tenants: [{ vni: 7 }] });
    expect(task.nameTemplate?.render(vars)).toBe('tunnel 7');
    expect(task.params.bind(vars)).toEqual({ name: 'vx7', vni: 7, learning: 'no' });
    expect([...task.params.roots]).toEqual(['item']);
    expect(task.loop?.items.bind(vars)).toEqual([{ vni: 7 }]);
    expect(task.loop).toMatchObject({ loopVar: 'item', indexVar: 'i' });
    expect(task.loop?.label?.bind(vars)).toBe(7);
    expect(task.when.map((expr) => expr.evaluate(vars))).toEqual([true, true]);
    expect([task.until, task.changedWhen, task.failedWhen].map((each) => each?.map(({ source }) => source))).toEqual([
      ['tunnel.ok'],
      ['false'],
      ['tunnel.rc != 0'],
    ]);
    expect(
      [task.retries, task.delay, task.runOnce, task.throttle, task.delegateTo].map((each) => each?.bind(vars)),
    ).toEqual([3, 2, true, 1, 'h2']);
    expect(task.notify.map((each) => each.bind(vars))).toEqual(['restart x', 'a']);
    expect(task.register).toBe('tunnel');
    expect(first(play.handlers).listen).toEqual(['a', 'b']);
  });

  it.each<[string, unknown]>([
    ['loop: [1, "{{ n }}"]', [1, 3]],
    ['loop: "{{ xs }}"', [5]],
    ['loop: xs + [n]', [5, 3]],
    ['loop: !expr range(2)', [0, 1]],
  ])('%s', async (text, items) => {
    const play = await onlyPlay(`- hosts: all\n  tasks:\n    - command: x\n      ${text}\n`);
    expect(first(play.tasks).loop?.items.bind(plainVars({ n: 3, xs: [5] }))).toEqual(items);
  });

  it('has the short form written out and its expressions apart', async () => {
    const play = await onlyPlay(`
- hosts: all
  tasks:
    - command: uname -r
    - assert: { that: [a == 1, yes], fail_msg: "{{ m }}" }
    - debug: hello {{ a }}
    - reboot:
`);
    const [command, assert, debug, reboot] = tasksOf(play.tasks);
    const vars = plainVars({ a: 1, m: 'no' });
    expect(command?.params.bind(vars)).toEqual({ cmd: 'uname -r' });
    expect(assert?.params.bind(vars)).toEqual({ fail_msg: 'no' });
    expect(assert?.expressions.get('that')?.map((expr) => expr.evaluate(vars))).toEqual([true, true]);
    expect(debug?.params.bind(vars)).toEqual({ msg: 'hello 1' });
    expect(reboot?.params.bind(vars)).toEqual({});
  });

  it('takes module_defaults, the nearest first, its own above all', async () => {
    const play = await onlyPlay(`
- hosts: all
  module_defaults: { vxlan: { learning: true, ttl: 5, vni: 1 } }
  tasks:
    - block:
        - vxlan: { name: a, ttl: 9 }
      module_defaults: { vxlan: { vni: 2 } }
`);
    expect(first(play.tasks).params.bind(NOTHING)).toEqual({ learning: true, ttl: 9, vni: 2, name: 'a' });
  });

  it('numbers are in document order and unique', async () => {
    const play = await onlyPlay({
      'site.yml':
        '- hosts: all\n  tasks:\n    - block: [{ command: a }, { command: b }]\n    - import_tasks: t.yml\n    - command: c\n',
      't.yml': '- command: d\n',
    });
    const ids = tasksOf(play.tasks).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(4);
  });
});

describe('blocks and tags', () => {
  it('hand down tags and notifications, not conditions', async () => {
    const play = await onlyPlay(`
- hosts: all
  tags: play
  handlers: [{ name: h, command: x }]
  tasks:
    - name: outer
      tags: [outer]
      when: a
      notify: h
      block:
        - { name: one, command: x, tags: "one,two" }
      rescue:
        - { name: two, command: x }
      always:
        - { name: three, command: x }
`);
    const [block] = play.tasks as [Block];
    expect(block.when.map(({ source }) => source)).toEqual(['a']);
    expect(outline(play.tasks)).toEqual(['one', 'two', 'three']);
    expect(tasksOf(play.tasks).map(({ tags, when, notify }) => [tags, when.length, notify.length])).toEqual([
      [['play', 'outer', 'one', 'two'], 0, 1],
      [['play', 'outer'], 0, 1],
      [['play', 'outer'], 0, 1],
    ]);
  });
});

describe('imports and includes', () => {
  it('import_tasks gives its keywords to what it brings', async () => {
    const play = await onlyPlay({
      'site.yml':
        '- hosts: all\n  tasks:\n    - import_tasks: tasks/a.yml\n      tags: t\n      when: x\n      vars: { v: 1 }\n',
      'tasks/a.yml': '- { name: a, command: x }\n- import_tasks: b.yml\n',
      'tasks/b.yml': '- { name: b, command: "{{ v }}", tags: u }\n',
    });
    expect(outline(play.tasks)).toEqual(['a', 'b']);
    expect(tasksOf(play.tasks).map(({ tags }) => tags)).toEqual([['t'], ['t', 'u']]);
    expect((play.tasks[0] as Block).when).toHaveLength(1);
    expect(scopeOf(play, 'b').get('v')).toBe(1);
  });

  it('include_tasks keeps its tags to itself, apply gives some away', async () => {
    const play = await onlyPlay({
      'site.yml': `
- hosts: all
  tags: p
  tasks:
    - include_tasks: a.yml
      tags: own
    - include_tasks: { file: a.yml, apply: { tags: given, become: true, when: x } }
`,
      'a.yml': '- { name: a, command: x }\n',
    });
    const [plain, applied] = play.tasks as [Include, Include];
    expect([plain.tags, applied.tags]).toEqual([['p', 'own'], ['p']]);
    expect(tasksOf(play.tasks).map(({ tags }) => tags)).toEqual([['p'], ['p', 'given']]);
    const [group] = applied.known as [Block];
    expect([group.become?.bind(NOTHING), group.when.length]).toEqual([true, 1]);
    expect(plain.target.bind(NOTHING)).toBe('a.yml');
  });

  it('what is only known per host is loaded, and judged, when it is known', async () => {
    const files = {
      'site.yml':
        '- hosts: all\n  handlers: [{ name: h, command: x }]\n  tasks:\n    - include_tasks: "{{ os }}.yml"\n      loop: [1]\n',
      'debian.yml': '- { name: deb, command: x, notify: h }\n',
      'bad.yml': '- comand: x\n- command: x\n  notify: hh\n',
    };
    let include: Include | undefined;
    const { inProject } = await import('./testing/project.ts');
    const { loadPlaybook } = await import('./load.ts');
    const { modules } = await import('./testing/modules.ts');
    await inProject(files, async (folder) => {
      const { plays } = await loadPlaybook(join(folder, 'site.yml'), { modules });
      include = plays[0]?.tasks[0] as Include;
      expect(include.known).toBeUndefined();
      expect(include.loop).toBeDefined();
      expect(outline(await include.load('debian.yml'))).toEqual(['deb']);
      expect(await include.load('debian.yml')).toBe(await include.load('debian.yml'));
      await expect(include.load('bad.yml')).rejects.toThrow('unknown module "comand"\nthere is no handler "hh"');
      await expect(include.load('nope.yml')).rejects.toThrow('nope.yml does not exist');
    });
  });

  it('a role that is only known per host brings its handlers along', async () => {
    const { inProject } = await import('./testing/project.ts');
    const { loadPlaybook } = await import('./load.ts');
    const { modules } = await import('./testing/modules.ts');
    const files = {
      'site.yml':
        '- hosts: all\n  roles: [a]\n  handlers: [{ name: own, command: x }]\n  tasks: [{ include_role: { name: "{{ r }}" } }]\n',
      'roles/a/handlers/main.yml': '- { name: of a, command: x }\n',
      'roles/b/tasks/main.yml': '- { name: b, command: x, notify: of b }\n',
      'roles/b/handlers/main.yml': '- { name: of b, command: x }\n',
    };
    await inProject(files, async (folder) => {
      const [play] = (await loadPlaybook(join(folder, 'site.yml'), { modules })).plays;
      expect(outline(play?.handlers ?? [])).toEqual(['of a', 'own']);
      expect(outline((await (play?.tasks.at(-1) as Include | undefined)?.load('b')) ?? [])).toEqual(['b']);
      expect(outline(play?.handlers ?? [])).toEqual(['of a', 'of b', 'own']);
    });
  });

  it('tasks may include themselves under a condition', async () => {
    const play = await onlyPlay({
      'site.yml': '- hosts: all\n  tasks: [{ include_tasks: a.yml }]\n',
      'a.yml': '- { name: a, command: x }\n- include_tasks: a.yml\n  when: again\n',
    });
    expect(outline(play.tasks)).toEqual(['include tasks', 'a', 'include tasks']);
  });

  it('import_playbook hands down variables, tags and conditions', async () => {
    const { plays } = await load({
      'site.yml': '- import_playbook: sub/net.yml\n  tags: t\n  when: x\n  vars: { v: 1 }\n- hosts: b\n',
      'sub/net.yml': '- hosts: a\n  tags: u\n  tasks: [{ name: n, command: x }]\n',
    });
    const [play, other] = plays;
    expect([play?.tags, play?.hosts.bind(NOTHING), other?.hosts.bind(NOTHING)]).toEqual([['t', 'u'], 'a', 'b']);
    if (play === undefined) throw new Error('no play');
    expect((play.tasks[0] as Block).when.map(({ source }) => source)).toEqual(['x']);
    expect(createScope(play.layers).get('v')).toBe(1);
    expect(play.folder.endsWith('/sub')).toBe(true);
  });
});

describe('roles', () => {
  const FILES = {
    'roles/web/defaults/main.yml': 'port: 80\ndef: web\n',
    'roles/web/vars/main.yml': 'user: www\n',
    'roles/web/tasks/main.yml':
      '- { name: web, command: x, notify: [reload, "web : reload"] }\n- import_tasks: more.yml\n',
    'roles/web/tasks/more.yml': '- { name: more, copy: { src: f, dest: /f } }\n',
    'roles/web/tasks/extra.yaml': '- { name: extra, command: x }\n',
    'roles/web/handlers/main.yml': '- { name: reload, command: "{{ port }}" }\n',
    'roles/web/meta/main.yml': 'dependencies:\n  - base\n  - { role: base, level: 2 }\n',
    'roles/base/tasks/main.yml': '- { name: base, command: x }\n',
    'roles/base/defaults/main/a.yml': 'def: base\nlevel: 1\n',
  };

  it('run what they depend on first, once for the same parameters', async () => {
    const play = await onlyPlay({
      ...FILES,
      'site.yml': `
- hosts: all
  roles:
    - base
    - { role: web, port: 8080, tags: w, when: x, vars: { extra: 1 } }
  tasks: [{ name: last, command: x }]
`,
    });
    expect(outline(play.tasks)).toEqual(['base', 'base', 'web', 'more', 'last']);
    expect(outline(play.handlers)).toEqual(['reload']);
    const web = tasksOf(play.tasks).find(({ name }) => name === 'web');
    expect(web).toMatchObject({ tags: ['w'], role: { name: 'web' } });
    expect(['port', 'user', 'def', 'extra'].map((name) => scopeOf(play, 'web').get(name))).toEqual([
      8080,
      'www',
      'web',
      1,
    ]);
    // Other tasks see the variables of roles, but not what one use of a role was given.
    expect(['port', 'user', 'extra'].map((name) => scopeOf(play, 'last').get(name))).toEqual([80, 'www', undefined]);
    expect(scopeOf(play, 'reload').get('port')).toBe(80);
  });

  it('look for files in the role first', async () => {
    const play = await onlyPlay({ ...FILES, 'site.yml': '- hosts: all\n  roles: [web]\n' });
    const more = tasksOf(play.tasks).find(({ name }) => name === 'more');
    expect(more?.searchPath.map((path) => path.slice(play.folder.length))).toEqual([
      '/roles/web',
      '/roles/web/tasks',
      '',
    ]);
  });

  it('import_role and include_role take parts', async () => {
    const play = await onlyPlay({
      ...FILES,
      'site.yml': `
- hosts: all
  tasks:
    - import_role: { name: web, tasks_from: extra }
      vars: { port: 1 }
    - include_role: { name: base }
      tags: own
    - { name: after, command: x }
`,
    });
    expect(outline(play.tasks)).toEqual(['base', 'base', 'extra', 'include role', 'base', 'after']);
    expect(scopeOf(play, 'extra').get('port')).toBe(1);
    expect(scopeOf(play, 'after').get('port')).toBe(80);
    const include = play.tasks[1] as Include;
    expect([include.what, include.tags, tasksOf(include.known ?? [])[0]?.tags]).toEqual(['role', ['own'], []]);
  });

  it('the variables of an included role stay in it, unless it is public', async () => {
    const site = (more: string) =>
      `- hosts: all\n  tasks:\n    - include_role: { name: base${more} }\n    - { name: after, command: x }\n`;
    expect(scopeOf(await onlyPlay({ ...FILES, 'site.yml': site('') }), 'after').get('level')).toBeUndefined();
    expect(scopeOf(await onlyPlay({ ...FILES, 'site.yml': site(', public: true') }), 'after').get('level')).toBe(1);
    expect(scopeOf(await onlyPlay({ ...FILES, 'site.yml': site('') }), 'base').get('level')).toBe(1);
  });
});

describe('variables', () => {
  it('come from files, encrypted ones too, and the first that exists of a list', async () => {
    const secret = { id: 'default', secret: 'pw' };
    const vault = createVault([secret]);
    const play = await onlyPlay(
      {
        'site.yml': '- hosts: all\n  vars: { a: 1, b: 1 }\n  vars_files: [a.yml, secret.yml, [nope.yml, c.yml]]\n',
        'a.yml': 'a: 2\n',
        'secret.yml': await encryptText('password: "{{ not }} rendered"\n', secret),
        'c.yml': `c: 3\ntoken: !vault |\n${(await encryptText('{{ t }}', secret)).replaceAll(/^/gm, '  ')}`,
      },
      { vault },
    );
    const scope = createScope([...play.layers, valueLayer('set', { not: 'is' })]);
    expect(['a', 'b', 'c', 'token', 'password'].map((name) => scope.get(name))).toEqual([
      2,
      1,
      3,
      '{{ t }}',
      'is rendered',
    ]);
  });

  it('a wrong password is shown at the value', async () => {
    const sealed = await encryptText('x', { id: 'prod', secret: 'pw' });
    const play = await onlyPlay(`- hosts: all\n  vars:\n    token: !vault |\n${sealed.replaceAll(/^/gm, '      ')}\n`, {
      vault: createVault([{ id: 'default', secret: 'other' }]),
    });
    const read = () => createScope(play.layers).get('token');
    expect(read).toThrow(KvmnetError);
    expect(read).toThrow('no vault password opens this (vault id "prod"); tried: "default"');
  });
});
