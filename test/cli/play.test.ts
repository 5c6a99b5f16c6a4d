import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, project } from './kvmnet.ts';

const site = `- name: one play
  hosts: all
  gather_facts: false
  tasks:
    - name: a file
      copy: { dest: "{{ folder }}/{{ inventory_hostname }}", content: "hello {{ who }}" }
      tags: [files]
    - debug: "I am {{ inventory_hostname }}"
`;

function files(more: Readonly<Record<string, string>> = {}): string {
  return project({ 'site.yml': site, 'hosts.yml': localInventory('a', 'b'), ...more });
}

const play = (cwd: string, ...args: readonly string[]) =>
  kvmnet(['play', 'site.yml', '-i', 'hosts.yml', '-e', `folder=${cwd} who=you`, ...args], { cwd });

interface Event {
  readonly type: string;
  readonly [key: string]: unknown;
}
const eventsOf = (stdout: string): readonly Event[] => stdout.split('\n').map((line) => JSON.parse(line) as Event);

describe('kvmnet play', () => {
  it('says in check mode what it would do, and does nothing', async () => {
    const cwd = files();
    const { code, stdout, stderr } = await play(cwd, '--check', '--diff', '-l', 'a');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('play one play (1 host, check only, nothing is changed)');
    expect(stdout).toMatch(/^a {2}would change {2}a file\na {4}state: absent -> present$/m);
    expect(stdout).toContain('a    +hello you');
    expect(stdout).toMatch(/^a {2}ok +debug\na {4}I am a$/m);
    expect(stdout).toMatch(/^1 host ok, 1 would change, /m);
    expect(existsSync(join(cwd, 'a'))).toBe(false);
  });
  it('does it, and finds nothing to do the second time', async () => {
    const cwd = files();
    const first = await play(cwd);
    expect(first.stdout).toMatch(/^2 hosts ok, 2 changed, /m);
    expect(readFileSync(join(cwd, 'b'), 'utf8')).toBe('hello you');
    const second = await play(cwd);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^2 hosts ok, nothing to change, /m);
  });
  it('tells programs each event, and nothing else', async () => {
    const cwd = files();
    const { code, stdout, stderr } = await play(cwd, '--report', 'jsonl');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const events = eventsOf(stdout);
    expect(events.find(({ type, host, module }) => type === 'task' && host === 'a' && module === 'copy')).toMatchObject(
      {
        task: 'a file',
        status: 'changed',
        changes: expect.arrayContaining([{ path: 'state', from: 'absent', to: 'present' }]) as unknown,
        ms: expect.any(Number) as unknown,
      },
    );
    expect(events.at(-1)).toMatchObject({
      type: 'recap',
      hosts: {
        a: {
          ok: 1,
          changed: 1,
          would_change: 0,
          unknown: 0,
          skipped: 0,
          failed: 0,
          unreachable: 0,
          rescued: 0,
          ignored: 0,
        },
      },
      ms: expect.any(Number) as unknown,
    });
  });
  it('exits with 3 where --check --exit-code finds something to do, and with 0 where not', async () => {
    const cwd = files();
    expect((await play(cwd, '--check', '--exit-code')).code).toBe(3);
    await play(cwd);
    expect((await play(cwd, '--check', '--exit-code')).code).toBe(0);
  });
  it('exits with 2 where a host failed', async () => {
    const cwd = files({
      'site.yml': '- hosts: all\n  tasks:\n    - fail: { msg: not today }\n      when: inventory_hostname == "b"\n',
    });
    const { code, stdout } = await play(cwd);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^b {2}failed +fail\nb {4}not today\nb {4}task at site.yml:3$/m);
  });
  it('exits with 4 where a host cannot be reached', async () => {
    const hosts = JSON.stringify({
      all: { hosts: { gone: { kvmnet_host: '127.0.0.1', kvmnet_port: 1, kvmnet_connect_retries: 0 } } },
    });
    const cwd = files({ 'hosts.yml': hosts });
    const { code, stdout } = await play(cwd);
    expect(code).toBe(4);
    expect(stdout).toMatch(/^gone {2}unreachable /m);
    expect(stdout).toContain('connection refused');
  });
  it('shows the mistakes of inventory and playbook together', async () => {
    const cwd = files({
      'hosts.yml': 'all:\n  hosts:\n    a: {}\n    a: {}\n',
      'site.yml': '- hosts: all\n  tasks:\n    - copyy: {}\n    - copy: { dset: /x }\n',
    });
    const { code, stdout, stderr } = await play(cwd);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const lines = stderr.split('\n');
    expect(lines.filter((line) => line.includes('error:')).map((line) => line.replace(/: error: .*/, ''))).toEqual([
      'hosts.yml:4:5',
      'site.yml:3:7',
      'site.yml:4:7',
      'site.yml:4:15',
    ]);
    expect(lines).toContain('  hint: did you mean "copy"?');
    expect(lines.at(-1)).toBe('4 errors');
  });
  it.each([
    ['--syntax-check', 'no mistakes in site.yml'],
    ['--list-hosts', 'play one play: all (2)\n  a\n  b'],
    ['--list-tasks', 'play one play\n  a file  site.yml:5  [files]\n  debug  site.yml:8'],
    ['--list-tags', 'play one play: files'],
  ])('%s connects to nothing', async (flag, stdout) => {
    const cwd = files();
    expect(await play(cwd, flag)).toEqual({ code: 0, stdout, stderr: '' });
    expect(existsSync(join(cwd, 'a'))).toBe(false);
  });
  it('--list-hosts says which exclusion excludes nothing', async () => {
    expect(await play(files(), '--list-hosts', '-l', 'all:!bb')).toMatchObject({
      code: 0,
      stderr: 'warning: no host and no group is called "bb" (did you mean "b"?)',
    });
  });
  it('takes tags', async () => {
    const cwd = files();
    expect((await play(cwd, '-t', 'files', '--list-tasks')).stdout).toBe(
      'play one play\n  a file  site.yml:5  [files]',
    );
    const { stdout } = await play(cwd, '--skip-tags', 'files');
    expect(stdout).not.toContain('a file');
  });
  it('takes variables from the command line, from files and as JSON, the last one wins', async () => {
    const cwd = files({ 'vars.yml': 'who: from the file\nn: 3\n' });
    const run = async (...args: readonly string[]): Promise<string> => {
      await play(cwd, ...args);
      return readFileSync(join(cwd, 'a'), 'utf8');
    };
    expect(await run('-e', '@vars.yml')).toBe('hello from the file');
    expect(await run('-e', '{"who": "JSON"}')).toBe('hello JSON');
    expect(await run('-e', '@vars.yml', '-e', "who='two words'")).toBe('hello two words');
    expect(await run('-e', 'who={{ inventory_hostname }}')).toBe('hello a');
  });
  it('never shows what was encrypted', async () => {
    const cwd = files({ pw: 'open\n' });
    const sealed = await kvmnet(
      ['vault', 'encrypt-string', '--vault-password-file', 'pw', '-n', 'who', '--', 'topsecret'],
      { cwd },
    );
    const vars = project({ 'vars.yml': `${sealed.stdout}\n` });
    for (const report of ['lines', 'jsonl', 'junit']) {
      const { code, stdout, stderr } = await play(
        cwd,
        '-vv',
        '--diff',
        '--check',
        '-e',
        `@${vars}/vars.yml`,
        '--vault-password-file',
        'pw',
        '--report',
        report,
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('hello ********');
      expect(stdout).not.toContain('topsecret');
    }
  });
});
