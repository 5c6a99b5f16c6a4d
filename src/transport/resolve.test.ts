import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from './endpoint.ts';
import { createResolver } from './resolve.ts';
import type { ConnectionSpec } from './types.ts';

let home = '';
let notices: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kvmnet-config-'));
  notices = [];
  await mkdir(join(home, '.ssh/conf.d'), { recursive: true });
});
afterEach(() => rm(home, { recursive: true }));

async function resolve(
  config: string,
  spec: Partial<ConnectionSpec> = {},
  env: Record<string, string> = {},
): Promise<Endpoint> {
  const file = join(home, '.ssh/config');
  await writeFile(file, config);
  const resolver = createResolver({ home, user: 'me', env, configFiles: [file] }, (text) => notices.push(text));
  return resolver({ host: 'inv', kind: 'ssh', address: 'web', ...spec });
}

describe('defaults', () => {
  it('are those of OpenSSH, with keepalive', async () => {
    expect(await resolve('')).toMatchObject({
      address: 'web',
      port: 22,
      user: 'me',
      identitiesOnly: false,
      agentSocket: undefined,
      jumps: [],
      hostKeyChecking: 'yes',
      hostKeyName: 'web',
      userKnownHosts: [join(home, '.ssh/known_hosts'), join(home, '.ssh/known_hosts2')],
      keepaliveInterval: 15,
      keepaliveCount: 3,
      connectTimeout: 10,
      retries: 2,
    });
  });
});

describe('ssh configuration', () => {
  it('the first value wins, and the inventory wins over all', async () => {
    const config = 'Host w*\n  User first\n  Port 2201\nHost web\n  User second\n  HostName 192.0.2.1\n';
    expect(await resolve(config)).toMatchObject({
      user: 'first',
      port: 2201,
      address: '192.0.2.1',
      hostKeyName: '192.0.2.1',
    });
    expect(await resolve(config, { user: 'own', port: 22 })).toMatchObject({ user: 'own', port: 22 });
  });

  it.each([
    ['Host web !web\n User x\n', 'me'],
    ['Host !db *\n User x\n', 'x'],
    ['host WEB\n User x\n', 'me'],
    ['User = x\n', 'x'],
    ['\tuSER\t"x"  # why\n', 'x'],
    ['Host w??\n User x\n', 'x'],
  ])('%j gives %s', async (config, user) => expect((await resolve(config)).user).toBe(user));

  it.each([
    ['Match all\n User x\n', 'x'],
    ['Match host 192.0.2.*\n User x\nHost web\n HostName 192.0.2.1\n', 'me'],
    ['Host web\n HostName 192.0.2.1\nMatch host 192.0.2.*\n User x\n', 'x'],
    ['Host web\n hostname 192.0.2.1\nMatch originalhost web host 192.*\n User x\n', 'x'],
    ['Match !host web\n User x\n', 'me'],
    ['Match !host db\n User x\n', 'x'],
    ['Match localuser me\n User x\n', 'x'],
    ['Match localuser you\n User x\n', 'me'],
    ['Match exec "test %h = web"\n User x\n', 'x'],
    ['Match exec "test %h = db"\n User x\n', 'me'],
    ['Match final host 192.*\n User x\nHost web\n HostName 192.0.2.1\n', 'x'],
  ])('%j gives %s', async (config, user) => expect((await resolve(config)).user).toBe(user));

  it('says what it does not follow', async () => {
    await resolve('Match tagged prod\n User x\nHost *\n CertificateFile ~/.ssh/c\n CanonicalizeHostname no\n');
    expect(notices).toEqual([
      expect.stringContaining('"Match tagged" in ssh configuration is not supported'),
      expect.stringContaining('CertificateFile in ssh configuration is not supported'),
    ]);
  });

  it('includes files, relative to ~/.ssh, with wildcards, inside a Host only for that host', async () => {
    await writeFile(join(home, '.ssh/conf.d/b'), 'Host web\n User b\n Port 2\n');
    await writeFile(join(home, '.ssh/conf.d/a'), 'Host web\n User a\n');
    await writeFile(join(home, '.ssh/only'), 'Port 99\n');
    expect(await resolve('Include conf.d/*\nHost db\n Include only\n')).toMatchObject({ user: 'a', port: 2 });
    expect(await resolve('Host web\n Include ~/.ssh/only\n')).toMatchObject({ port: 99 });
  });

  it('an Include that goes round is an error', async () => {
    await expect(resolve('Include config\n')).rejects.toMatchObject({ code: 'usage' });
  });

  it('expands what stands for something else in names of files', async () => {
    const config =
      'IdentityFile ~/k_%h_%r\nIdentityFile %d/x%%\nIdentityFile ${KEYS}/y\nIdentitiesOnly yes\nIdentityAgent ~/agent\nUserKnownHostsFile ~/a "~/b c"\n';
    const endpoint = await resolve(config, { user: 'root' }, { KEYS: '/keys' });
    expect(endpoint.identityFiles).toEqual([
      { path: `${home}/k_web_root`, explicit: true },
      { path: `${home}/x%`, explicit: true },
      { path: '/keys/y', explicit: true },
    ]);
    expect(endpoint).toMatchObject({
      identitiesOnly: true,
      agentSocket: `${home}/agent`,
      userKnownHosts: [`${home}/a`, `${home}/b c`],
    });
  });

  it('a key of the inventory comes first', async () => {
    const endpoint = await resolve('IdentityFile /a\n', { privateKeyFile: '/b' });
    expect(endpoint.identityFiles.map((file) => file.path)).toEqual(['/b', '/a']);
  });

  it.each([
    ['', '/sock'],
    ['IdentityAgent none\n', undefined],
    ['IdentityAgent SSH_AUTH_SOCK\n', '/sock'],
    ['IdentityAgent $OTHER\n', '/other'],
  ])('%j uses the agent %s', async (config, socket) => {
    expect((await resolve(config, {}, { SSH_AUTH_SOCK: '/sock', OTHER: '/other' })).agentSocket).toBe(socket);
  });

  it.each([
    ['ask', 'yes'],
    ['no', 'no'],
    ['accept-new', 'accept-new'],
  ])('StrictHostKeyChecking %s is %s', async (said, checking) => {
    expect((await resolve(`StrictHostKeyChecking ${said}\n`)).hostKeyChecking).toBe(checking);
    expect((await resolve(`StrictHostKeyChecking ${said}\n`, { hostKeyChecking: 'yes' })).hostKeyChecking).toBe('yes');
  });

  it('reads numbers and times', async () => {
    const config =
      'ConnectTimeout 1m30s\nServerAliveInterval 5\nServerAliveCountMax 9\nConnectionAttempts 1\nHostKeyAlias k\n';
    expect(await resolve(config)).toMatchObject({
      connectTimeout: 90,
      keepaliveInterval: 5,
      keepaliveCount: 9,
      retries: 0,
      hostKeyName: 'k',
    });
    await expect(resolve('Port many\n')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('many') as string,
    });
  });
});

