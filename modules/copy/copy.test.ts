import { afterAll, describe, expect, it } from 'vitest';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { copy } from './index.ts';
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
