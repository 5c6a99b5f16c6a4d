import { symlinkSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { copy } from './index.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { planCopy, type Source } from './plan.ts';

const files = folderFiles();
afterAll(() => files.close());
files.put('small', 'text\n', 0o640);
files.put('binary', new Uint8Array([0, 255]));
files.put('large', Buffer.alloc(64 * 1024 + 1, 'a'));
files.put('noise', Buffer.alloc(9000, 0));
files.put('tree/a', 'A');
files.put('tree/s/b', 'B');

describe('parameters of copy', () => {
  it.each(copy.examples)('example: $title', ({ params }) => {
    expect(messageOf(copy.params, params)).toBeUndefined();
  });
  it.each<[object, string]>([
    [{ dest: '/x' }, 'give either src or content'],
    [{ dest: '/x', src: 'a', content: 'b' }, 'give either src or content'],
    [{ dest: 'x', content: 'b' }, '"x" is no absolute path: begin it with /'],
    [{ dest: '/x/', content: 'b' }, 'content has no name of its own: end dest with the name of the file'],
    [{ dest: '/x', content: 1.5 }, 'the content is text (quote it), or a map or list to be written as JSON'],
    [{ dest: '/x', content: true }, 'the content is text (quote it), or a map or list to be written as JSON'],
    [{ dest: '/x', content: 'b', mode: 'preserve' }, 'there is no source whose mode could be preserved'],
    [
      { dest: '/x', content: 'b', mode: 644 },
      'a file mode is text, and YAML reads 644 as a decimal number: quote it, mode: "0644"',
    ],
    [{ dest: '/x', content: 'b', remote_src: true }, 'remote_src needs src, a path on the host'],
    [{ dest: '/x', src: 'b', remote_src: true }, 'with remote_src, src is a path on the host: begin it with /'],
    [{ dest: '/x', content: 'b', validate: 'true' }, 'the command must hold %s, which stands for the new file'],
    [{ dest: '/x', content: 'b', ownr: 'x' }, 'Unrecognized key: "ownr"'],
  ])('%j: %s', (params, message) => {
    expect(messageOf(copy.params, params)).toBe(message);
  });
});

describe('planCopy', () => {
  const plan = async (params: object) => planCopy(copy.params.parse(params), files);
  const inlined = (source: Source): unknown => (source.kind === 'content' ? source.content : source.kind);

  it.each<[object, unknown]>([
    [{ content: 'a\n' }, 'a\n'],
    [{ content: 8080 }, '8080'],
    [{ content: [1, { a: 'b' }] }, '[1,{"a":"b"}]\n'],
    [{ src: 'small' }, 'text\n'],
    [{ src: 'binary' }, Buffer.from([0, 255])],
    [{ src: 'large' }, expect.objectContaining({ file: `${files.root}/large`, size: 65537 })],
    [{ src: 'noise' }, expect.objectContaining({ size: 9000 })],
    [{ src: '/etc/hosts', remote_src: true }, 'host'],
    [{ src: 'tree' }, 'tree'],
  ])('%j sends %j', async (params, expected) => {
    expect(inlined((await plan({ ...params, dest: '/d' })).source)).toEqual(expected);
  });
  it.each([
    [{ src: 'small', dest: '/d' }, '/d', 'small'],
    [{ src: 'small', dest: '/d/' }, '/d', undefined],
    [{ src: 'tree', dest: '/d' }, '/d/tree', undefined],
    [{ src: 'tree/', dest: '/d' }, '/d', undefined],
    [{ src: 'tree', dest: '/' }, '/tree', undefined],
    [{ src: '/etc/hosts', remote_src: true, dest: '/d/' }, '/d/hosts', undefined],
    [{ content: '', dest: '/d' }, '/d', undefined],
  ])('%j goes to %s', async (params, dest, name) => {
    expect(await plan(params)).toMatchObject({ dest, name });
  });
  it('lists folders before what they hold', async () => {
    const { source } = await plan({ src: 'tree/', dest: '/d' });
    expect(source).toMatchObject({ folders: ['.', 's'], files: { a: { content: 'A' }, 's/b': { content: 'B' } } });
  });
});

describe('a tree', () => {
  const prepare = async (params: object) => ({
    ...(await planCopy(copy.params.parse({ src: 'tree/', dest: '/d', ...params }), files)),
    stamp: 'then~',
  });
  const stat = (kind: string) => ['1', 'root', '0', 'root', '0', kind, '1795453830', '1', '46', '65'];
  const other = 'f'.repeat(64);
  const nothing = { dest: { stdout: ['parent 0 folder', ''] }, tree: { stdout: ['---', ''] } };
  // /d/s/, /d/a, /d/s/b: only the second is not as it should be.
  const half = {
    dest: { stdout: ['stat', ...stat('41ed'), ''] },
    tree: { stdout: ['++-', ...stat('41ed'), ...stat('8180'), `${other}  /d/a`, ''] },
  };

  it('is made with its folders, and taken back from below', async () => {
    const { steps, undo } = replay(copy, { prepared: await prepare({ mode: 'preserve' }) }, nothing);
    expect(steps?.filter((line) => line.startsWith('write'))).toEqual([
      'write /d/a "A" ["0644",null,null]',
      'write /d/s/b "B" ["0644",null,null]',
    ]);
    expect(undo?.map((line) => line.split(' ').at(-1))).toEqual(['/d/a', '/d/s/b', '/d/s', '/d']);
  });
  it('keeps what it overwrites, where asked', async () => {
    const { steps, undo } = replay(copy, { prepared: await prepare({ backup: true }) }, half);
    expect(steps?.slice(0, 2)).toEqual(['cp -p -- /d/a "/d/a.then~"', 'write /d/a "A" ["0600",null,null]']);
    expect(undo).toEqual([`write /d/a {"stored":"${other}"} ["0600",null,null]`, 'remove /d/a.then~', 'remove /d/s/b']);
  });
  it('leaves files alone that are there, without force', async () => {
    const { changes } = replay(copy, { prepared: await prepare({ force: false }) }, half);
    expect(changes?.map((line) => line.split(':')[0])).toEqual(['entries["s/b"].type', 'entries["s/b"].sha256']);
  });
  it('cannot go where a file stands', async () => {
    const outputs = { ...half, dest: { stdout: ['stat', ...stat('81a4'), ''] } };
    expect(replay(copy, { prepared: await prepare({}) }, outputs).refused).toBe('/d is no folder but a file');
  });
  it('does not follow links to folders', async () => {
    files.put('linked/a', 'A');
    symlinkSync('.', `${files.root}/linked/loop`);
    await expect(prepare({ src: 'linked' })).rejects.toThrow(`${files.root}/linked/loop is a link to a folder`);
  });
});

describe('a file of the host', () => {
  const stat = ['1', 'root', '0', 'root', '0', '8180', '1795453830', '1', '46', '65'];
  const prepare = async () => planCopy(copy.params.parse({ src: '/s', dest: '/d', remote_src: true }), files);
  it('that may not be read is refused', async () => {
    const outputs = { dest: { stdout: ['parent 0 folder', ''] }, source: { stdout: ['stat', ...stat, ''] } };
    expect(replay(copy, { prepared: await prepare() }, outputs).refused).toBe('/s cannot be read: permission denied');
  });
  it('replaces another, whose content is not at hand', async () => {
    const of = (letter: string) => ({ stdout: ['stat', ...stat, `sha256 ${letter.repeat(64)}`, ''] });
    const { steps, undo } = replay(copy, { prepared: await prepare() }, { dest: of('a'), source: of('b') });
    expect(steps).toEqual(['write /d {"onHost":"/s"} ["0600",null,null]']);
    expect(undo).toEqual([`write /d {"stored":"${'a'.repeat(64)}"} ["0600",null,null]`]);
  });
});