describe('the way', () => {
  const hops = ({ jumps }: Endpoint): string[] => jumps.map(({ user, address, port }) => `${user}@${address}:${port}`);

  it('every hop is looked up for itself, and has its own hops', async () => {
    const config =
      'Host web\n ProxyJump j1,bob@j2:2222\nHost j1\n HostName 192.0.2.9\n User jump\n ProxyJump outer\nHost j2\n ProxyJump never\n';
    expect(hops(await resolve(config, { password: 'secret' }))).toEqual([
      'me@outer:22',
      'jump@192.0.2.9:22',
      'bob@j2:2222',
    ]);
    expect((await resolve(config, { password: 'secret' })).jumps.some((hop) => hop.password !== undefined)).toBe(false);
    expect(hops(await resolve(config, { jump: 'none' }))).toEqual([]);
    expect(hops(await resolve(config, { jump: 'a@[2001:db8::1]:22' }))).toEqual(['a@2001:db8::1:22']);
  });

  it('a circle is an error', async () => {
    await expect(resolve('Host *\n ProxyJump j\n')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('circle') as string,
    });
  });

  it('ProxyCommand keeps its text and knows where to go', async () => {
    const config = 'Host web\n HostName 192.0.2.1\n ProxyCommand nc -X 5 "%h" %p\n';
    expect((await resolve(config)).proxyCommand).toBe('nc -X 5 "192.0.2.1" 22');
    expect((await resolve('ProxyCommand none\n')).proxyCommand).toBeUndefined();
    expect(await resolve(config, { jump: 'j' })).toMatchObject({ proxyCommand: undefined });
  });

  it.each(['@h', 'h:0', 'h:70000', 'a:b:c@', 'h:x'])('%j is no jump host', async (jump) => {
    await expect(resolve('', { jump })).rejects.toMatchObject({ code: 'inventory' });
  });
});

describe('names that a shell would take for more than names', () => {
  const config = 'Match exec "touch %d/ran-%h"\n User x\nHost *\n ProxyCommand nc %h %p %r\n';
  const evil = [
    '-oProxyCommand=x',
    '$(touch x)',
    '`x`',
    'a;x',
    'a|x',
    'a&x',
    'a>x',
    "a'x",
    'a"x',
    'a\\x',
    'a x',
    'a\nx',
    '',
  ];

  it.each(evil)('%j is no address, and nothing is run with it', async (address) => {
    await expect(resolve(config, { address })).rejects.toMatchObject({ code: 'inventory' });
    expect(await readdir(home)).toEqual(['.ssh']);
  });
  it.each([...evil.filter((each) => each !== 'a\\x'), 'x\\'])('%j is no user', async (user) => {
    await expect(resolve('ProxyCommand nc %h %p %r\n', { user })).rejects.toMatchObject({ code: 'inventory' });
  });
  it.each(['-x', 'a;x', '$(x)@h', '`x`', 'a b'])('%j is no jump host', async (jump) => {
    await expect(resolve('', { jump })).rejects.toMatchObject({ code: 'inventory' });
  });
  it('others are', async () => {
    expect(await resolve('', { address: 'fe80::1%eth0', user: 'DOMAIN\\me' })).toMatchObject({ user: 'DOMAIN\\me' });
    expect(await resolve('', { address: 'käse.example_x-1', user: 'a.b@c' })).toMatchObject({ user: 'a.b@c' });
  });
});

describe('ssh configuration that others may write', () => {
  it.each([0o622, 0o606, 0o666])('is not used (mode %o)', async (mode) => {
    const file = join(home, '.ssh/config');
    await writeFile(file, 'User x\n');
    await chmod(file, mode);
    const resolver = createResolver({ home, user: 'me', env: {}, configFiles: [file] }, () => {});
    await expect(resolver({ host: 'inv', kind: 'ssh', address: 'web' })).rejects.toMatchObject({
      code: 'usage',
      message: `${file} is not used: others may write it`,
    });
  });
  it('is not included either', async () => {
    await writeFile(join(home, '.ssh/more'), 'User x\n');
    await chmod(join(home, '.ssh/more'), 0o666);
    await expect(resolve('Include more\n')).rejects.toMatchObject({ code: 'usage' });
  });
});
