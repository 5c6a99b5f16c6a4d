import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, project } from './kvmnet.ts';

const site = `- name: files
  hosts: all
  gather_facts: false
  tasks:
    - copy: { dest: "{{ folder }}/{{ inventory_hostname }}", content: "hello" }
    - { name: act, shell: "true" }
`;

const files = (more: Readonly<Record<string, string>> = {}): string =>
  project({ 'site.yml': site, 'hosts.yml': localInventory('a', 'b'), ...more });
const play = (cwd: string, ...args: readonly string[]) =>
  kvmnet(['play', 'site.yml', '-i', 'hosts.yml', '-e', `folder=${cwd}`, ...args], { cwd });

const runsIn = (cwd: string): readonly string[] => {
  const folder = join(cwd, '.kvmnet/runs');
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
};
const journalsIn = (cwd: string): string =>
  runsIn(cwd)
    .map((run) => readFileSync(join(cwd, '.kvmnet/runs', run, 'journal.jsonl'), 'utf8'))
    .join('');
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('the journal of a run', () => {
  it('lies beside the playbook, is nobody else’s, and says who, what and when', async () => {
    const cwd = files();
    await play(cwd);
    const [run = ''] = runsIn(cwd);
    expect(run).toMatch(/^\d{8}-\d{6}-[0-9a-f]{6}$/);
    const folder = join(cwd, '.kvmnet/runs', run);
    expect([mode(folder), mode(join(folder, 'journal.jsonl'))]).toEqual(['700', '600']);
    expect(readFileSync(join(cwd, '.kvmnet/.gitignore'), 'utf8')).toBe('*\n');
    const lines = journalsIn(cwd)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ type }) => type)).toEqual(expect.arrayContaining(['run', 'intent', 'task', 'recap']));
    expect(lines[0]).toMatchObject({ type: 'run', id: run, playbooks: ['site.yml'], inventory: ['hosts.yml'] });
    // Each change is written down before it is made, and again afterwards.
    const own = lines.filter(({ host, module }) => host === 'a' && module === 'copy');
    expect(own.map(({ type, status }) => [type, status])).toEqual([
      ['intent', undefined],
      ['task', 'changed'],
    ]);
    expect(own[1]).toMatchObject({ at: { file: 'site.yml', line: 5 }, begun: [own[0]?.['change']] });
    expect(lines.at(-1)).toMatchObject({ type: 'recap', hosts: { a: { changed: 2 }, b: { changed: 2 } } });
  });

  it('lies beside kvmnet.yml where there is one, or where a setting says', async () => {
    const cwd = project({ 'kvmnet.yml': '{}\n', 'plays/site.yml': site, 'hosts.yml': localInventory('a') });
    const call = ['play', 'plays/site.yml', '-i', 'hosts.yml', '-e', `folder=${cwd}`];
    await kvmnet(call, { cwd });
    expect(runsIn(cwd)).toHaveLength(1);
    await kvmnet([...call, '--runs-dir', 'elsewhere'], { cwd });
    expect([runsIn(cwd).length, readdirSync(join(cwd, 'elsewhere')).length]).toEqual([1, 1]);
  });

  it('is none of a check, of a run that changes nothing, and of a question', async () => {
    const cwd = project({ 'site.yml': site.replace(/ {4}- \{ name: act.*\n/, ''), 'hosts.yml': localInventory('a') });
    await play(cwd, '--check');
    expect(runsIn(cwd)).toEqual([]);
    await play(cwd);
    const before = runsIn(cwd);
    await play(cwd);
    await kvmnet(['ping', 'all', '-i', 'hosts.yml'], { cwd });
    expect(runsIn(cwd)).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('that cannot be written ends the run before a host is touched', async () => {
    const cwd = files({ '.kvmnet': 'in the way\n' });
    const { code, stderr } = await play(cwd);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: the journal cannot be written in ${cwd}/.kvmnet/runs: a part of its path is no folder\n` +
        '  hint: without it no host is touched: choose another folder with --runs-dir, or runs_dir in kvmnet.yml',
    );
    expect(existsSync(join(cwd, 'a'))).toBe(false);
  });

  it('goes when there are too many', async () => {
    const cwd = files();
    for (let i = 0; i < 3; i++) await play(cwd, '--runs-keep', '2', '-e', `n=${i}`, '-l', 'a');
    expect(runsIn(cwd)).toHaveLength(2);
    mkdirSync(join(cwd, '.kvmnet/runs/20010101-000000-abcd'));
    await play(cwd, '-l', 'a');
    expect(runsIn(cwd)).toHaveLength(3);
  });
});

describe('no secret', () => {
  it('is in a journal: of a vault, of no_log, of the command line, of an inventory', async () => {
    const vaulted = await kvmnet(['vault', 'encrypt-string', '--vault-password-file', 'pw', 'vault-secret-1'], {
      cwd: project({ pw: 'open sesame 5\n' }),
    });
    const text = `- hosts: all
  gather_facts: false
  vars:
    sealed: ${vaulted.stdout.trim().replaceAll('\n', '\n      ')}
  tasks:
    - name: "with {{ sealed }} in its name"
      line_in_file: { path: "{{ folder }}/f", line: "{{ sealed }} {{ db_password }}", create: true }
    - file: { path: "{{ folder }}/{{ db_password }}", state: directory }
      loop: ["{{ sealed }}"]
    - name: quiet
      file: { path: "{{ folder }}/quiet-secret-3", state: directory }
      no_log: true
      loop: [quiet-secret-3]
    - name: fails
      command: { argv: [sh, -c, 'echo "$1" >&2; exit 3', sh, "{{ db_password }} {{ sealed }} {{ kvmnet_become_password }}"] }
`;
    const inventory = JSON.stringify({
      all: { hosts: { a: { kvmnet_connection: 'local', kvmnet_become_password: 'become-secret-4' } } },
    });
    const cwd = project({ 'site.yml': text, 'hosts.yml': inventory, pw: 'open sesame 5\n' });
    const { code } = await play(cwd, '--vault-password-file', 'pw', '-e', 'db_password=extra-secret-2');
    expect(code).toBe(2);
    expect(existsSync(join(cwd, 'extra-secret-2'))).toBe(true);
    const journal = journalsIn(cwd);
    expect(journal).toContain('"task":"fails"');
    expect(journal).toContain('db_password=********');
    for (const secret of ['vault-secret-1', 'extra-secret-2', 'quiet-secret-3', 'become-secret-4', 'open sesame']) {
      expect(journal).not.toContain(secret);
    }
  });
});

describe('kvmnet history', () => {
  it('lists runs and shows one', async () => {
    const cwd = files();
    const empty = await kvmnet(['history'], { cwd });
    expect(empty).toEqual({ code: 0, stdout: '', stderr: 'no run that has changed something is written down here' });
    await play(cwd, '-l', 'a');
    const [run = ''] = runsIn(cwd);
    const { stdout } = await kvmnet(['history'], { cwd });
    expect(stdout.split('\n')[1]).toMatch(new RegExp(`^${run}  .*  kvmnet play site.yml .*  a {12}2 {7}0  finished$`));
    const shown = await kvmnet(['history', run.slice(0, 12)], { cwd });
    expect(shown.stdout).toContain('play files (1 host)\na  changed      copy\na    state: absent -> present\n');
    expect(shown.stdout).toContain('a  changed      act\na    warning: cannot be undone: shell is an action');
    // Hosts were told to keep nothing.
    expect(shown.stdout).toContain('warning: cannot be undone: hosts were told to keep nothing for it (undo_keep: 0)');
    const undo = await kvmnet(['undo', 'last', '-i', 'hosts.yml'], { cwd });
    expect(undo).toEqual({
      code: 0,
      stdout: '',
      stderr: `run ${run} has changed nothing that could still be taken back`,
    });
    const json = await kvmnet(['history', 'last', '--report', 'jsonl'], { cwd });
    expect(json.stdout.split('\n').map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'run',
      'intent',
      'task',
      'intent',
      'task',
      'recap',
    ]);
    const table = await kvmnet(['history', '--report', 'jsonl'], { cwd });
    expect(JSON.parse(table.stdout)).toMatchObject({ id: run, state: 'finished' });
  });

  it('finds the runs of playbooks in a folder below', async () => {
    const cwd = project({ 'plays/site.yml': site, 'hosts.yml': localInventory('a') });
    await kvmnet(['play', 'plays/site.yml', '-i', 'hosts.yml', '-e', `folder=${cwd}`], { cwd });
    expect((await kvmnet(['history'], { cwd })).stdout).toContain('kvmnet play plays/site');
  });

  it.each([
    [['history', 'nonsense'], 'there is no run "nonsense"'],
    [['undo', 'nonsense'], 'there is no run "nonsense"'],
    [['history', '--report', 'junit'], 'history cannot be reported as "junit"'],
    [['history', '-n', 'x'], '--number x: expected a number of runs'],
    [['undo'], 'missing required argument "run"'],
    [['undo', 'last', '--exit-code'], '--exit-code says what --check has found'],
  ])('%j is a mistake', async (args, message) => {
    const cwd = files();
    await play(cwd, '-l', 'a');
    const { code, stderr } = await kvmnet(args, { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${message}`);
  });
});
