import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { kvmnet, localInventory, project } from './kvmnet.ts';

describe('kvmnet inventory', () => {
  const cwd = () => project({ 'hosts.yml': 'all: { children: { kvm: { hosts: { "kvm[01:02]": { mtu: 9000 } } } } }' });
  it('prints what ansible-inventory --list does', async () => {
    const { stdout } = await kvmnet(['inventory', '-i', 'hosts.yml', '--list'], { cwd: cwd() });
    expect(JSON.parse(stdout)).toMatchObject({
      _meta: { hostvars: { kvm01: { mtu: 9000 }, kvm02: { mtu: 9000 } } },
      kvm: { hosts: ['kvm01', 'kvm02'] },
    });
  });
  it('shows one host, hosts of a pattern, and the tree', async () => {
    const folder = cwd();
    const show = async (...args: readonly string[]) =>
      (await kvmnet(['inventory', '-i', 'hosts.yml', ...args], { cwd: folder })).stdout;
    expect(JSON.parse(await show('--host', 'kvm01'))).toEqual({ mtu: 9000 });
    expect(await show('--hosts', 'kvm:!kvm01')).toBe('kvm02');
    expect(await show('--graph')).toContain('@kvm:\n  |  |--kvm01');
  });
});

describe('kvmnet doc', () => {
  it('lists all modules', async () => {
    const { code, stdout } = await kvmnet(['doc']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^copy +\S/m);
    expect(stdout).toMatch(/^sysctl +\S/m);
  });
  it('explains one', async () => {
    const { stdout } = await kvmnet(['doc', 'shell']);
    expect(stdout).toContain('shell: Runs a command line in a shell\n');
    expect(stdout).toContain('  cmd  text, required\n      text for the shell, one line or many\n');
    expect(stdout).toContain('  strip_empty_ends  yes or no, default yes\n');
    expect(stdout).toContain("  kvmnet shell PATTERN -i INVENTORY -- 'ip -br link | wc -l'");
  });
});

describe('kvmnet schema', () => {
  it.each(['playbook', 'inventory', 'sysctl'])('prints the one of %s', async (what) => {
    const { code, stdout } = await kvmnet(['schema', what]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
  });
});

describe('kvmnet lint', () => {
  const files = {
    'site.yml': '- hosts: all\n  roles: [web]\n',
    'roles/web/tasks/main.yml': '- debug: hello\n',
    'inventories/prod.yml': localInventory('a'),
    'group_vars/all.yml': 'x: 1\n',
    'kvmnet.yml': 'inventory: prod\n',
  };
  it('checks all that is in a folder', async () => {
    expect(await kvmnet(['lint', '.'], { cwd: project(files) })).toEqual({
      code: 0,
      stdout: 'no mistakes: 1 playbook, 1 role, 1 inventory',
      stderr: '',
    });
  });
  it('shows all mistakes of all files', async () => {
    const cwd = project({
      ...files,
      'site.yml': '- hosts: all\n  taks: []\n',
      'roles/web/tasks/main.yml': '- debgu: hello\n',
      'inventories/prod.yml': 'all: { hostz: {} }\n',
    });
    const { code, stderr } = await kvmnet(['lint', '.'], { cwd });
    expect(code).toBe(1);
    const places = stderr.split('\n').flatMap((line) => /^(\S+): error: /.exec(line)?.[1] ?? []);
    expect(places).toEqual(['inventories/prod.yml:1:8', 'roles/web/tasks/main.yml:1:3', 'site.yml:2:3']);
  });
  it('says where there is nothing', async () => {
    const cwd = project({ 'notes.txt': 'x' });
    expect(await kvmnet(['lint', '.'], { cwd })).toMatchObject({
      code: 1,
      stderr: 'error: .: no playbook, role or inventory there',
    });
  });
});

describe('kvmnet init', () => {
  it('makes a project that works, and overwrites nothing', async () => {
    const cwd = project({});
    const { code, stdout } = await kvmnet(['init', 'net'], { cwd });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'net/kvmnet.yml\nnet/inventories/lab.yml\nnet/site.yml\nnet/README.md',
    });
    const folder = join(cwd, 'net');
    expect((await kvmnet(['lint', '.'], { cwd: folder })).code).toBe(0);
    const played = await kvmnet(['play', 'site.yml', '--check'], { cwd: folder });
    expect(played).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('localhost: Linux ') as string,
    });
    writeFileSync(join(folder, 'site.yml'), 'mine');
    const again = await kvmnet(['init', 'net'], { cwd });
    expect(again).toMatchObject({
      code: 1,
      stderr:
        'error: net already has kvmnet.yml, inventories/lab.yml, site.yml, README.md\n  hint: choose another folder',
    });
    expect(readFileSync(join(folder, 'site.yml'), 'utf8')).toBe('mine');
  });
});

