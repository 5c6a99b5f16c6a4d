import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { play as playFiles, testFolder } from '../testing/play.ts';

// A resource that costs its pretended host next to nothing.
const files = {
  'modules/note.ts': `import { z } from 'zod';
import { absent, defineModule, exec, probeScript, sh, write } from 'kvmnet/sdk';
export const note = defineModule({
  name: 'note', summary: 's', params: z.strictObject({ dest: z.string(), content: z.string() }), examples: [],
  probes: (p) => ({ text: probeScript(sh\`[ -e "$1" ] && read -r t <"$1"; printf %s "$t"\`, [p.dest], (o) => o.stdout) }),
  state: (seen) => ({ text: seen.text }),
  want: (p) => ({ text: p.content }),
  steps: (_, to, p) => [exec(['dd', 'status=none', 'of=' + p.dest], { stdin: to.text + '\\n' })],
});`,
};

const play: typeof playFiles = (text, test) => playFiles(text, { ...test, files: { ...files, ...test?.files } });

const copies = (n: number, text = 'x'): string =>
  Array.from(
    { length: n },
    (_, i) => `    - note: { dest: "{{ dir }}/{{ inventory_hostname }}-${i}", content: "${text}" }`,
  ).join('\n');
const site = (tasks: string, more = ''): string => `- hosts: all\n${more}  tasks:\n${tasks}\n`;

describe('round trips', () => {
  it('twenty tasks that all change cost at most 24, and one when nothing changes', async () => {
    const first = await play(site(copies(20)));
    expect(first.recap.hosts['a']).toMatchObject({ changed: 20, failed: 0 });
    expect(first.recap.hosts['a']?.round_trips).toBeLessThanOrEqual(24);
    const second = await play(site(copies(20)), { folder: first.folder });
    expect(second.recap.hosts['a']).toMatchObject({ ok: 20, changed: 0, round_trips: 1 });
  });

  it('a hundred tasks with nothing to change cost one, and one more where parameters need facts', async () => {
    const needsFacts = site(
      `${copies(99)}\n    - note: { dest: "{{ dir }}/f", content: "{{ facts.kernel.release }}" }`,
    );
    const { folder } = await play(needsFacts);
    const { recap } = await play(needsFacts, { folder });
    expect(recap.hosts['a']).toMatchObject({ ok: 100, changed: 0, round_trips: 2 });
  });

  it('one change among many costs little', async () => {
    const { folder } = await play(site(copies(40)));
    writeFileSync(join(folder, 'a-20'), 'changed behind our back');
    const { recap } = await play(site(copies(40)), { folder });
    // One for all, one for the change, then 1, 2, 4, 8 … tasks at a time until all are read again.
    expect(recap.hosts['a']).toMatchObject({ ok: 39, changed: 1 });
    expect(recap.hosts['a']?.round_trips).toBeLessThanOrEqual(7);
  });

  it('a command that changes nothing throws nothing away, one that may does', async () => {
    const withCommand = (more: string): string =>
      site(
        `${copies(5)}\n    - command: "true"\n${more}${copies(5, 'y').replaceAll('-', '-y').replaceAll('    -y', '    -')}`,
      );
    const harmless = withCommand('      changed_when: false\n');
    const { folder } = await play(harmless);
    expect((await play(harmless, { folder })).recap.hosts['a']?.round_trips).toBe(2);
    const { tasks } = await play(withCommand(''), { folder });
    expect(tasks.filter(({ status }) => status === 'changed').map(({ module }) => module)).toEqual(['command']);
  });

  it('a look, a check and a reboot that is not due travel with the rest', async () => {
    const text = site(`    - ping: {}
${copies(3)}
    - reboot: {}
    - stat: { path: "{{ dir }}/a-0" }
      register: first
    - net_check: { links: { lo: { up: true } } }
    - assert: { that: first.stat.exists }
${copies(1, 'x').replaceAll('-0', '-z')}`);
    const { folder } = await play(text);
    const { recap, lines } = await play(text, { folder });
    expect(lines.filter((line) => line.endsWith(': failed'))).toEqual([]);
    expect(recap.hosts['a']).toMatchObject({ changed: 0, failed: 0, round_trips: 1 });
  });

  it('what was read before a wait does not count after it', async () => {
    const text = site(`    - note: { dest: "{{ dir }}/first", content: x }
    - pause: { seconds: 1 }
${copies(1)}`);
    const { folder } = await play(text);
    const second = play(text, { folder });
    setTimeout(() => writeFileSync(join(folder, 'a-0'), 'changed during the pause'), 600);
    expect((await second).lines.at(-1)).toBe('a: note: changed');
  });

  it('sees what a command has changed, although it had looked ahead', async () => {
    const text = site(`    - command: "rm -f {{ dir }}/a-0"\n${copies(1)}`);
    const { folder } = await play(site(copies(1)));
    const { lines } = await play(text, { folder });
    expect(lines).toEqual(['a: command: changed', 'a: note: changed']);
    expect(readFileSync(join(folder, 'a-0'), 'utf8')).toBe('x\n');
  });
});

