import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, project } from './kvmnet.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('help', () => {
  it.each([['--help'], ['-h'], ['help'], []])('%s lists the commands', async (...args) => {
    const { code, stdout, stderr } = await kvmnet(args);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('Usage: kvmnet COMMAND [options]');
    expect(stdout).toMatch(/^ {2}play PLAYBOOK\.\.\. -i SOURCE +play playbooks/m);
    expect(stdout).not.toContain('__complete');
  });
  it('explains each command', async () => {
    for (const name of ['play', 'facts', 'inventory', 'doc', 'schema', 'lint', 'vault', 'init', 'completion']) {
      const { code, stdout } = await kvmnet([name, '--help']);
      expect([name, code]).toEqual([name, 0]);
      expect(stdout).toContain(`kvmnet ${name}`);
    }
  });
  it('knows all flags of the interface', async () => {
    const { stdout } = await kvmnet(['play', '--help']);
    const flags =
      '-i -l -t --skip-tags -C --check -D --diff -e -f -b -K --vault-id --vault-password-file --start-at-task --step --syntax-check --list-hosts --list-tasks --list-tags --report --reboot --exit-code -v';
    for (const flag of flags.split(' ')) expect(stdout).toMatch(new RegExp(`(?<![\\w-])${flag}(?![\\w-])`));
  });
  it('is the same by "kvmnet help COMMAND"', async () => {
    expect(await kvmnet(['help', 'play'])).toEqual(await kvmnet(['play', '--help']));
  });
});

describe('--version', () => {
  it.each(['--version', '-V'])('%s prints it and nothing else', async (flag) => {
    expect(await kvmnet([flag])).toEqual({ code: 0, stdout: version, stderr: '' });
  });
});

describe('what cannot be understood', () => {
  const files = { 'site.yml': '- hosts: all\n  tasks: []\n', 'hosts.yml': localInventory('here') };
  it.each([
    [['plya'], 'error: unknown command or module "plya"\n  hint: did you mean "play"?'],
    [['sehll', 'all'], 'error: unknown command or module "sehll"\n  hint: did you mean "shell"?'],
    [
      ['xyzzy'],
      'error: unknown command or module "xyzzy"\n  hint: "kvmnet --help" lists the commands, "kvmnet doc" the modules',
    ],
    [
      ['--forks', '3', 'play'],
      'error: unknown option "--forks"\n  hint: options come after the command, e.g. kvmnet play site.yml -i prod; "kvmnet --help" lists the commands',
    ],
    [['play'], 'error: missing required argument "playbook"\n  hint: "kvmnet play --help" shows how it is used'],
    [['play', 'site.yml', '--forx', '3'], 'error: unknown option "--forx"\n  hint: did you mean --forks?'],
    [['play', 'site.yml', '-f', '0'], 'error: --forks "0": expected a number of hosts: a whole number from 1 to 10000'],
    [['play', 'site.yml', '--reboot', 'maybe'], 'error: --reboot "maybe": expected auto, ask or never'],
    [['play', 'site.yml', '--exit-code'], 'error: --exit-code says what --check has found\n  hint: add --check'],
    [['play', 'site.yml', '--report', 'xml'], 'error: unknown report "xml"\n  hint: known: jsonl, junit, lines, tty'],
    [['play', 'site.yml', '-e', 'mtu'], 'error: "mtu" sets no variable\n  hint: write name=value, JSON, or @FILE'],
    [
      ['play', 'site.yml', '-K'],
      'error: there is no terminal to ask for the become password\n  hint: set kvmnet_become_password in the inventory, encrypted',
    ],
    [
      ['facts', 'all'],
      'error: no inventory was given\n  hint: name one with -i, e.g. -i prod or -i host1,host2, or set "inventory" in kvmnet.yml',
    ],
    [['facts', 'al', '-i', 'hosts.yml'], 'error: no host and no group is called "al"\n  hint: did you mean "all"?'],
    [
      ['inventory', '-i', 'hosts.yml'],
      'error: one of --list, --graph, --host and --hosts is needed\n  hint: e.g. kvmnet inventory -i prod --graph',
    ],
    [
      ['inventory', '-i', 'host.yml', '--list'],
      'error: no inventory "host.yml": tried host.yml, inventories/host.yml, inventories/host.yml.{yml,yaml,ini,json}\n  hint: a host by itself is written with a comma: -i host.yml,',
    ],
    [['doc', 'shel'], 'error: unknown module "shel"\n  hint: did you mean "shell"?'],
    [['schema', 'plabook'], 'error: unknown module "plabook"\n  hint: "kvmnet doc" lists the modules'],
    [['vault', 'encrpt', 'x'], 'error: unknown vault action "encrpt"\n  hint: did you mean "encrypt"?'],
    [['completion', 'tcsh'], 'error: unknown shell "tcsh"\n  hint: known: bash, fish, zsh'],
    [['lint', 'nowhere'], 'error: nowhere: no such file or folder'],
  ])('%j', async (args, message) => {
    const needsHosts = args[0] === 'play' && !args.includes('-i');
    const { code, stdout, stderr } = await kvmnet([...args, ...(needsHosts ? ['-i', 'hosts.yml'] : [])], {
      cwd: project(files),
    });
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: message });
  });
});
