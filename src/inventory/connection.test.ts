import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { connectionOf, type HostConnection } from './connection.ts';
import { problemsOf } from './test-folder.ts';

const of = (variables: Readonly<Record<string, unknown>>): HostConnection =>
  connectionOf('kvm01', {
    get: (name) => variables[name],
    locate: (name) => ({ file: 'hosts.yml', line: Object.keys(variables).indexOf(name) + 1, column: 3 }),
  });

const defined = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

describe('connection variables', () => {
  it('without any, the host is reached by its name', () => {
    const { spec, become } = of({});
    expect(defined(spec)).toEqual({ host: 'kvm01', kind: 'ssh', address: 'kvm01' });
    expect(defined(become)).toEqual({});
  });

  it('of kvmnet', () => {
    const { spec, become } = of({
      kvmnet_host: '10.0.1.1',
      kvmnet_port: 2222,
      kvmnet_user: 'root',
      kvmnet_password: 'pw',
      kvmnet_private_key_file: '~/.ssh/lab key',
      kvmnet_private_key_passphrase: 'phrase',
      kvmnet_connection: 'ssh',
      kvmnet_jump: 'admin@gate:2200,inner',
      kvmnet_host_key_checking: 'accept-new',
      kvmnet_shell: '/bin/busybox',
      kvmnet_connect_timeout: 5,
      kvmnet_connect_retries: 0,
      kvmnet_become: true,
      kvmnet_become_method: 'doas',
      kvmnet_become_user: 'admin',
      kvmnet_become_password: 'bp',
    });
    expect(spec).toEqual({
      host: 'kvm01',
      kind: 'ssh',
      address: '10.0.1.1',
      port: 2222,
      user: 'root',
      password: 'pw',
      privateKeyFile: `${homedir()}/.ssh/lab key`,
      passphrase: 'phrase',
      jump: 'admin@gate:2200,inner',
      hostKeyChecking: 'accept-new',
      shell: '/bin/busybox',
      connectTimeout: 5,
      retries: 0,
    });
    expect(become).toEqual({ enabled: true, method: 'doas', user: 'admin', password: 'bp' });
  });

  it.each<[Readonly<Record<string, unknown>>, object]>([
    [{ ansible_host: 'h', ansible_ssh_host: 'old' }, { address: 'h' }],
    [
      { ansible_ssh_host: 'old', ansible_ssh_port: '22', ansible_ssh_user: 'u', ansible_ssh_pass: 'p' },
      { address: 'old', port: 22, user: 'u', password: 'p' },
    ],
    [{ ansible_host: 'a', kvmnet_host: 'k' }, { address: 'k' }],
    [{ ansible_port: 22n }, { port: 22 }],
    [{ ansible_user: 1000 }, { user: '1000' }],
    [{ ansible_ssh_private_key_file: '/k' }, { privateKeyFile: '/k' }],
    [{ ansible_connection: 'local' }, { kind: 'local' }],
    [{ ansible_connection: 'ansible.builtin.local' }, { kind: 'local' }],
    [{ ansible_connection: 'smart' }, { kind: 'ssh' }],
    [{ ansible_connection: 'local', kvmnet_connection: 'ssh' }, { kind: 'ssh' }],
    [{ ansible_host_key_checking: false }, { hostKeyChecking: 'no' }],
    [{ ansible_ssh_host_key_checking: 'True' }, { hostKeyChecking: 'yes' }],
    [{ kvmnet_host_key_checking: 'no' }, { hostKeyChecking: 'no' }],
    [{ ansible_shell_executable: '/bin/ash' }, { shell: '/bin/ash' }],
    [{ ansible_ssh_timeout: 30 }, { connectTimeout: 30 }],
    [{ kvmnet_password: null }, { password: undefined }],
    [{ kvmnet_password: 12345 }, { password: '12345' }],
  ])('%o', (variables, expected) => {
    expect(of(variables).spec).toMatchObject(expected);
  });

  it.each<[Readonly<Record<string, unknown>>, object]>([
    [
      { ansible_become: 'yes', ansible_become_pass: 'x' },
      { enabled: true, password: 'x' },
    ],
    [{ ansible_become: false }, { enabled: false }],
    [{ ansible_become: true, kvmnet_become: 'off' }, { enabled: false }],
    [
      { ansible_become_method: 'su', ansible_become_user: 'bob' },
      { method: 'su', user: 'bob' },
    ],
  ])('%o', (variables, expected) => {
    expect(of(variables).become).toMatchObject(expected);
  });

  it.each<[Readonly<Record<string, unknown>>, string]>([
    [{ ansible_port: '22x' }, 'ansible_port is "22x", not a port number from 1 to 65535'],
    [{ kvmnet_port: 0 }, 'kvmnet_port is 0, not a port number from 1 to 65535'],
    [{ kvmnet_port: true }, 'kvmnet_port is true, not a port number from 1 to 65535'],
    [{ kvmnet_user: '' }, 'kvmnet_user is empty; give it a value, or remove it'],
    [{ ansible_host: null }, 'ansible_host is empty; give it a value, or remove it'],
    [{ kvmnet_user: true }, 'kvmnet_user is the boolean true, not a text; put it into quotes'],
    [{ kvmnet_host: ['a'] }, 'kvmnet_host is a list, not a text'],
    [{ kvmnet_host: 'a\nb' }, 'kvmnet_host holds more than one line'],
    [{ kvmnet_password: { a: 1 } }, 'kvmnet_password is not a text; put it into quotes'],
    [{ ansible_connection: 'lcoal' }, 'ansible_connection is "lcoal", not ssh or local; did you mean "local"?'],
    [{ kvmnet_become: 'maybe' }, 'kvmnet_become is "maybe", not a boolean; write true or false'],
    [{ ansible_become_method: 'runas' }, 'ansible_become_method is "runas", not sudo, su or doas'],
    [{ kvmnet_host_key_checking: 'ask' }, 'kvmnet_host_key_checking is "ask", not yes, accept-new or no'],
    [
      { kvmnet_shell: 'bash' },
      'kvmnet_shell is "bash", not an absolute path; write the path of a POSIX shell, such as /bin/sh',
    ],
    [
      { ansible_ssh_common_args: 5 },
      'ansible_ssh_common_args is not a text; use kvmnet_jump for jump hosts, and ~/.ssh/config for the rest',
    ],
  ])('%o is refused', async (variables, expected) => {
    expect(await problemsOf(() => of(variables))).toEqual([`hosts.yml:1:3: ${expected}`]);
  });

  it('are refused all at once, never with a password', async () => {
    const problems = await problemsOf(() =>
      of({ kvmnet_port: 'x', kvmnet_password: ['hunter2'], kvmnet_become: 'no!' }),
    );
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('arguments for ssh', () => {
  it.each<[string, object]>([
    ['-J admin@gate', { jump: 'admin@gate' }],
    ['-Jgate:2200', { jump: 'gate:2200' }],
    ['-o ProxyJump=gate', { jump: 'gate' }],
    ['-oProxyJump=gate -C -q', { jump: 'gate' }],
    [`-o ProxyCommand="ssh -W %h:%p -q admin@gate"`, { jump: 'admin@gate' }],
    [`-o 'ProxyCommand=ssh -p 2200 -W [%h]:%p gate'`, { jump: 'gate:2200' }],
    [`-o ProxyCommand='ssh "gate" -l admin -W %h:%p'`, { jump: 'admin@gate' }],
    ['-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null', { hostKeyChecking: 'no' }],
    ['-o StrictHostKeyChecking=accept-new', { hostKeyChecking: 'accept-new' }],
    ['-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=30', { address: 'kvm01' }],
    [
      '-o "ConnectTimeout 7" -p 23 -l bob -i ~/k',
      { connectTimeout: 7, port: 23, user: 'bob', privateKeyFile: `${homedir()}/k` },
    ],
    ['', { address: 'kvm01' }],
  ])('%s', (text, expected) => {
    expect(of({ ansible_ssh_common_args: text }).spec).toMatchObject(expected);
  });

  it('are weaker than variables, and extra ones stronger than common ones', () => {
    const variables = { ansible_ssh_common_args: '-J a', ansible_ssh_extra_args: '-J b' };
    expect(of(variables).spec.jump).toBe('b');
    expect(of({ ...variables, kvmnet_jump: 'c' }).spec.jump).toBe('c');
  });

  it.each<[string, string]>([
    ['-o ProxyCommand="nc %h %p"', 'ProxyCommand "nc %h %p" is more than a jump through another host'],
    [
      '-o ProxyCommand="ssh -i key -W %h:%p gate"',
      'ProxyCommand "ssh -i key -W %h:%p gate" is more than a jump through another host',
    ],
    ['-F other_config', '"-F" is not understood'],
    ['-o ForwardAgent=yes', 'option ForwardAgent is not understood'],
    ['-o UserKnownHostsFile=/k', 'option UserKnownHostsFile is not understood'],
    ['-J', '"-J" has no value'],
    ['-o "x', 'a text in double quotes is not closed'],
  ])('%s is refused', async (text, expected) => {
    expect(await problemsOf(() => of({ ansible_ssh_common_args: text }))).toEqual([
      `hosts.yml:1:3: ansible_ssh_common_args: ${expected}; use kvmnet_jump for jump hosts, and ~/.ssh/config for the rest`,
    ]);
  });

  it('with a bad value name the argument', async () => {
    expect(await problemsOf(() => of({ ansible_ssh_extra_args: '-p http' }))).toEqual([
      'hosts.yml:1:3: ansible_ssh_extra_args: port is "http", not a port number from 1 to 65535',
    ]);
  });
});