describe('check mode', () => {
  it('changes nothing and says what it would do', async () => {
    const { recap, folder, outcome } = await play(site(copies(2)), { options: { check: true } });
    expect(recap.hosts['a']).toMatchObject({ would_change: 2, changed: 0 });
    expect(outcome).toMatchObject({ changed: true, failed: false });
    expect(() => readFileSync(join(folder, 'a-0'))).toThrow('ENOENT');
  });

  it('calls unknown what only an earlier task could tell', async () => {
    const text = site(
      `${copies(1)}\n    - { command: "echo hi", register: said }\n    - { debug: { msg: "{{ said.stdout }}" } }`,
    );
    expect((await play(text, { options: { check: true } })).lines).toEqual([
      'a: note: would-change',
      'a: command: would-change',
      'a: debug: unknown',
    ]);
  });
});

describe('a task', () => {
  it('that skips for a reason of its own says it', async () => {
    const { tasks } = await play(site('    - command: { cmd: "true", creates: / }'));
    expect(tasks[0]).toMatchObject({ status: 'skipped', text: expect.stringMatching(/\S/) });
  });

  it('runs when its condition holds, once for each item, and keeps its result', async () => {
    const { lines } = await play(
      site(`
    - name: say
      command: "echo {{ item }}"
      loop: [one, two, three]
      when: item != "two"
      register: said
    - name: all
      debug: { msg: "{{ said.results.0.stdout }}" }
      when: size(said.results) == 3 && said.changed
    - name: not
      debug: { msg: never }
      when: false`),
    );
    expect(lines).toEqual([
      'a: say (one): changed',
      'a: say (two): skipped',
      'a: say (three): changed',
      'a: all: ok',
      'a: not: skipped',
    ]);
  });

  it('is judged by changed_when and failed_when', async () => {
    const { lines, recap } = await play(
      site(`
    - { name: fine, command: "sh -c 'exit 3'", failed_when: result.rc != 3, changed_when: false }
    - { name: bad, command: "echo no", failed_when: '"no" in result.stdout_lines', ignore_errors: true }
    - { name: rc, command: "sh -c 'exit 4'" }
    - { name: after, command: "true" }`),
    );
    expect(lines.slice(0, 2)).toEqual(['a: fine: ok', 'a: bad: ignored: failed_when holds']);
    expect(lines[2]).toMatch(/^a: rc: failed: /);
    expect(lines).toHaveLength(3);
    expect(recap.hosts['a']).toMatchObject({ ok: 1, ignored: 1, failed: 1 });
  });

  it('is tried again until it holds', async () => {
    const { tasks, folder } = await play(
      site(`
    - name: wait
      shell: "echo x >>{{ dir }}/count; wc -l <{{ dir }}/count"
      until: result.stdout == "3"
      retries: 5
      delay: 0.01`),
    );
    expect(tasks.map(({ status }) => status)).toEqual(['changed']);
    expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('x\nx\nx\n');
    const { lines } = await play(
      site('    - { name: never, command: "false", until: result.rc == 0, retries: 2, delay: 0 }'),
    );
    expect(lines[0]).toMatch(/^a: never: failed/);
  });

  it('shows nothing under no_log', async () => {
    const { events } = await play(
      site(`    - { copy: { dest: "{{ dir }}/s", content: "hush-hush" }, no_log: true }
    - { command: "sh -c 'echo hush-hush; exit 1'", no_log: true }`),
      { options: { diff: true } },
    );
    expect(JSON.stringify(events.filter(({ type }) => type === 'task'))).not.toContain('hush');
  });

  it('runs with its environment, and where it is delegated to', async () => {
    const { tasks } = await play(
      site(
        `    - { shell: "echo $A-$B", environment: { B: "2 3" }, delegate_to: b }`,
        '  environment: { A: "1", B: "0" }\n',
      ).replace('all', 'a'),
      { hosts: ['a', 'b'] },
    );
    expect(tasks[0]).toMatchObject({ host: 'a', delegatedTo: 'b', result: { stdout: '1-2 3' } });
  });
});

