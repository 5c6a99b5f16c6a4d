import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileProbe } from '../compile.ts';
import { quote } from '../quote.ts';
import { createSandbox, type Sandbox } from '../testing/sandbox.ts';
import { testShells } from '../testing/shells.ts';
import { fileProbe, sha256Of, type FileQuery } from './status.ts';
import { treeProbe } from './tree-status.ts';

// Each shell is real, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const setup = `rm -rf /srv; mkdir -p /srv/dir /srv/closed/in; cd /srv
printf 'hello' >file; chown nobody:daemon file; chmod 4750 file; touch -d @1000000000 file
ln -s file link; ln -s nowhere dangling; ln -s /srv/dir dirlink; mkfifo fifo; mknod null c 1 3
printf secret >closed/in/x; chmod 0 closed/in/x; chmod 0700 closed; echo odd >odd; chown 54321:54322 odd
sed -i '$ a toor:x:0:0::/root:/bin/sh' /etc/passwd`;

describe.each(testShells)('fileProbe under $name', (test) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ shell: test.shell, setup: `${test.setup}\n${setup}` });
  }, 60_000);
  afterAll(() => sandbox.close());

  const look = (query: FileQuery) => {
    const probe = fileProbe(query);
    return probe.parse(sandbox.run(compileProbe(probe.run)));
  };

  it('reads a file', () => {
    const seen = look({ path: '/srv/file', hash: true, content: 10, owner: '65534', group: 'daemon' });
    expect(seen).toMatchObject({
      path: '/srv/file',
      ancestor: '/srv',
      owner: 'nobody',
      group: 'daemon',
      denied: false,
    });
    expect(seen.status).toMatchObject({
      kind: 'file',
      mode: '4750',
      owner: 'nobody',
      group: 'daemon',
      size: 5,
      links: 1,
    });
    expect(seen.status).toMatchObject({ uid: 65534, gid: 1, mtime: 1_000_000_000, sha256: sha256Of('hello') });
    expect(Buffer.from(seen.status?.content ?? []).toString()).toBe('hello');
  });
  it.each<[string, FileQuery, string | undefined]>([
    ['too much', { path: '/srv/file', content: 4 }, undefined],
    ['known', { path: '/srv/file', content: 10, hash: true, unless: sha256Of('hello') }, undefined],
    ['not wanted', { path: '/srv/file', hash: true }, undefined],
    ['behind a link', { path: '/srv/link', follow: true, content: 10 }, 'hello'],
    ['in a folder', { path: '/srv', into: 'file', content: 10 }, 'hello'],
  ])('content that is %s', (_, query, expected) => {
    const content = look(query).status?.content;
    expect(content === undefined ? undefined : Buffer.from(content).toString()).toBe(expected);
  });
  it.each<[string, Partial<FileQuery>, object]>([
    ['/srv/link', {}, { kind: 'link', target: 'file' }],
    ['/srv/link', { follow: true }, { kind: 'file' }],
    ['/srv/dangling', { follow: true, hash: true, content: 9 }, { kind: 'link', target: 'nowhere' }],
    ['/srv/dirlink', { follow: true }, { kind: 'directory' }],
    ['/srv/fifo', { hash: true, content: 9 }, { kind: 'fifo' }],
    ['/srv/null', { hash: true, content: 9 }, { kind: 'char' }],
    ['/srv/odd', {}, { owner: '54321', group: '54322' }],
    ['/', {}, { kind: 'directory' }],
  ])('%s %j', (path, query, expected) => {
    expect(look({ path, ...query }).status).toMatchObject(expected);
  });
  it.each([
    ['/srv/no', '/srv', true],
    ['/srv/no/such/x', '/srv', true],
    ['/no', '/', true],
    ['/srv/file/x', '/srv/file', false],
    ['/srv/dangling/x', '/srv/dangling', false],
  ])('%s: nothing, below %s', (path, ancestor, reachable) => {
    expect(look({ path })).toMatchObject({ status: null, ancestor, reachable });
  });
  it.each([
    ['/srv/file', 'toor', 'root'],
    ['/srv/no', 'toor', 'root'],
    ['/srv/file', '0', 'root'],
    ['/srv/file', '54321', '54321'],
    ['/srv/odd', '54321', '54321'],
    ['/srv/file', 'nosuchuser', null],
  ])('%s, asked for user %s: %s', (path, owner, expected) => {
    expect(look({ path, owner }).owner).toBe(expected);
  });
  it('says that the tools are not there', () => {
    const run = (path: string) => {
      const probe = fileProbe({ path: '/srv/file', hash: true });
      return () => probe.parse(sandbox.run(`PATH=${path}; ${compileProbe(probe.run)}`));
    };
    sandbox.look('mkdir -p /srv/bin; ln -sf "$(command -v stat)" /srv/bin/stat');
    expect(run('/nowhere')).toThrow(/^\/srv\/file cannot be looked at: .*stat: .*not found$/);
    expect(run('/srv/bin')).toThrow(/^\/srv\/file cannot be looked at: .*sha256sum: .*not found$/);
  });
  it('says what another user may not see', () => {
    const as = (query: FileQuery) => {
      const probe = fileProbe(query);
      const script = compileProbe(probe.run);
      const [program = '', ...words] = test.shell;
      const shell = [program, ...words].map(quote).join(' ');
      const asUser = `setpriv --reuid=54321 --regid=54321 --clear-groups ${shell} -c ${quote(script)}`;
      const { stdout, bytes } = { stdout: sandbox.look(asUser), bytes: new Uint8Array() };
      return probe.parse({ stdout, stderr: '', code: 0, bytes: bytes.length === 0 ? Buffer.from(stdout) : bytes });
    };
    expect(as({ path: '/srv/closed/in' })).toMatchObject({ denied: true, status: null });
    sandbox.look('chmod 0755 /srv/closed');
    expect(as({ path: '/srv/closed/in/x', hash: true })).toMatchObject({ unreadable: true });
    expect(as({ path: '/srv/closed/in/x', content: 10 })).toMatchObject({ unreadable: true });
    expect(as({ path: '/srv/closed/in/x' })).toMatchObject({ unreadable: false, status: { mode: '0000' } });
  });

  it('reads files of any name', () => {
    const name = fc
      .string({
        unit: fc.oneof(
          fc.constantFrom('\n', "'", '"', '$(id)', '`', '\\', '-', ' ', '*', 'ü', '\r', '\t'),
          fc.string({ minLength: 1, maxLength: 2 }),
        ),
        minLength: 1,
        maxLength: 10,
      })
      .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && !/\p{Surrogate}/u.test(text));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
        const paths = names.map((name) => `/srv/names/${name}`);
        const made = paths.map(
          (path, i) =>
            `printf %s ${i} >${quote(path)}; ln -s ${quote(`${path}.t`)} ${quote(`/srv/links/${names[i] ?? ''}`)}`,
        );
        sandbox.look(`rm -rf /srv/names /srv/links; mkdir /srv/names /srv/links; ${made.join('; ')}`);
        const linked = names.map((name) => `/srv/links/${name}`);
        const all = [...paths, '/srv/no', ...linked];
        const tree = treeProbe({ paths: all, follow: false });
        const seen = tree.parse(sandbox.run(compileProbe(tree.run)));
        expect(all.map((path) => seen.get(path)?.sha256)).toEqual([
          ...paths.map((_, i) => sha256Of(String(i))),
          undefined,
          ...linked.map(() => undefined),
        ]);
        expect(linked.map((path) => seen.get(path)?.target)).toEqual(paths.map((path) => `${path}.t`));
        const [first = ''] = paths;
        expect(look({ path: first, content: 10 }).status?.sha256).toBe(sha256Of('0'));
        expect(look({ path: linked[0] ?? '' }).status?.target).toBe(`${first}.t`);
      }),
      { numRuns: 12 },
    );
  });
});
