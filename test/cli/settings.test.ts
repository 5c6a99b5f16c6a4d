import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, project } from './kvmnet.ts';

const base = {
  'plays/site.yml': '- hosts: all\n  tasks: [{ debug: "{{ who }}" }]\n',
  'inventories/lab.yml': localInventory('lab1'),
  'other.yml': localInventory('other1'),
};

const said = (stdout: string): string | undefined => /^\S+ {4}(.*)$/m.exec(stdout)?.[1];

describe('the project file', () => {
  it('gives defaults, above which are the environment and flags', async () => {
    const cwd = project({ ...base, 'kvmnet.yml': 'inventory: lab\nextra_vars: { who: the project }\n' });
    const play = (args: readonly string[] = [], env = {}) => kvmnet(['play', 'plays/site.yml', ...args], { cwd, env });
    const plain = await play();
    expect(plain.stderr).toBe('');
    expect([plain.stdout.includes('lab1'), said(plain.stdout)]).toEqual([true, 'the project']);
    const withEnv = await play([], { KVMNET_INVENTORY: 'other.yml', KVMNET_EXTRA_VARS: 'who=environment' });
    expect([withEnv.stdout.includes('other1'), said(withEnv.stdout)]).toEqual([true, 'environment']);
    const withFlags = await play(['-i', 'x,', '-e', 'who=flag', '-e', 'kvmnet_connection=local'], {
      KVMNET_INVENTORY: 'other.yml',
    });
    expect([withFlags.stdout.includes('x   '), said(withFlags.stdout)]).toEqual([true, 'flag']);
  });
  it('sets switches that a flag can turn off again', async () => {
    const cwd = project({
      ...base,
      'kvmnet.yml': 'inventory: lab\ndiff: yes\nextra_vars: { who: me }\nreport: jsonl\n',
    });
    const diffOf = async (...args: readonly string[]): Promise<unknown> => {
      const { stdout } = await kvmnet(['play', 'plays/site.yml', ...args], { cwd });
      return (JSON.parse(stdout.split('\n')[0] ?? '') as { readonly diff: unknown }).diff;
    };
    expect(await diffOf()).toBe(true);
    expect(await diffOf('--no-diff')).toBe(false);
  });
  it('is found above the playbook, and its paths are relative to it', async () => {
    const cwd = project({ ...base, 'kvmnet.yml': 'inventory: [lab, other.yml]\nextra_vars: { who: me }\n' });
    const { stdout, stderr } = await kvmnet(['play', join(cwd, 'plays/site.yml')]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^2 hosts ok/m);
  });
  it('is checked as everything else is', async () => {
    const cwd = project({ ...base, 'kvmnet.yml': 'inventroy: lab\nforks: many\nlimit: a\nbecome: perhaps\n' });
    expect(await kvmnet(['play', 'plays/site.yml'], { cwd })).toEqual({
      code: 1,
      stdout: '',
      stderr: `kvmnet.yml:1:1: error: unknown setting "inventroy"
    1 | inventroy: lab
      | ^
  hint: did you mean "inventory"?
kvmnet.yml:2:8: error: forks: expected a number of hosts: a whole number from 1 to 10000
    2 | forks: many
      |        ^
kvmnet.yml:3:1: error: "limit" belongs to one run, not to a project
    3 | limit: a
      | ^
  hint: give --limit on the command line
kvmnet.yml:4:9: error: become: expected yes or no
    4 | become: perhaps
      |         ^
4 errors`,
    });
  });
  it.each([
    ['KVMNET_FORKS', 'x', 'error: KVMNET_FORKS "x": expected a number of hosts: a whole number from 1 to 10000'],
    ['KVMNET_BECOME', 'perhaps', 'error: KVMNET_BECOME "perhaps": expected yes or no'],
  ])('%s is checked too', async (name, value, stderr) => {
    const cwd = project({ ...base, 'kvmnet.yml': 'inventory: lab\n' });
    expect(await kvmnet(['play', 'plays/site.yml'], { cwd, env: { [name]: value } })).toMatchObject({
      code: 1,
      stderr,
    });
  });
});
