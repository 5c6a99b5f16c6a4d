import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { file } from './index.ts';

// Each shell is real, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const setup = `rm -rf /srv; mkdir -p /srv/tree/sub /srv/empty; cd /srv; printf 'text\\n' >plain; chown daemon:daemon plain; chmod 0640 plain
ln -s plain link; ln -s nowhere dangling; ln -s empty dirlink; mkfifo fifo
printf x >tree/f; printf x >tree/x; chmod 0755 tree/x; printf x >tree/sub/g; ln -s /etc/passwd tree/l; chown -h bin tree/f tree/l
n=$(printf 'tree/sub/- a\\nb'); printf x >"$n"; mkdir setgid; chmod 2775 setgid`;
const snapshot = `cd /srv; find . | LC_ALL=C sort | tr '\\n' '@' | sed 's/@[.]/\\n./g' | while read -r f; do f=$(printf %s "$f" | sed 's/@$//' | tr '@' '\\n'); stat -c '%n %F %a %U:%G %h' "$f"; if [ -L "$f" ]; then readlink "$f"; elif [ -f "$f" ]; then cat "$f"; fi; done`;

describe.each(testShells)('file under $name', (test) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ shell: test.shell, setup: test.setup });
  }, 60_000);
  beforeEach(() => void sandbox.look(setup));
  afterAll(() => sandbox.close());

  it.each<[string, object, string, string]>([
    ['makes a folder', { path: '/srv/new', state: 'directory' }, '/srv/new', 'directory 755 root:root'],
    [
      'makes a folder with its parents',
      { path: '/srv/a/b/c', state: 'directory', mode: '2750', group: 'daemon' },
      '/srv/a/b/c',
      'directory 2750 root:daemon',
    ],
    [
      'gives attributes to a folder',
      { path: '/srv/empty', state: 'directory', mode: '0700', owner: 'bin' },
      '/srv/empty',
      'directory 700 bin:root',
    ],
    [
      'gives attributes to a folder behind a link',
      { path: '/srv/dirlink', state: 'directory', mode: '0711' },
      '/srv/empty',
      'directory 711 root:root',
    ],
    [
      'gives attributes to a file',
      { path: '/srv/plain', mode: 'u=rwx,g+s', owner: '0' },
      '/srv/plain',
      'regular file 2740 root:daemon',
    ],
    [
      'keeps set-id bits where the owner changes',
      { path: '/srv/setgid', owner: 'bin', mode: 'o-rx' },
      '/srv/setgid',
      'directory 2770 bin:root',
    ],
    ['follows a link', { path: '/srv/link', mode: '0600' }, '/srv/plain', 'regular file 600 daemon:daemon'],
    [
      'gives an owner to a link',
      { path: '/srv/link', owner: 'bin', follow: false },
      '/srv/link',
      'symbolic link 777 bin:root',
    ],
    ['touches', { path: '/srv/t', state: 'touch', mode: '0600' }, '/srv/t', 'regular empty file 600 root:root'],
    ['makes a link', { path: '/srv/l2', state: 'link', src: 'plain' }, '/srv/l2', 'symbolic link 777 root:root'],
    [
      'changes a link',
      { path: '/srv/link', state: 'link', src: '/srv/tree', owner: 'bin' },
      '/srv/link',
      'symbolic link 777 bin:root',
    ],
    [
      'changes a link to a folder',
      { path: '/srv/dirlink', state: 'link', src: '/srv/tree' },
      '/srv/dirlink',
      'symbolic link 777 root:root',
    ],
    [
      'links to what is not there',
      { path: '/srv/l2', state: 'link', src: 'later', force: true },
      '/srv/l2',
      'symbolic link 777 root:root',
    ],
    [
      'replaces a file by a link',
      { path: '/srv/plain', state: 'link', src: 'tree', force: true },
      '/srv/plain',
      'symbolic link 777 root:root',
    ],
    [
      'replaces an empty folder by a link',
      { path: '/srv/empty', state: 'link', src: 'tree', force: true },
      '/srv/empty',
      'symbolic link 777 root:root',
    ],
    [
      'makes a hard link',
      { path: '/srv/h', state: 'hard', src: '/srv/plain' },
      '/srv/h',
      'regular file 640 daemon:daemon',
    ],
    [
      'replaces a link by a hard link',
      { path: '/srv/dangling', state: 'hard', src: '/srv/plain', force: true },
      '/srv/dangling',
      'regular file 640 daemon:daemon',
    ],
    ['gives attributes to a pipe', { path: '/srv/fifo', mode: '0600' }, '/srv/fifo', 'fifo 600 root:root'],
    [
      'gives attributes to all below',
      { path: '/srv/tree', recurse: true, owner: 'bin', mode: 'u=rwX,g=rX,o=' },
      '/srv/tree/x',
      'regular file 750 bin:root',
    ],
    [
      'gives an octal mode to all below',
      { path: '/srv/tree', recurse: true, mode: '0700' },
      '/srv/tree/sub/g',
      'regular file 700 root:root',
    ],
  ])('%s, once, and takes it back', (_, params, path, expected) => {
    const before = sandbox.look(snapshot);
    const done = apply(file, params, sandbox);
    expect(done.changes).not.toEqual([]);
    expect(done.left).toEqual([]);
    expect(sandbox.look(`stat -c '%F %a %U:%G' ${path}`).trim()).toBe(expected);
    expect(read(file, params, sandbox).changes).toEqual([]);
    done.undo();
    expect(sandbox.look(snapshot)).toBe(before);
  });

  it.each<[string, object]>([
    ['a file', { path: '/srv/plain' }],
    ['a link, not what it points to', { path: '/srv/link' }],
    ['a link to a folder', { path: '/srv/dirlink' }],
    ['a dangling link', { path: '/srv/dangling' }],
    ['an empty folder', { path: '/srv/empty' }],
  ])('removes %s, and brings it back', (_, params) => {
    const before = sandbox.look(snapshot);
    const absent = { ...params, state: 'absent' };
    const done = apply(file, absent, sandbox);
    expect(done.left).toEqual([]);
    expect(sandbox.run(`[ -e ${done.steps.length === 1 ? (params as { path: string }).path : '/'} ]`).code).toBe(1);
    expect(read(file, absent, sandbox).changes).toEqual([]);
    done.undo();
    expect(sandbox.look(snapshot)).toBe(before);
  });

  it('removes a folder with all it holds, and says that undo cannot bring that back', () => {
    const params = { path: '/srv/tree', state: 'absent' };
    const { seen, now } = read(file, params, sandbox);
    const p = file.params.parse(params);
    expect(file.warnings?.(p, now as never, seen as never)).toEqual([
      '/srv/tree holds something: undo brings the folder back, but not what it held',
    ]);
    const done = apply(file, params, sandbox);
    expect(sandbox.run('[ -e /srv/tree ]').code).toBe(1);
    done.undo();
    expect(sandbox.look('ls -A /srv/tree; stat -c "%F %a" /srv/tree')).toBe('directory 755\n');
  });

  it('says that undo does not bring a pipe back', () => {
    const params = { path: '/srv/fifo', state: 'absent' };
    const { seen, now } = read(file, params, sandbox);
    expect(file.warnings?.(file.params.parse(params), now as never, seen as never)).toEqual([
      '/srv/fifo is a fifo: undo does not bring it back',
    ]);
    const done = apply(file, params, sandbox);
    expect(done.left).toEqual([]);
    done.undo();
  });

  it('keeps what came into a folder that it made, when it takes that back', () => {
    const done = apply(file, { path: '/srv/a/b', state: 'directory' }, sandbox);
    sandbox.look('echo disk >/srv/a/b/vm.qcow2');
    done.undo();
    expect(sandbox.look('cat /srv/a/b/vm.qcow2')).toBe('disk\n');
  });

  it('leaves what touch finds', () => {
    for (const path of ['/srv/plain', '/srv/tree', '/srv/link', '/srv/fifo']) {
      expect(read(file, { path, state: 'touch' }, sandbox).changes).toEqual([]);
    }
  });

  it.each<[object, string]>([
    [{ path: '/srv/no' }, '/srv/no does not exist'],
    [{ path: '/srv/no', state: 'file' }, '/srv/no does not exist'],
    [{ path: '/srv/tree', state: 'file' }, '/srv/tree is no regular file but a directory'],
    [{ path: '/srv/plain', state: 'directory' }, '/srv/plain is no folder but a file'],
    [{ path: '/srv/plain/x', state: 'directory' }, '/srv/plain/x cannot exist: something above it is no folder'],
    [{ path: '/srv/no/x', state: 'touch' }, 'the folder /srv/no does not exist'],
    [{ path: '/srv/dangling', state: 'touch' }, '/srv/dangling is a link to nowhere, which does not exist'],
    [{ path: '/srv/l2', state: 'link', src: 'later' }, '/srv/later does not exist'],
    [{ path: '/srv/plain', state: 'link', src: 'tree' }, '/srv/plain is a file that would be replaced by a link'],
    [{ path: '/srv/tree', state: 'link', src: 'plain', force: true }, '/srv/tree is a folder that holds something'],
    [{ path: '/srv/fifo', state: 'link', src: 'plain', force: true }, '/srv/fifo is a fifo'],
    [{ path: '/srv/h', state: 'hard', src: '/srv/tree' }, '/srv/tree is a folder, and folders have no hard links'],
    [{ path: '/srv/h', state: 'hard', src: '/srv/no', force: true }, '/srv/no does not exist'],
    [{ path: '/srv/plain', owner: 'frrr' }, 'there is no user frrr on the host'],
    [{ path: '/srv/tree', recurse: true, group: 'frrr' }, 'there is no group frrr on the host'],
  ])('refuses %j', (params, message) => {
    expect(() => read(file, params, sandbox)).toThrow(message);
  });
});
