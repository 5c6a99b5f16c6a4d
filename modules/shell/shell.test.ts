import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeHost, localSh, runAction } from '../../src/sdk/testing/fake-host.ts';
import { shell } from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvmnet-shell-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const kept: string[][] = [['dash'], ['bash'], ['busybox', 'sh']] as const;
const executables = ['/bin/sh', '/bin/bash'];

describe.each(kept)('shell through %s', (...sh) => {
  const host = () => fakeHost({ sh: localSh(sh) });
  const out = async (cmd: string, more: object = {}): Promise<unknown> =>
    (await runAction(shell, { cmd, ...more }, host())).data?.['stdout'];

  it.each(executables)('runs pipes, loops and many lines in %s', async (executable) => {
    expect(await out('for i in 1 2; do\n  echo $i\ndone | tr 12 ab', { executable })).toBe('a\nb');
  });

  it.each(executables)('gives the exit code of %s', async (executable) => {
    const result = await runAction(shell, { cmd: 'echo why >&2; exit 7', executable }, host());
    expect(result).toMatchObject({ failed: true, message: 'exit code 7: why', data: { rc: 7, stderr: 'why' } });
  });

  it.each(executables)('says where a syntax error is, in %s', async (executable) => {
    const result = await runAction(shell, { cmd: 'echo 1\nif', executable }, host());
    expect(result.failed).toBe(true);
    expect(result.message).toMatch(/line [234]: |: [23]: /);
  });

  it.each(executables)('does not show the text to ps nor in the environment, in %s', async (executable) => {
    // The bracket keeps grep from finding its own argument in the text.
    const cmd = 'a=secret; cat /proc/[0-9]*/cmdline /proc/$$/environ 2>/dev/null | grep -ac "a=[s]ecret"; :';
    expect(await out(cmd, { executable })).toBe('0');
  });

  it.each(executables)('leaves stdin to the command, in %s', async (executable) => {
    expect(await out('read a; echo "<$a>"; cat', { executable, stdin: 'one\ntwo' })).toBe('<one>\ntwo');
    expect(await out('cat; echo end', { executable })).toBe('end');
  });

  it.each(executables)('leaves no descriptor open, in %s', async (executable) => {
    const inherited = localSh()('ls /proc/self/fd').stdout.trim();
    expect(await out('ls /proc/self/fd', { executable })).toBe(inherited);
  });

  it('takes conditions and a folder', async () => {
    expect(await out('echo hi >made; pwd', { chdir: folder, creates: 'made' })).toBe(folder);
    const again = await runAction(shell, { cmd: 'rm made', chdir: folder, creates: 'made' }, host());
    expect(again).toMatchObject({ skipped: true, message: 'not run: made exists' });
    expect(readdirSync(folder)).toEqual(['made']);
    rmSync(join(folder, 'made'));
  });

  it('gives another interpreter the text as a file', async () => {
    expect(await out('$_ = <STDIN>; print "got $_"', { executable: '/usr/bin/perl', stdin: 'it' })).toBe('got it');
  });

  it('passes any text unharmed', async () => {
    const nasty = fc.constantFrom('"', '$(id)', '`id`', '\\', '\n', '%s', '*', '~', '!', 'é', ' ', '#', ';', '𝄞');
    await fc.assert(
      fc.asyncProperty(fc.array(nasty), async (parts) => {
        const text = parts.join('');
        expect(await out(`printf %s '${text}'`, { strip_empty_ends: false })).toBe(text);
      }),
      { numRuns: 30 },
    );
  });

  it('takes a text larger than a pipe and an argument may be', async () => {
    const text = 'x'.repeat(300_000);
    expect(await out(`v=${text}; echo \${#v}`)).toBe('300000');
  });
});

it('says in check mode what it would run', async () => {
  const host = fakeHost({ check: true });
  expect(await runAction(shell, { cmd: 'rm -f x | y' }, host)).toMatchObject({
    changed: true,
    text: 'would run: rm -f x | y',
  });
  expect(host.asked).toHaveLength(0);
});