describe('blocks', () => {
  it('rescue what fails, and always end with always', async () => {
    const { lines, recap, outcome } = await play(
      `- hosts: all
  tasks:
    - block:
        - { name: try, command: "test {{ inventory_hostname }} = a" }
        - { name: only a, debug: { msg: hi } }
      rescue:
        - { name: mend, debug: { msg: mended } }
      always:
        - { name: tidy, debug: { msg: tidy } }
    - { name: after, debug: { msg: go on } }
`,
      { hosts: ['a', 'b'] },
    );
    expect(lines.filter((line) => line.startsWith('a'))).toEqual([
      'a: try: changed',
      'a: only a: ok',
      'a: tidy: ok',
      'a: after: ok',
    ]);
    expect(lines.filter((line) => line.startsWith('b')).slice(1)).toEqual([
      'b: mend: ok',
      'b: tidy: ok',
      'b: after: ok',
    ]);
    expect(recap.hosts['b']).toMatchObject({ failed: 0, rescued: 1 });
    expect(outcome.failed).toBe(false);
  });

  it('do not make whole what always has tidied', async () => {
    const { lines, outcome } = await play(
      site(
        `    - block: [{ name: try, command: "false" }]\n      always: [{ name: tidy, debug: { msg: x } }]\n    - { name: after, debug: { msg: x } }`,
      ),
    );
    expect(lines.slice(1)).toEqual(['a: tidy: ok']);
    expect(outcome.failed).toBe(true);
  });
});

describe('handlers', () => {
  const handlers = `  handlers:
    - { name: second, command: "true", listen: both }
    - { name: first, command: "true", notify: last, listen: both }
    - { name: last, command: "true" }
    - { name: never, command: "true" }
`;
  const names = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^a: (.*): .*$/, '$1'));

  it('run once, after the tasks, in the order of the play, where something has changed', async () => {
    const { lines } = await play(
      site(
        `    - { name: one, command: "true", notify: both }
    - { name: two, command: "true", notify: [both, last] }
    - { name: three, command: "true", changed_when: false, notify: never }
    - { name: end, debug: { msg: x } }`,
        handlers,
      ),
    );
    expect(names(lines)).toEqual(['one', 'two', 'three', 'end', 'second', 'first', 'last', 'last']);
  });

  it('run where they are asked to, and on a failed host only with force_handlers', async () => {
    const flushed = await play(
      site(
        `    - { name: one, command: "true", notify: last }\n    - meta: flush_handlers\n    - { name: end, debug: { msg: x } }`,
        handlers,
      ),
    );
    expect(names(flushed.lines).filter((name) => name !== 'meta')).toEqual(['one', 'last', 'end']);
    const failing = `    - { name: one, command: "true", notify: last }\n    - { name: bad, fail: { msg: stop } }`;
    expect((await play(site(failing, handlers))).lines).toEqual(['a: one: changed', 'a: bad: failed: stop']);
    const forced = await play(site(failing, `  force_handlers: true\n${handlers}`));
    expect(forced.lines).toEqual(['a: one: changed', 'a: bad: failed: stop', 'a: last: changed']);
    expect(forced.outcome.failed).toBe(true);
  });
});

describe('hosts', () => {
  const hosts = ['a', 'b', 'c', 'd'];
  const failing = (more: string): string =>
    site(
      `    - { name: one, command: "test {{ inventory_hostname }} != b" }\n    - { name: two, debug: { msg: x } }`,
      more,
    );

  it('that fail leave the play, others go on', async () => {
    const { lines, recap } = await play(failing(''), { hosts });
    expect(lines.filter((line) => line.includes('two'))).toEqual(['a: two: ok', 'c: two: ok', 'd: two: ok']);
    expect(recap.hosts['b']).toMatchObject({ failed: 1 });
  });

  it('that cannot be reached leave the run, as unreachable', async () => {
    const { lines, outcome, recap } = await play(failing(''), {
      hosts,
      prepare: (transport) => void transport.down.add('c'),
    });
    expect(lines).toContain('c: gather facts: unreachable: cannot reach c: refused');
    expect(outcome).toMatchObject({ unreachable: true, failed: true });
    expect(recap.hosts['c']).toMatchObject({ unreachable: 1, failed: 0 });
  });

  it('stop all with any_errors_fatal, or when too many fail', async () => {
    expect((await play(failing('  any_errors_fatal: true\n'), { hosts })).lines).toHaveLength(4);
    expect((await play(failing('  max_fail_percentage: 20\n'), { hosts })).lines).toHaveLength(4);
    expect((await play(failing('  max_fail_percentage: 25\n'), { hosts })).lines).toHaveLength(7);
  });

  it('come in batches, and a batch of which nobody is left stops the rest', async () => {
    const { events } = await play(failing('  serial: [1, 1, 2]\n'), { hosts });
    expect(events.filter(({ type }) => type === 'play')).toMatchObject([{ hosts: ['a'] }, { hosts: ['b'] }]);
    const halves = await play(failing('  serial: 50%\n'), { hosts });
    expect(halves.events.filter(({ type }) => type === 'play')).toHaveLength(2);
  });

  it('run once means one host, with a result for all', async () => {
    const { lines } = await play(
      site(`    - { name: once, command: "echo {{ inventory_hostname }}", run_once: true, register: said }
    - { name: all, assert: { that: said.stdout == "a" } }`),
      { hosts: ['a', 'b'] },
    );
    expect(lines).toEqual(['a: once: changed', 'a: all: ok', 'b: all: ok']);
  });

  it('know of one another', async () => {
    const { lines } = await play(
      site(`    - set_vars: { vtep: "10.0.0.{{ inventory_hostname }}" }
    - { name: others, assert: { that: 'play_hosts.filter(h, h != inventory_hostname).map(h, hostvars[h].vtep) == ["10.0.0.b"]' }, when: inventory_hostname == "a" }`),
      { hosts: ['a', 'b'] },
    );
    expect(lines).toContain('a: others: ok');
  });

  it('free of one another under strategy free', async () => {
    const { lines } = await play(
      site(`    - { name: one, command: "true" }\n    - { name: two, command: "true" }`, '  strategy: free\n'),
      { hosts: ['a', 'b'] },
    );
    for (const host of ['a', 'b'])
      expect(lines.filter((line) => line.startsWith(host))).toEqual([`${host}: one: changed`, `${host}: two: changed`]);
  });
});

