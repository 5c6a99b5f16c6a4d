import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeHost, localSh, runAction } from '../../src/sdk/testing/fake-host.ts';
import { command } from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvmnet-command-'));
  writeFileSync(join(folder, 'there.txt'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const shells: string[][] = [['dash'], ['bash'], ['busybox', 'sh']];

describe.each(shells)('command through %s', (...shell) => {
  const host = () => fakeHost({ sh: localSh(shell) });
  const run = (params: Parameters<typeof command.params.parse>[0]) =>
    runAction(command, params as { cmd: string }, host());

  it('gives what it printed, in one round trip', async () => {
    const fake = host();
    const result = await runAction(command, { argv: ['printf', 'a\\nb\\n\\n'] }, fake);
    expect(fake.asked).toHaveLength(1);
    expect(result).toMatchObject({
      changed: true,
      data: { cmd: ['printf', 'a\\nb\\n\\n'], rc: 0, stdout: 'a\nb', stdout_lines: ['a', 'b'], stderr: '' },
    });
    expect(result.data?.['delta']).toMatch(/^0:00:0\d\.\d{3}$/);
    expect(result.data?.['start']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('keeps empty ends where asked', async () => {
    const result = await run({ argv: ['printf', 'a\\n\\n'], strip_empty_ends: 'no' });
    expect(result.data).toMatchObject({ stdout: 'a\n\n', stdout_lines: ['a', ''] });
  });

  it('fails with the last words of the program', async () => {
    const result = await run({ argv: ['sh', '-c', 'echo out; echo one >&2; echo two >&2; exit 3'] });
    expect(result).toMatchObject({ changed: true, failed: true, message: 'exit code 3: one\ntwo', data: { rc: 3 } });
  });

  it('says that a program is not there', async () => {
    const result = await run({ cmd: 'no-such-program-here' });
    expect(result).toMatchObject({
      failed: true,
      hint: 'is it installed, and in a folder of PATH?',
      data: { rc: 127 },
    });
    expect(result.message).toContain('no-such-program-here');
  });

  it.each([
    [{ creates: 'there.txt' }, 'not run: there.txt exists'],
    [{ creates: 'th*.txt' }, 'not run: th*.txt exists'],
    [{ removes: 'gone.*' }, 'not run: gone.* does not exist'],
  ])('is not run with %j', async (condition, message) => {
    const result = await run({ cmd: 'touch ran', chdir: folder, ...condition });
    expect(result).toMatchObject({ changed: false, skipped: true, message, data: { rc: 0 } });
  });

  it.each([{ removes: 'there.txt' }, { creates: 'gone.txt' }, { creates: '$(touch oops)' }])(
    'is run with %j',
    async (condition) => {
      const result = await run({ cmd: 'ls', chdir: folder, ...condition });
      expect(result).toMatchObject({ changed: true, data: { stdout: 'there.txt' } });
    },
  );

  it('says that the folder is not there', async () => {
    expect(await run({ cmd: 'ls', chdir: '/no/such/folder' })).toEqual({
      changed: false,
      failed: true,
      message: 'cannot change to the folder /no/such/folder',
      hint: 'make it first: file: { path: …, state: directory }',
    });
  });

  it('gives stdin', async () => {
    expect((await run({ cmd: 'cat', stdin: 'x y' })).data?.['stdout']).toBe('x y');
    expect((await run({ cmd: 'cat', stdin: 'x', strip_empty_ends: false })).data?.['stdout']).toBe('x\n');
    expect(
      (await run({ cmd: 'cat', stdin: 'x', stdin_add_newline: false, strip_empty_ends: false })).data?.['stdout'],
    ).toBe('x');
    expect((await run({ cmd: 'cat' })).data?.['stdout']).toBe('');
  });

  it('passes any words and any stdin unharmed', async () => {
    const text = fc.string({ unit: 'binary' }).map((s) => Buffer.from(s.replaceAll('\0', '')).toString());
    const nasty = fc.constantFrom(`'`, `"`, '$(id)', '`id`', '\\', '\n', '%s', '-n', '*', '~', '!', 'é', '', ' ');
    const word = fc.oneof(
      text,
      fc.array(nasty).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 4 }), word, async (words, stdin) => {
        const argv = ['sh', '-c', 'printf "%s\\0" "$@"; cat', 'x', ...words];
        const result = await runAction(
          command,
          { argv, stdin, stdin_add_newline: false, strip_empty_ends: false },
          host(),
        );
        expect(result.data?.['stdout']).toBe([...words, stdin].join('\0'));
      }),
      { numRuns: 25 },
    );
  });
});

describe('command', () => {
  it('says in check mode what it would run, and asks nothing of the host', async () => {
    const host = fakeHost({ check: true });
    expect(await runAction(command, { cmd: 'uname -r' }, host)).toMatchObject({
      changed: true,
      text: 'would run: uname -r',
      data: { cmd: ['uname', '-r'] },
    });
    expect(host.asked).toHaveLength(0);
  });

  it('looks at the conditions in check mode', async () => {
    const host = fakeHost({ check: true });
    const cmd = `touch ${folder}/ran`;
    expect(await runAction(command, { cmd, creates: '/' }, host)).toMatchObject({ changed: false, skipped: true });
    expect(await runAction(command, { cmd, creates: '/no/such' }, host)).toMatchObject({
      changed: true,
      text: `would run: ${cmd}`,
    });
    expect(await runAction(command, { cmd, chdir: '/no/such', creates: 'x' }, host)).toMatchObject({ changed: true });
    expect(localSh()(`ls ${folder}`).stdout).toBe('there.txt\n');
  });

  it('says that a program was killed', async () => {
    const host = fakeHost({ answer: () => ({ code: 143, timedOut: true, stdout: 'run\npart' }) });
    expect(await runAction(command, { cmd: 'sleep 99' }, host)).toMatchObject({
      failed: true,
      message: 'it did not end in time and was killed: part',
      data: { stdout: 'part' },
    });
  });

  it('warns of shell syntax', async () => {
    const result = await runAction(command, { cmd: 'echo a | cat' }, fakeHost());
    expect(result.warnings).toEqual(['| is given to echo as it is: use the module shell for shell syntax']);
    expect(result.data?.['stdout']).toBe('a | cat');
  });

  it.each([
    [{}, 'give either cmd or argv'],
    [{ cmd: 'a', argv: ['a'] }, 'give either cmd or argv'],
    [{ cmd: ' ' }, 'the command is empty'],
    [{ cmd: "a 'b" }, "a ' is not closed in: a 'b (close it, or give the words as a list: argv)"],
  ])('refuses %j', (params, message) => {
    expect(command.params.safeParse(params).error?.issues[0]?.message).toBe(message);
  });
});
