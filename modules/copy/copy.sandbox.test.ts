import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileProbe } from '../../src/sdk/compile.ts';
import { apply, read, runSteps, type Applied } from '../../src/sdk/testing/apply.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { copy } from './index.ts';

// Each shell is real, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const files = folderFiles();
afterAll(() => files.close());

const prepared = async (params: unknown) => copy.prepare?.(copy.params.parse(params), files);
const put = async (params: Record<string, unknown>, sandbox: Sandbox): Promise<Applied> =>
  apply(copy, params, sandbox, await prepared(params));
const again = async (params: Record<string, unknown>, sandbox: Sandbox) =>
  read(copy, params, sandbox, await prepared(params)).changes;

const snapshot = `cd /srv && find . | sort | while read -r f; do printf '%s ' "$f"; stat -c '%F %a %U:%G' "$f"; done; find . -type f -exec sha256sum {} + | sort -k2; for l in $(find . -type l | sort); do readlink $l; done`;

describe.each(testShells)('copy under $name', (test) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({
      shell: test.shell,
      setup: `${test.setup}; rm -rf /srv; mkdir /srv; cd /srv; mkdir dir; printf 'old\\n' >file; chmod 0640 file; chown nobody:nogroup file
        ln -s file link; ln -s nowhere dangling; ln -s dir dirlink; ln -s /root rootlink; printf x >dir/other; mkdir any`,
    });
    files.put('plain.conf', 'from the controller\n', 0o600);
    files.put('tree/a.conf', 'A\n');
    files.put('tree/sub/deep/b.bin', new Uint8Array([0, 1, 255, 10, 92, 39]), 0o755);
    files.put('big', Buffer.alloc(300_000, 'kvmnet\n'));
  }, 60_000);
  afterAll(() => sandbox.close());

  it.each<[string, Record<string, unknown>, string, string]>([
    ['makes a file', { content: 'hi\n', dest: '/srv/new' }, '/srv/new', 'regular file 644 root:root 3'],
    ['keeps mode and owner', { content: 'hi', dest: '/srv/file' }, '/srv/file', 'regular file 640 nobody:nogroup 2'],
    [
      'sets mode and owner',
      { content: 'hi', dest: '/srv/file', mode: '4711', owner: 0, group: 'daemon' },
      '/srv/file',
      'regular file 4711 root:daemon 2',
    ],
    [
      'sets mode and owner alone',
      { content: 'old\n', dest: '/srv/file', mode: 'u+s,o=', owner: 'daemon' },
      '/srv/file',
      'regular file 4640 daemon:nogroup 4',
    ],
    ['writes JSON', { content: { a: [1, 'b'] }, dest: '/srv/j' }, '/srv/j', 'regular file 644 root:root 14'],
    [
      'goes into a folder',
      { src: 'plain.conf', dest: '/srv/dir', mode: 'preserve' },
      '/srv/dir/plain.conf',
      'regular file 600 root:root 20',
    ],
    [
      'goes into a folder behind a link',
      { src: 'plain.conf', dest: '/srv/dirlink/' },
      '/srv/dir/plain.conf',
      'regular file 644 root:root 20',
    ],
    [
      'makes the folder that a slash asks for',
      { src: 'plain.conf', dest: '/srv/x/y/', directory_mode: '0700' },
      '/srv/x/y',
      'directory 700 root:root',
    ],
    ['replaces a link', { content: 'hi', dest: '/srv/link' }, '/srv/link', 'regular file 644 root:root 2'],
    [
      'replaces a dangling link',
      { content: 'hi', dest: '/srv/dangling' },
      '/srv/dangling',
      'regular file 644 root:root 2',
    ],
    [
      'follows a link',
      { content: 'hi', dest: '/srv/link', follow: true },
      '/srv/file',
      'regular file 640 nobody:nogroup 2',
    ],
    [
      'copies on the host',
      { src: '/srv/file', dest: '/srv/copied', remote_src: true, mode: 'preserve' },
      '/srv/copied',
      'regular file 640 root:root 4',
    ],
    ['sends a large file', { src: 'big', dest: '/srv/big' }, '/srv/big', 'regular file 644 root:root 300000'],
    [
      'copies a folder',
      { src: 'tree', dest: '/srv/dir' },
      '/srv/dir/tree/sub/deep/b.bin',
      'regular file 644 root:root 6',
    ],
    [
      'copies what is in a folder',
      { src: 'tree/', dest: '/srv/q/r', mode: 'preserve', directory_mode: '0711', owner: 'nobody' },
      '/srv/q/r/sub/deep',
      'directory 711 nobody:root',
    ],
    [
      'takes a number for an unknown user',
      { content: 'hi', dest: '/srv/file', owner: 54321 },
      '/srv/file',
      'regular file 640 UNKNOWN:nogroup 2',
    ],
  ])('%s, once, and takes it back', async (_, params, path, expected) => {
    const before = sandbox.look(snapshot);
    const done = await put(params, sandbox);
    expect(done.left).toEqual([]);
    const size = expected.startsWith('directory') ? '' : ' %s';
    expect(sandbox.look(`stat -c '%F %a %U:%G${size}' ${path}`).trim()).toBe(expected);
    expect(done.changes).not.toEqual([]);
    expect(await again(params, sandbox)).toEqual([]);
    done.undo();
    expect(sandbox.look(snapshot)).toBe(before);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a folder that is not there', { content: 'x', dest: '/srv/no/file' }, 'the folder /srv/no does not exist'],
    ['a folder where a file should be', { content: 'x', dest: '/srv/dir' }, '/srv/dir is a folder'],
    [
      'a file where a folder should be',
      { content: 'x', dest: '/srv/file/x' },
      '/srv/file/x cannot exist: something above it is no folder',
    ],
    ['a pipe', { content: 'x', dest: '/srv/fifo' }, '/srv/fifo is no regular file but a fifo'],
    [
      'a user that is not there',
      { content: 'x', dest: '/srv/file', owner: 'frrr' },
      'there is no user frrr on the host',
    ],
    [
      'a group that is not there',
      { content: 'x', dest: '/srv/file', group: 'frrr' },
      'there is no group frrr on the host',
    ],
    [
      'a source that is not there',
      { src: '/srv/no', dest: '/srv/x', remote_src: true },
      'there is no file /srv/no on the host',
    ],
    [
      'a folder as remote source',
      { src: '/srv/dir', dest: '/srv/x', remote_src: true },
      '/srv/dir is no regular file but a directory',
    ],
    [
      'a link to nothing that should be followed',
      { content: 'x', dest: '/srv/dangling', follow: true },
      '/srv/dangling is a link to nowhere, which does not exist',
    ],
    ['a tree onto a file', { src: 'tree/', dest: '/srv/file' }, '/srv/file is no folder but a file'],
    [
      'a tree with a folder in the place of a file',
      { src: 'tree/', dest: '/srv/clash' },
      '/srv/clash/a.conf is a folder',
    ],
  ])('refuses %s', async (_, params, message) => {
    sandbox.look('cd /srv; [ -p fifo ] || mkfifo fifo; mkdir -p clash/a.conf');
    await expect(again(params, sandbox)).rejects.toThrow(message);
  });

  it('keeps a backup, and undo takes it away', async () => {
    const before = sandbox.look(snapshot);
    const done = await put({ content: 'new\n', dest: '/srv/file', backup: true }, sandbox);
    expect(sandbox.look('cat /srv/file.*~; stat -c "%a %U" /srv/file.*~')).toBe('old\n640 nobody\n');
    done.undo();
    expect(sandbox.look(snapshot)).toBe(before);
  });

  it('reports the backup when it is there', async () => {
    const p = await prepared({ content: 'newer\n', dest: '/srv/file', backup: true });
    const done = apply(copy, {}, sandbox, p);
    const after = read(copy, {}, sandbox, p);
    const result = copy.returns?.(p as never, after.now as never);
    expect(result?.['backup_file']).toBe(sandbox.look('echo /srv/file.*~').trim());
    done.undo();
  });

  it('leaves a file that is there when it may not overwrite', async () => {
    expect(await again({ content: 'other', dest: '/srv/file', force: false }, sandbox)).toEqual([]);
    expect(await again({ src: 'tree/', dest: '/srv/dir', force: false }, sandbox)).not.toEqual([]);
  });

  it('leaves the old file when the check says no', async () => {
    const params = { content: 'new', dest: '/srv/file', validate: 'grep -q old %s' };
    await expect(put(params, sandbox)).rejects.toThrow('the new content of /srv/file did not pass its check');
    expect(sandbox.look('cat /srv/file; ls -A /srv | grep kvmnet || :')).toBe('old\n');
    const done = await put({ ...params, content: 'old and new' }, sandbox);
    done.undo();
    expect(sandbox.look('cat /srv/file')).toBe('old\n');
  });

  it('does not overwrite what was changed after it was looked at', async () => {
    const p = await prepared({ content: 'new', dest: '/srv/race' });
    const now = read(copy, {}, sandbox, p);
    sandbox.look('echo other >/srv/race');
    const steps = copy.steps(null, now.want as never, p as never, now.seen as never);
    expect(() => runSteps(steps, sandbox)).toThrow('/srv/race has changed since it was read');
    expect(sandbox.look('cat /srv/race; rm /srv/race')).toBe('other\n');
  });

  it('keeps what others put into a folder that it made', async () => {
    const done = await put({ src: 'tree/', dest: '/srv/made/here' }, sandbox);
    sandbox.look('echo mine >/srv/made/here/sub/mine');
    done.undo();
    expect(sandbox.look('cd /srv/made; find . -type f; rm -r /srv/made')).toBe('./here/sub/mine\n');
  });

  it('says that a disk is full or a folder read-only, and leaves the old file', async () => {
    sandbox.look('mkdir -p /srv/small; mount -t tmpfs -o size=64k tmpfs /srv/small; echo old >/srv/small/f');
    const large = { content: 'x'.repeat(100_000), dest: '/srv/small/f' };
    await expect(put(large, sandbox)).rejects.toThrow(/No space left on device/);
    expect(sandbox.look('cat /srv/small/f; ls -A /srv/small')).toBe('old\nf\n');
    sandbox.look('mount -o remount,ro /srv/small');
    await expect(put({ content: 'x', dest: '/srv/small/f' }, sandbox)).rejects.toThrow(/Read-only file system/);
    sandbox.look('umount /srv/small; rmdir /srv/small');
  });

  it('takes any content and any name', async () => {
    const odd = fc.constantFrom(
      '\n',
      "'",
      '"',
      '$(id)',
      '`id`',
      '\\',
      '%s',
      '\0',
      ' ',
      '\u00fc',
      '\r',
      '\ud83d\ude00',
      '-n',
      '\\n',
    );
    const content = fc.oneof(
      fc.array(fc.oneof(odd, fc.string()), { maxLength: 8 }).map((parts) => parts.join('')),
      fc.uint8Array(),
    );
    const name = fc
      .array(fc.oneof(odd, fc.string({ minLength: 1, maxLength: 2 })), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join('').replaceAll(/[/\0]/g, ''))
      .filter((text) => !['', '.', '..'].includes(text) && !/\p{Surrogate}/u.test(text));
    await fc.assert(
      fc.asyncProperty(content, name, async (content, name) => {
        files.put('any', content);
        const params = typeof content === 'string' ? { content } : { src: 'any' };
        const done = await put({ ...params, dest: `/srv/any/${name}` }, sandbox);
        expect(done.left).toEqual([]);
        const stored = sandbox.run(compileProbe({ argv: ['cat', '--', `/srv/any/${name}`] }));
        expect(Buffer.from(stored.bytes)).toEqual(Buffer.from(content as string));
        done.undo();
        expect(sandbox.look('ls -A /srv/any')).toBe('');
      }),
      { numRuns: 12 },
    );
  });
});
