import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { fetch } from './index.ts';

let root = '';
let downloads = 0;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kvmnet-fetch-'));
  downloads = 0;
  mkdirSync(join(root, 'host/etc'), { recursive: true });
  writeFileSync(join(root, 'host/etc/conf'), 'content');
  symlinkSync('conf', join(root, 'host/etc/link'));
});
afterEach(() => rmSync(root, { recursive: true }));

type Options = Parameters<typeof fakeHost>[0];
const host = (options: Options = {}) =>
  fakeHost({
    name: 'kvm01',
    variable: (name) => (name === 'playbook_dir' ? root : undefined),
    download: async (path, to) => {
      downloads += 1;
      copyFileSync(path, to);
    },
    ...options,
  });
const src = (name: string) => `${root}/host/etc/${name}`;
const outside = (path: string) => `${root}/out/kvm01${src(path)}`;

describe('fetch', () => {
  it.each(fetch.examples)('example: $title', ({ params }) => {
    expect(messageOf(fetch.params, params)).toBeUndefined();
  });
  it.each(['out/../../x', '/srv/out/..', 'a/./../b', '../x/../../y'])('refuses dest %s', (dest) => {
    expect(messageOf(fetch.params, { src: '/x', dest })).toBe(
      'dest goes back up with .. after a folder: write where it leads',
    );
  });
  it.each(['../out', '../../x', '.hidden', './out', 'a..b/c', '..x'])('takes dest %s', (dest) => {
    expect(messageOf(fetch.params, { src: '/x', dest })).toBeUndefined();
  });

  it('follows no link below dest that somebody has put there, while dest itself may be one', async () => {
    mkdirSync(join(root, 'elsewhere'));
    mkdirSync(join(root, 'real'));
    symlinkSync('real', join(root, 'out'));
    symlinkSync('../elsewhere', join(root, 'real/kvm01'));
    await expect(runAction(fetch, { src: src('conf'), dest: 'out' }, host())).rejects.toMatchObject({
      code: 'refused',
      message: `${root}/out/kvm01 is a symbolic link, and what a host sends does not go where it leads`,
    });
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
    rmSync(join(root, 'real/kvm01'));
    expect(await runAction(fetch, { src: src('conf'), dest: 'out' }, host())).toMatchObject({ changed: true });
  });
  it('keeps one file for each host, and fetches it once', async () => {
    const first = await runAction(fetch, { src: src('conf'), dest: 'out' }, host());
    expect(first).toMatchObject({ changed: true, changes: [{ path: outside('conf'), from: null }] });
    expect(readFileSync(outside('conf'), 'utf8')).toBe('content');
    const second = await runAction(fetch, { src: src('conf'), dest: 'out' }, host());
    expect(second).toMatchObject({ changed: false, data: { dest: outside('conf'), checksum: expect.any(String) } });
    expect(downloads).toBe(1);
    writeFileSync(src('conf'), 'other');
    expect(await runAction(fetch, { src: src('conf'), dest: 'out' }, host())).toMatchObject({ changed: true });
    expect(readFileSync(outside('conf'), 'utf8')).toBe('other');
  });
  it.each([
    [{ dest: 'flat/name', flat: true }, 'flat/name'],
    [{ dest: 'flat/', flat: true }, 'flat/conf'],
  ])('%j goes to %s', async (params, path) => {
    await runAction(fetch, { src: src('conf'), ...params }, host());
    expect(readFileSync(join(root, path), 'utf8')).toBe('content');
  });
  it('follows a link', async () => {
    expect(await runAction(fetch, { src: src('link'), dest: 'out' }, host())).toMatchObject({ changed: true });
  });
  it('writes nothing in check mode', async () => {
    const result = await runAction(fetch, { src: src('conf'), dest: 'out' }, host({ check: true }));
    expect(result.changed).toBe(true);
    expect(existsSync(join(root, 'out'))).toBe(false);
  });

  it('fails where there is no file, unless told otherwise', async () => {
    await expect(runAction(fetch, { src: src('no'), dest: 'out' }, host())).rejects.toMatchObject({
      code: 'missing',
      message: `${src('no')} does not exist on the host`,
      hint: 'say fail_on_missing: no where that is no mistake',
    });
    const lenient = { src: src('no'), dest: 'out', fail_on_missing: false };
    expect(await runAction(fetch, lenient, host())).toEqual({
      changed: false,
      message: `${src('no')} does not exist on the host`,
    });
    const folder = await runAction(fetch, { src: `${root}/host/etc`, dest: 'out' }, host());
    expect(folder).toMatchObject({ failed: true, message: `${root}/host/etc is no regular file but a directory` });
  });
  it('fails where the file changed on its way, and keeps the old one', async () => {
    const torn = host({ download: async (_, to) => writeFileSync(to, 'torn') });
    expect(await runAction(fetch, { src: src('conf'), dest: 'out' }, torn)).toMatchObject({
      failed: true,
      changed: false,
    });
    expect(existsSync(outside('conf'))).toBe(false);
    const lenient = { src: src('conf'), dest: 'out', validate_checksum: false };
    expect(await runAction(fetch, lenient, torn)).toMatchObject({ changed: true });
    expect(readFileSync(outside('conf'), 'utf8')).toBe('torn');
  });

  it.each(['..', '../../etc', '.', '', '/etc', 'a/b', 'x\0y'])(
    'a host called %j cannot lead out of dest',
    async (name) => {
      const action = runAction(fetch, { src: src('conf'), dest: 'out' }, host({ name }));
      await expect(action).rejects.toThrow('cannot be the name of a file or folder below');
      expect(readdirSync(root)).toEqual(['host']);
    },
  );
  it('a path cannot lead out of dest', async () => {
    const path = `${root}/host/etc/../../host/etc/conf`;
    await expect(runAction(fetch, { src: path, dest: 'out' }, host())).rejects.toThrow('".." cannot be the name');
    const up = runAction(fetch, { src: '/etc/..', dest: 'out/', flat: true }, host());
    await expect(up).rejects.toThrow('".." cannot be the name');
  });
  it('asks the host for nothing but one look', async () => {
    const asked = host();
    await runAction(fetch, { src: src('conf'), dest: 'out' }, asked);
    expect(asked.asked).toHaveLength(1);
  });
});
