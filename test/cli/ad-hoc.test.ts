import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, project } from './kvmnet.ts';

const hosts = () => project({ 'hosts.yml': localInventory('a', 'b') });
const call = (cwd: string, ...args: readonly string[]) => kvmnet([...args, '-i', 'hosts.yml'], { cwd });

describe('a module on the command line', () => {
  it('runs on the hosts of a pattern and shows what it said', async () => {
    const cwd = hosts();
    const { code, stdout, stderr } = await kvmnet(
      ['shell', 'all:!b', '-i', 'hosts.yml', '--', 'echo $((6 * 7)); echo oops >&2'],
      { cwd },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 3)).toEqual(['a  changed      shell', 'a    | 42', 'a    | oops']);
    expect(stdout.split('\n')[3]).toMatch(/^1 host ok, 1 changed, /);
  });
  it('lists its hosts with --list-hosts, and says which exclusion excludes nothing', async () => {
    expect(await call(hosts(), 'reboot', 'all:!bb', '--list-hosts')).toEqual({
      code: 0,
      stdout: 'a\nb',
      stderr: 'warning: no host and no group is called "bb" (did you mean "b"?)',
    });
  });
  it('takes parameters as flags, templates in them as well', async () => {
    const cwd = hosts();
    const path = join(cwd, '{{ inventory_hostname }}');
    const { code } = await call(
      cwd,
      'copy',
      'all',
      '--dest',
      path,
      '--content',
      'it\'s $HOME `x` "{{ inventory_hostname }}"\n',
      '--mode',
      '0600',
    );
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, 'b'), 'utf8')).toBe('it\'s $HOME `x` "b"\n');
    const again = await call(
      cwd,
      'copy',
      'all',
      '--dest',
      path,
      '--content',
      'it\'s $HOME `x` "{{ inventory_hostname }}"\n',
    );
    expect(again.stdout).toMatch(/^2 hosts ok, nothing to change, /m);
  });
  it('reads the facts where they are asked for', async () => {
    const { code, stdout } = await call(
      hosts(),
      'assert',
      'a',
      '--that',
      'facts.kernel.release != ""',
      '--that',
      '1 + 1 == 2',
    );
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^a {2}ok +assert$/m) as string });
  });
  it('says in check mode what it would do', async () => {
    const cwd = hosts();
    const { stdout } = await call(cwd, 'copy', 'a', '--dest', join(cwd, 'x'), '--content', 'x', '-C', '-D');
    expect(stdout).toMatch(/^a {2}would change {2}copy$/m);
  });
  it.each<[readonly string[], string]>([
    [
      ['copy', 'all', '--content', 'x'],
      `<command line>:1:8: error: copy: the parameter "dest" is missing
    1 | kvmnet copy all --content x -i hosts.yml
      |        ^`,
    ],
    [
      ['wait_for', 'all', '--port', '70000'],
      `<command line>:1:28: error: wait_for: port: expected a port: a whole number from 1 to 65535, not the number 70000
    1 | kvmnet wait_for all --port 70000 -i hosts.yml
      |                            ^`,
    ],
    [
      ['debug', 'all', '--msg', '{{ nope }'],
      `<command line>:1:32: error: the template ends inside of {{ }} or of a block
    1 | kvmnet debug all --msg '{{ nope }' -i hosts.yml
      |                                ^`,
    ],
    [
      ['debug', 'nobody', '--msg', 'x'],
      `<command line>:1:14: error: no host and no group is called "nobody"
    1 | kvmnet debug nobody --msg x -i hosts.yml
      |              ^`,
    ],
    [
      ['copy', 'all', 'more', 'words', '--dest', '/x'],
      `<command line>:1:17: error: copy takes no words after the pattern: "more words"
    1 | kvmnet copy all more words --dest /x -i hosts.yml
      |                 ^
  hint: give its parameters as flags; "kvmnet copy --help" lists them`,
    ],
  ])('%j is shown where it was typed', async (args, stderr) => {
    const { code, ...result } = await call(hosts(), ...args);
    expect(code).toBe(1);
    expect(result.stderr.startsWith(stderr) ? stderr : result.stderr).toBe(stderr);
  });
  it('fails on a host as a play does', async () => {
    const { code, stdout } = await kvmnet(['command', 'a', '-i', 'hosts.yml', '--', 'false'], { cwd: hosts() });
    expect(code).toBe(2);
    expect(stdout).toMatch(/^a {2}failed +command\na {4}exit code 1$/m);
  });
});

describe('kvmnet facts', () => {
  it('prints JSON by host', async () => {
    const { code, stdout, stderr } = await call(hosts(), 'facts', 'all');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const facts = JSON.parse(stdout) as Record<string, { kernel: { release: string } }>;
    expect(Object.keys(facts)).toEqual(['a', 'b']);
    expect(facts['a']?.kernel.release).toBe(readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
  });
  it('exits with 4 where a host cannot be reached, and prints the others', async () => {
    const inventory = {
      all: {
        hosts: {
          a: { kvmnet_connection: 'local' },
          gone: { kvmnet_host: '127.0.0.1', kvmnet_port: 1, kvmnet_connect_retries: 0 },
        },
      },
    };
    const { code, stdout, stderr } = await call(project({ 'hosts.yml': JSON.stringify(inventory) }), 'facts', 'all');
    expect(code).toBe(4);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['a']);
    expect(stderr).toMatch(/^error: gone: .*connection refused/m);
  });
});
