import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeHost, localSh, runAction } from '../../src/sdk/testing/fake-host.ts';
import { script } from './index.ts';

let folder: string;
let temp: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvmnet-script-'));
  temp = mkdtempSync(join(tmpdir(), 'kvmnet-script-tmp-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(temp, { recursive: true });
});

const local = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe.each([['dash'], ['bash'], ['busybox', 'sh']])('script through %s', (...shell) => {
  const sh = (text: string) => localSh(shell)(`TMPDIR='${temp}'; export TMPDIR; ${text}`);
  const host = () => fakeHost({ sh });
  const out = async (cmd: string, more: object = {}): Promise<unknown> =>
    (await runAction(script, { cmd, ...more }, host())).data?.['stdout'];

  it('runs with arguments, from a private folder, and is gone after', async () => {
    const path = local('show.sh', '#!/bin/sh\necho "${0##*/}"; stat -c %a "$0" "${0%/*}"; for a; do echo "<$a>"; done');
    const fake = host();
    const result = await runAction(script, { cmd: `${path} --all 'a b' ''` }, fake);
    expect(result.data?.['stdout']).toBe('show.sh\n700\n700\n<--all>\n<a b>\n<>');
    expect(fake.asked).toHaveLength(1);
    expect(readdirSync(temp)).toEqual([]);
  });

  it('is gone after a failure too', async () => {
    const path = local('fail.sh', '#!/bin/sh\nexit 5');
    expect(await runAction(script, { cmd: path }, host())).toMatchObject({ failed: true, data: { rc: 5 } });
    expect(readdirSync(temp)).toEqual([]);
  });

  it('runs without a first line, and with stdin', async () => {
    expect(await out(local('bare', 'read x; echo "got $x"'), { stdin: 'it' })).toBe('got it');
    expect(readdirSync(temp)).toEqual([]);
  });

  it('runs by an executable with arguments of its own', async () => {
    const path = local('p.pl', 'print join(",", @ARGV)');
    expect(await out(`${path} 1 '2 3'`, { executable: '/usr/bin/perl -l' })).toBe('1,2 3');
  });

  it('sends any bytes', async () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
    const path = local('binary', Buffer.concat([Buffer.from('#!/bin/sh\nmd5sum <"$0"; exit\n'), bytes]));
    const wanted = localSh()(`md5sum <'${path}'`).stdout.trim();
    expect(await out(path)).toBe(wanted);
  });

  it('takes conditions', async () => {
    const path = local('never.sh', 'echo ran');
    expect(await runAction(script, { cmd: path, creates: '/' }, host())).toMatchObject({ skipped: true });
  });
});

it('says in check mode what it would run', async () => {
  const path = local('check.sh', 'echo ran');
  expect(await runAction(script, { cmd: `${path} x` }, fakeHost({ check: true }))).toMatchObject({
    text: `would run: ${path} x`,
  });
});

it('looks its file up among the files of the role', async () => {
  const looked: unknown[] = [];
  const path = local('role.sh', 'echo role');
  const files = { resolve: (...asked: unknown[]) => (looked.push(asked), path) };
  expect((await runAction(script, { cmd: 'role.sh' }, fakeHost({ files }))).data?.['stdout']).toBe('role');
  expect(looked).toEqual([['role.sh', 'files']]);
});
