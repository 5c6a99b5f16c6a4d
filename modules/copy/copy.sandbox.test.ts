import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read, type Applied } from '../../src/sdk/testing/apply.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { copy } from './index.ts';

const shells = ['dash', 'bash --posix', 'busybox sh'];
const files = folderFiles();
afterAll(() => files.close());

const prepared = async (params: unknown) => copy.prepare?.(copy.params.parse(params), files);
const put = async (params: Record<string, unknown>, sandbox: Sandbox): Promise<Applied> =>
  apply(copy, params, sandbox, await prepared(params));
const again = async (params: Record<string, unknown>, sandbox: Sandbox) =>
  read(copy, params, sandbox, await prepared(params)).changes;

const snapshot = `cd /srv && find . | sort | while read -r f; do printf '%s ' "$f"; stat -c '%F %a %U:%G' "$f"; done; find . -type f -exec sha256sum {} + | sort -k2; for l in $(find . -type l | sort); do readlink $l; done`;

describe.each(shells)('copy under %s', (shell) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({
      shell: shell.split(' '),
      setup: `rm -rf /srv; mkdir /srv; cd /srv; mkdir dir; printf 'old\\n' >file; chmod 0640 file; chown nobody:nogroup file
        ln -s file link; ln -s nowhere dangling; ln -s dir dirlink; ln -s /root rootlink; printf x >dir/other`,
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
});
