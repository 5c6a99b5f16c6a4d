import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onRequest, pour, startHostileHost } from '../../src/transport/testing/hostile-host.ts';
import { kvmnet, localInventory, program, project } from './kvmnet.ts';

describe('what a host has said', () => {
  const said = '{{ inventory_hostname }} {{lookup}} {{#each x}} !expr 1+1 ${7*7} {% raw %}';
  const files = {
    'hosts.yml': localInventory('a', 'b'),
    'said.txt': said,
    'file.j2': 'in a template: {{ r.stdout }} {{ kept }}\n',
    'more.yml': '- debug: { msg: "included: {{ given }}" }\n',
    'site.yml': `
- hosts: all
  vars: { lazy: "{{ r.stdout }}" }
  tasks:
    - { name: ask, command: "cat {{ playbook_dir }}/said.txt", register: r }
    - set_vars: { kept: "{{ r.stdout }}", also: !expr r.stdout }
    - { name: "name {{ r.stdout }}", debug: { msg: "msg: {{ r.stdout }}" } }
    - debug: { msg: "kept: {{ kept }} {{ also }}" }
    - debug: { msg: "lazy: {{ lazy }}" }
    - debug: { msg: "other: {{ hostvars.a.r.stdout }} {{ hostvars.b.kept }}" }
    - { debug: { msg: "item: {{ item }}" }, loop: !expr r.stdout_lines }
    - { debug: { msg: "expr" }, when: 'r.stdout == kept && r.stdout.contains("inventory_hostname")' }
    - { include_tasks: more.yml, vars: { given: "{{ r.stdout }}" } }
    - copy: { dest: "{{ playbook_dir }}/{{ inventory_hostname }}.txt", content: "{{ r.stdout }}" }
    - template: { src: file.j2, dest: "{{ playbook_dir }}/{{ inventory_hostname }}.out" }
    - { fail: { msg: "fail: {{ r.stdout }}" }, ignore_errors: true }
    - assert: { that: r.stdout == "", fail_msg: "assert: {{ r.stdout }}" }
      ignore_errors: true
`,
  };
  it('is never a template or an expression, wherever it goes', async () => {
    const cwd = project(files);
    const { code, stdout, stderr } = await kvmnet(['play', 'site.yml', '-i', 'hosts.yml', '-v'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const where of ['name', 'msg:', 'kept:', 'lazy:', 'other:', 'item:', 'included:', 'fail:', 'assert:'])
      expect(stdout).toContain(`${where} ${said}`);
    expect(readFileSync(join(cwd, 'a.txt'), 'utf8')).toBe(said);
    expect(readFileSync(join(cwd, 'b.out'), 'utf8')).toBe(`in a template: ${said} ${said}\n`);
  });
});

describe('a host that has been taken over', () => {
  /** Runs the program, and tells how much memory it needed at most, in MiB. */
  async function measured(args: readonly string[], cwd: string) {
    const started = Date.now();
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      // Nothing for an undo is kept on this machine.
      env: { PATH: process.env['PATH'], HOME: cwd, KVMNET_UNDO_KEEP: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    let peak = 0;
    const watch = setInterval(() => {
      try {
        const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1];
        peak = Math.max(peak, Number(kilobytes ?? 0) / 1024);
      } catch {
        // It has gone.
      }
    }, 20);
    const [code] = (await once(child, 'close')) as [number | null];
    clearInterval(watch);
    return { code, text, peak, seconds: (Date.now() - started) / 1000 };
  }

  const begin = (channel: Parameters<typeof onRequest>[0], token: string): void => {
    channel.write(`${token} b 1\n`);
    channel.stderr.write(`${token} b\n`);
  };
  const flood = (line: string) => Buffer.from(line.repeat(Math.ceil((1 << 20) / line.length)));

  it.each<[string, (channel: Parameters<typeof onRequest>[0]) => void, RegExp]>([
    [
      'prints empty lines without end',
      (channel) => onRequest(channel, (token) => (begin(channel, token), pour(channel, flood('\n')))),
      /printed more than 33554432 bytes/,
    ],
    [
      'sends errors without end',
      (channel) => onRequest(channel, (token) => (begin(channel, token), pour(channel.stderr, flood('\u001B[2Jx')))),
      /printed more than 33554432 bytes/,
    ],
    [
      'sends as many facts as it may',
      (channel) =>
        onRequest(channel, (token, parts) => {
          begin(channel, token);
          channel.stderr.write(`${token} e\n`.repeat(parts));
          const facts = flood('net\te\u001B[2J\taddress\tx\n');
          for (let i = 0; i < 28; i++) channel.write(facts);
          channel.write(`${token} e 0\n`.repeat(parts));
        }),
      /./,
    ],
    [
      'sends JSON of a depth without end',
      (channel) =>
        onRequest(channel, (token, parts) => {
          begin(channel, token);
          channel.stderr.write(`${token} e\n`.repeat(parts));
          channel.write(`json\taddr\t${'['.repeat(8 << 20)}\n${`${token} e 0\n`.repeat(parts)}`);
        }),
      /./,
    ],
  ])('and %s is an error of that host, and others go on', { timeout: 120_000 }, async (_, shell, words) => {
    const host = await startHostileHost({ shell });
    onTestFinished(() => host.close());
    const evil = { kvmnet_host: '127.0.0.1', kvmnet_port: host.port, kvmnet_password: 'x', kvmnet_user: 'me' };
    const cwd = project({
      'hosts.yml': JSON.stringify({ all: { hosts: { evil, good: { kvmnet_connection: 'local' } } } }),
      '.ssh/known_hosts': host.known,
      'site.yml':
        '- hosts: all\n  gather_facts: true\n  tasks:\n    - command: echo {{ facts.hostname }}\n    - { debug: { msg: "done on {{ inventory_hostname }}" } }\n',
    });
    const { code, text, peak, seconds } = await measured(['play', 'site.yml', '-i', 'hosts.yml', '-vvv'], cwd);
    expect(text).toMatch(words);
    expect(text).toContain('done on good');
    expect(text).not.toContain('\u001B[2J');
    expect(text).not.toContain('this is a bug');
    expect([0, 2, 4]).toContain(code);
    expect(seconds).toBeLessThan(90);
    // The program itself needs about 120 MiB.
    expect(peak).toBeLessThan(600);
  });
});

describe('a pattern that goes astray', () => {
  it('ends soon, in conditions, functions and names of hosts', async () => {
    const name = `${'a'.repeat(40)}_`;
    const cwd = project({
      'hosts.yml': localInventory(name),
      'site.yml': `
- hosts: all
  gather_facts: false
  vars: { text: "${'a'.repeat(40)}!" }
  tasks:
    - debug: { msg: "{{ inventory_hostname }}" }
      when: text.matches("^(a+)+$") || text.matches("^(a|a?)+$")
    - debug: { msg: !expr 'regex_replace(text, "^(a+)+$", "never")' }
    - debug: { msg: found }
      when: size(regex_find(text, "^(a+)+$")) > 0
`,
    });
    const call = ['play', 'site.yml', '-i', 'hosts.yml', '-l', `~^(a+)+$|${name}`];
    const { code, stdout, stderr } = await kvmnet(call, { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${'a'.repeat(40)}!`);
    expect(stdout).not.toMatch(/never|found/);
  });
});

describe('a secret', () => {
  const secrets = {
    scalar: 'vau1t\'s "scalar" $x',
    inFile: 'wh0le-file-value',
    number: '74839201',
    bytes: 'line 0ne of key\nline tw0 of key',
    extra: 'extra-passw0rd',
    silent: 'no-l0g-output',
  };

  /** Every command line and environment of the program and all that descends from it. */
  function watchProcesses(root: number): { readonly seen: () => string; stop(): void } {
    const seen = new Set<string>();
    const look = (): void => {
      const parents = new Map<number, number>();
      const pids = readdirSync('/proc')
        .map(Number)
        .filter((pid) => pid > 0);
      for (const pid of pids) {
        try {
          parents.set(pid, Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]));
        } catch {
          // It has gone.
        }
      }
      const ours = (pid: number): boolean => pid === root || (pid > 1 && ours(parents.get(pid) ?? 0));
      for (const pid of pids.filter(ours)) {
        for (const what of ['cmdline', 'environ']) {
          try {
            seen.add(readFileSync(`/proc/${pid}/${what}`, 'utf8').replaceAll('\0', ' '));
          } catch {
            // It has gone.
          }
        }
      }
    };
    const timer = setInterval(look, 10);
    return { seen: () => [...seen].join('\n'), stop: () => clearInterval(timer) };
  }

  async function withSecrets() {
    const cwd = project({
      pw: 'the vault passw0rd\n',
      'hosts.yml': localInventory('a'),
      'group_vars/all.yml': JSON.stringify({ file_password: secrets.inFile, pin: Number(secrets.number) }),
      scalar: secrets.scalar,
      key: secrets.bytes,
      'more.json': JSON.stringify({ db_password: secrets.extra }),
    });
    const vault = (...args: readonly string[]) => kvmnet(['vault', ...args, '--vault-password-file', 'pw'], { cwd });
    expect((await vault('encrypt', 'group_vars/all.yml')).code).toBe(0);
    expect((await vault('encrypt', 'key')).code).toBe(0);
    expect((await vault('encrypt', 'scalar')).code).toBe(0);
    const scalar = readFileSync(join(cwd, 'scalar'), 'utf8').trim().replaceAll('\n', '\n      ');
    writeFileSync(
      join(cwd, 'site.yml'),
      `- hosts: all
  gather_facts: false
  vars:
    scalar: !vault |
      ${scalar}
  tasks:
    - debug: { msg: "{{ scalar }} {{ file_password }} {{ pin }} {{ db_password }}" }
    - { name: "task {{ file_password }}", debug: { var: pin } }
    - copy: { dest: "${cwd}/out/copied", content: "a={{ scalar }}\\nb={{ file_password }}\\nc={{ pin }}\\nd={{ db_password }}\\n" }
    - copy: { dest: "${cwd}/out/key", src: key }
    - line_in_file: { path: "${cwd}/out/copied", line: "e={{ scalar }} again" }
    - shell: "sleep 0.3; cat ${cwd}/out/copied; echo {{ file_password }} {{ pin }} >&2; : {{ db_password }}"
    - { shell: "echo ${secrets.silent}; sleep 0.2", no_log: true }
    - { shell: "echo {{ file_password }} >&2; sleep 0.2; exit 3", ignore_errors: true }
    - { command: { argv: ["false", "{{ scalar }}"] }, ignore_errors: true }
    - { copy: { dest: "/nowhere/at/all/{{ file_password }}", content: "{{ scalar }}" }, ignore_errors: true }
    - { fail: { msg: "{{ scalar }}" }, ignore_errors: true }
    - { assert: { that: scalar == file_password }, ignore_errors: true }
    - { debug: { msg: "{{ scalar.nope }}" }, ignore_errors: true }
    - { loop: ["{{ scalar }}", "{{ file_password }}"], debug: { msg: x } }
`,
    );
    mkdirSync(join(cwd, 'out'));
    return cwd;
  }

  const found = (text: string): readonly string[] =>
    Object.entries({ ...secrets, firstLine: 'line 0ne of key', quoted: JSON.stringify(secrets.scalar).slice(1, -1) })
      .filter(([, secret]) => text.includes(secret))
      .map(([name]) => name);

  it.each([
    [['-C', '-D', '-vvvv']],
    [['-D', '-vvvv', '--report', 'lines', '--report', 'jsonl:run.jsonl', '--report', 'junit:run.xml']],
    [['--report', 'jsonl', '-vvvv']],
  ])('is in no report, journal, error, command line or environment (%j)', { timeout: 90_000 }, async (flags) => {
    const cwd = await withSecrets();
    const args = ['play', 'site.yml', '-i', 'hosts.yml', '--vault-password-file', 'pw', '-e', '@more.json', ...flags];
    const env = { PATH: process.env['PATH'], HOME: cwd, KVMNET_UNDO_KEEP: '0' };
    const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const processes = watchProcesses(child.pid ?? 0);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    processes.stop();
    expect({ code, text }).toMatchObject({ code: 0 });
    expect({ output: found(text), text }).toMatchObject({ output: [] });
    expect(text).toContain('********');
    // `command` has its words as arguments of a program: that is what it is for.
    const argv = processes.seen().replaceAll(`false ${secrets.scalar}`, '');
    expect(argv).toContain('site.yml');
    expect(found(argv)).toEqual([]);
    const written = readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter(
      (path) =>
        statSync(join(cwd, path)).isFile() && !['out/copied', 'out/key', 'more.json', 'site.yml'].includes(path),
    );
    for (const path of written)
      expect({ path, found: found(readFileSync(join(cwd, path), 'utf8')) }).toEqual({ path, found: [] });
    for (const path of written.filter((path) => path.endsWith('.jsonl') && path.startsWith('.kvmnet')))
      expect(statSync(join(cwd, path)).mode & 0o077).toBe(0);
    if (!flags.includes('-C')) {
      expect(written.some((path) => path.startsWith('.kvmnet/runs/'))).toBe(true);
      expect(readFileSync(join(cwd, 'out/key'), 'utf8')).toBe(secrets.bytes);
    }
  });
});
