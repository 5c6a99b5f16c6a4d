import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeHost, localSh, runAction } from '../../src/sdk/testing/fake-host.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { stat } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'kvmnet-stat-'));
afterAll(() => rmSync(root, { recursive: true }));
writeFileSync(join(root, 'file'), 'hello', { mode: 0o640 });
utimesSync(join(root, 'file'), 1, 1_000_000_000);
symlinkSync('file', join(root, 'link'));
symlinkSync('no', join(root, 'dangling'));
mkdirSync(join(root, '-d\n'));

const look = async (name: string, params: object = {}, shell = ['/bin/sh']) => {
  const host = fakeHost({ sh: localSh(shell) });
  const { data, changed } = await runAction(stat, { path: `${root}/${name}`, ...params }, host);
  expect(changed).toBe(false);
  expect(host.asked).toHaveLength(1);
  return data?.['stat'];
};

describe('stat', () => {
  it.each(stat.examples)('example: $title', ({ params }) => {
    expect(messageOf(stat.params, params)).toBeUndefined();
  });

  describe.each([['dash'], ['bash --posix'], ['busybox sh']])('under %s', (shell) => {
    it.each<[string, object, object]>([
      [
        'file',
        {},
        { exists: true, isreg: true, isdir: false, islnk: false, size: 5, mode: '0640', mtime: 1_000_000_000 },
      ],
      [
        'file',
        {},
        { uid: 0, gid: 0, pw_name: 'root', gr_name: 'root', rusr: true, wgrp: false, xoth: false, nlink: 1 },
      ],
      [
        'file',
        { get_checksum: true },
        { checksum: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' },
      ],
      ['link', {}, { exists: true, islnk: true, isreg: false, lnk_source: `${root}/file`, lnk_target: 'file' }],
      ['link', { follow: true }, { islnk: false, isreg: true, size: 5 }],
      ['dangling', { follow: true }, { exists: true, islnk: true, lnk_target: 'no' }],
      ['-d\n', {}, { exists: true, isdir: true, path: `${root}/-d\n` }],
    ])('%j %j', async (name, params, expected) => {
      expect(await look(name, params, shell.split(' '))).toMatchObject(expected);
    });
    it('says what does not exist', async () => {
      expect(await look('no/such', {}, shell.split(' '))).toEqual({ exists: false, path: `${root}/no/such` });
      expect(await look('file/x', {}, shell.split(' '))).toEqual({ exists: false, path: `${root}/file/x` });
    });
  });

  it('reads no content unless asked', async () => {
    expect(await look('file')).not.toHaveProperty('checksum');
  });
});