describe('kvmnet vault', () => {
  const secrets = () =>
    project({ pw: 'first password\n', pw2: 'second password\n', 'secret.yml': 'password: geheim\n' });
  const vault = (cwd: string, ...args: readonly string[]) =>
    kvmnet(['vault', ...args, '--vault-password-file', 'pw'], { cwd });
  it('encrypts, shows and decrypts files, and keeps their mode', async () => {
    const cwd = secrets();
    const file = join(cwd, 'secret.yml');
    chmodSync(file, 0o640);
    expect(await vault(cwd, 'encrypt', 'secret.yml')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toMatch(/^\$ANSIBLE_VAULT;1\.1;AES256\n/);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect((await vault(cwd, 'view', 'secret.yml')).stdout).toBe('password: geheim');
    expect((await vault(cwd, 'encrypt', 'secret.yml')).stderr).toBe(
      'error: secret.yml is encrypted already\n  hint: use rekey for another password',
    );
    expect((await vault(cwd, 'decrypt', 'secret.yml')).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('password: geheim\n');
    expect((await vault(cwd, 'view', 'secret.yml')).stderr).toBe(
      'error: secret.yml is not encrypted\n  hint: kvmnet vault encrypt does that',
    );
  });
  it('changes the password, and nothing where the old one is wrong', async () => {
    const cwd = secrets();
    await vault(cwd, 'encrypt', 'secret.yml');
    const before = readFileSync(join(cwd, 'secret.yml'), 'utf8');
    const wrong = await kvmnet(
      ['vault', 'rekey', 'secret.yml', '--vault-password-file', 'pw2', '--new-vault-password-file', 'pw'],
      { cwd },
    );
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('secret.yml:1:1: error: no vault password opens this');
    expect(readFileSync(join(cwd, 'secret.yml'), 'utf8')).toBe(before);
    expect((await vault(cwd, 'rekey', 'secret.yml', '--new-vault-id', 'prod@pw2')).code).toBe(0);
    expect(readFileSync(join(cwd, 'secret.yml'), 'utf8')).toMatch(/^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
    expect((await kvmnet(['vault', 'view', 'secret.yml', '--vault-id', 'prod@pw2'], { cwd })).stdout).toBe(
      'password: geheim',
    );
  });
  it('edits in $EDITOR, and leaves the file alone where that fails or changes nothing', async () => {
    const cwd = secrets();
    await vault(cwd, 'encrypt', 'secret.yml');
    const before = readFileSync(join(cwd, 'secret.yml'), 'utf8');
    const edit = (EDITOR: string) =>
      kvmnet(['vault', 'edit', 'secret.yml', '--vault-password-file', 'pw'], { cwd, env: { EDITOR } });
    expect((await edit('true')).stderr).toBe('secret.yml: nothing was changed');
    expect(await edit('false')).toMatchObject({
      code: 1,
      stderr: 'error: the editor ended with exit code 1: nothing was changed\n  hint: it was: false',
    });
    expect(readFileSync(join(cwd, 'secret.yml'), 'utf8')).toBe(before);
    expect((await edit('sed -i s/geheim/neu/')).code).toBe(0);
    expect((await vault(cwd, 'view', 'secret.yml')).stdout).toBe('password: neu');
  });
  it('takes the password from a program, texts from the standard input, and age', async () => {
    const cwd = project({ program: '#!/bin/sh\necho first password\n', identity: await generateX25519Identity() });
    chmodSync(join(cwd, 'program'), 0o700);
    const { stdout } = await kvmnet(['vault', 'encrypt-string', '-n', 'token', '--vault-password-file', 'program'], {
      cwd,
      input: 'abc',
    });
    expect(stdout).toMatch(/^token: !vault \|\n {4}\$ANSIBLE_VAULT;1\.1;AES256\n {4}[0-9a-f]+/);
    const sealed = await kvmnet(['vault', 'encrypt', '-', '--vault-password-file', 'identity'], { cwd, input: 'abc' });
    expect(sealed.stdout).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
    const opened = await kvmnet(['vault', 'view', '-', '--vault-password-file', 'identity'], {
      cwd,
      input: sealed.stdout,
    });
    expect(opened.stdout).toBe('abc');
  });
  it.each([
    [['view', 'none'], /^error: cannot read none: it does not exist$/],
    [
      ['view', 'secret.yml', '--vault-password-file', 'none'],
      /^error: cannot read the vault password from none: it does not exist$/,
    ],
    [['view'], /^error: missing required argument "words"/],
  ])('%j', async (args, message) => {
    const cwd = secrets();
    const { code, stderr } = await vault(cwd, ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(cwd, 'none'))).toBe(false);
  });
});
