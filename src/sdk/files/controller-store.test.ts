import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { controllerPath, controllerSha256, pathBelow, storeDownload } from './controller-store.ts';
import { sha256Of } from './status.ts';

const root = mkdtempSync(join(tmpdir(), 'kvmnet-store-'));
afterAll(() => rmSync(root, { recursive: true }));
const bring = (text: string) => async (to: string) => writeFileSync(to, text);

describe('pathBelow', () => {
  it('joins names', () => expect(pathBelow('/out', ['kvm01', 'etc', 'hosts'])).toBe('/out/kvm01/etc/hosts'));
  it('takes the root as folder', () => expect(pathBelow('/', ['a'])).toBe('/a'));
  it.each(['..', '.', '', 'a/b', '../../etc', '/etc', 'a\0'])('refuses %j', (name) => {
    expect(() => pathBelow('/out', ['kvm01', name])).toThrow('cannot be the name of a file or folder below /out');
  });
});

describe('controllerPath', () => {
  it.each([
    ['/p', 'logs', '/p/logs'],
    ['/p', '/abs', '/abs'],
    ['/p', '~/x', `${homedir()}/x`],
  ])('%s and %s give %s', (folder, path, expected) => {
    expect(controllerPath(folder, path)).toBe(expected);
  });
});

describe('storeDownload', () => {
  it('puts a file in place, folders and all, and leaves nothing else', async () => {
    const path = join(root, 'a/b/file');
    expect(await storeDownload(path, bring('hi'), sha256Of('hi'))).toBe(sha256Of('hi'));
    expect(readFileSync(path, 'utf8')).toBe('hi');
    expect(readdirSync(join(root, 'a/b'))).toEqual(['file']);
    expect(await controllerSha256(path)).toBe(sha256Of('hi'));
  });
  it('keeps the old file when the content is not the expected one', async () => {
    const path = join(root, 'kept');
    writeFileSync(path, 'old');
    expect(await storeDownload(path, bring('torn'), sha256Of('whole'))).toBeNull();
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
  it('keeps the old file when the download fails', async () => {
    const path = join(root, 'kept2');
    writeFileSync(path, 'old');
    const broken = async (to: string) => {
      writeFileSync(to, 'half');
      throw new Error('cut');
    };
    await expect(storeDownload(path, broken)).rejects.toThrow('cut');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(root).filter((name) => name.startsWith('.kvmnet'))).toEqual([]);
  });
  it('replaces a link, not what it points to', async () => {
    writeFileSync(join(root, 'precious'), 'precious');
    symlinkSync('precious', join(root, 'link'));
    await storeDownload(join(root, 'link'), bring('new'));
    expect(readFileSync(join(root, 'precious'), 'utf8')).toBe('precious');
  });
  it('says what it cannot do on the controller', async () => {
    mkdirSync(join(root, 'folder'));
    await expect(controllerSha256(join(root, 'folder'))).rejects.toThrow('is a folder on the controller');
    await expect(storeDownload(join(root, 'precious/x'), bring(''))).rejects.toThrow(
      `cannot make the folder ${root}/precious on the controller: EEXIST`,
    );
    expect(await controllerSha256(join(root, 'nothing'))).toBeNull();
  });
});