describe('a run', () => {
  it('begins at the task it is told to, and runs only what the tags allow', async () => {
    const text = site(
      `    - { name: one, debug: { msg: x }, tags: [a] }\n    - { name: two, debug: { msg: x }, tags: [b] }\n    - { name: three, debug: { msg: x }, tags: [a, b] }`,
    );
    expect((await play(text, { options: { startAtTask: 'two' } })).lines).toEqual(['a: two: ok', 'a: three: ok']);
    expect((await play(text, { options: { tags: ['a'] } })).lines).toEqual(['a: one: ok', 'a: three: ok']);
    expect((await play(text, { options: { skipTags: ['a'] } })).lines).toEqual(['a: two: ok']);
    expect((await play(text, { options: { step: true }, answers: ['y', 'n', 'c'] })).lines).toEqual([
      'a: one: ok',
      'a: three: ok',
    ]);
  });

  it('ends with a recap when it is interrupted', async () => {
    const stop = new AbortController();
    const { outcome, recap, lines } = await play(
      site(`    - { name: one, command: "true" }\n    - { name: two, command: "true" }`),
      {
        signal: stop.signal,
        prepare: (transport) => {
          let requests = 0;
          transport.onRequest = () => {
            requests += 1;
            if (requests === 2) stop.abort();
          };
        },
      },
    );
    expect(outcome.interrupted).toBe(true);
    expect(recap).toMatchObject({ interrupted: true });
    expect(lines).toEqual(['a: one: changed']);
  });

  it('includes files and roles, also by a name that only the host knows', async () => {
    const { lines } = await play(
      site(`    - include_tasks: "{{ inventory_hostname }}.yml"
    - import_tasks: more.yml
      vars: { who: imported }
    - include_role: { name: r }`),
      {
        files: {
          'a.yml': '- { name: of a, debug: { msg: "{{ inventory_hostname }}" } }\n',
          'more.yml': '- { name: more, assert: { that: who == "imported" } }\n',
          'roles/r/tasks/main.yml': '- { name: in role, copy: { src: f, dest: "{{ dir }}/{{ target }}" } }\n',
          'roles/r/defaults/main.yml': 'target: out\n',
          'roles/r/files/f': 'from the role',
        },
      },
    );
    expect(lines).toEqual(['a: of a: ok', 'a: more: ok', 'a: in role: changed']);
  });

  it('takes modules from beside the playbook', async () => {
    const folder = testFolder();
    const { lines } = await play(site('    - hello: { name: you }'), {
      folder,
      files: {
        'modules/hello.ts': `import { z } from 'zod';
import { defineModule, probe, exec } from 'kvmnet/sdk';
export const hello = defineModule({
  name: 'hello', summary: 's', params: z.strictObject({ name: z.string() }), examples: [],
  probes: () => ({ it: probe(['cat', '${folder}/hello'], (o) => o.stdout) }),
  state: (seen) => ({ text: seen.it as string }),
  want: (p) => ({ text: p.name as string }),
  steps: (_, to) => [exec(['tee', '${folder}/hello'], { stdin: to?.text })],
});`,
      },
    });
    expect(lines).toEqual(['a: hello: changed']);
    expect(readFileSync(join(folder, 'hello'), 'utf8')).toBe('you');
  });
});
