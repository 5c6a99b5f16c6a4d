import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileProbe, compileStep } from './compile.ts';
import { exec, poke, remove, sh, snippet, waitFor, write } from './index.ts';
import { createSandbox, type Sandbox } from './testing/sandbox.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const store = '/var/lib/kvmnet/undo/test';

describe.each([['dash'], ['bash'], ['busybox sh']])('compiled steps in %s', (shell) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ shell: shell.split(' '), setup: 'mkdir /t' });
  });
  afterAll(() => sandbox.close());

  const run = (step: Parameters<typeof compileStep>[0], context = {}) => sandbox.run(compileStep(step, context));

  it('hands over any word unharmed', () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom("'", '$(id)', '`id`', '\\', '\n', '"', '-n', '*', '~', ';', '&', ''),
    );
    fc.assert(
      fc.property(
        fc.array(
          word.map((w) => w.replaceAll('\0', '')),
          { maxLength: 5 },
        ),
        (words) => {
          const { stdout, code } = run(exec(['printf', '%s\\001', ...words]));
          expect(code).toBe(0);
          if (words.length > 0) expect(stdout).toBe(words.map((w) => `${w}\u0001`).join(''));
          const asSnippet = sandbox.run(
            compileProbe({ script: sh`for w; do printf '%s\001' "$w"; done`, args: words }),
          );
          expect(asSnippet.stdout).toBe(words.map((w) => `${w}\u0001`).join(''));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('writes any bytes unharmed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(run(write('/t/bytes', bytes)).code).toBe(0);
        expect([...sandbox.run('cat /t/bytes').bytes]).toEqual([...bytes]);
      }),
      { numRuns: 25 },
    );
  });

  it('removes what an earlier write left that was killed, and nothing of one at work', () => {
    sandbox.run('echo x >/t/.kvmnet.999999999.left; echo x >/t/.kvmnet.1.left; echo x >/t/.kvmnet.999999999.other');
    expect(run(write('/t/left', 'text')).code).toBe(0);
    expect(sandbox.run('cd /t; ls -d .kvmnet.*; cat left; rm .kvmnet.* left').stdout).toBe(
      '.kvmnet.1.left\n.kvmnet.999999999.other\ntext',
    );
  });

  it('writes any text into a file of any name', () => {
    const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).map((n) => n.replaceAll(/[\0/]/g, '_'));
    fc.assert(
      fc.property(
        name.filter((n) => n !== '.' && n !== '..'),
        fc.string({ unit: 'grapheme' }),
        (file, raw) => {
          const text = raw.replaceAll('\0', '');
          const path = `/t/ ${file}`;
          expect(run(write(path, text))).toMatchObject({ code: 0, stderr: '' });
          expect(run(exec(['cat', path])).stdout).toBe(text);
          expect(run(remove(path)).code).toBe(0);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('keeps mode and owner of a file that exists, and follows a symbolic link', () => {
    sandbox.look('printf old >/t/f; chmod 0640 /t/f; chown 7:8 /t/f; ln -sf f /t/link');
    expect(run(write('/t/link', 'new')).code).toBe(0);
    expect(sandbox.look('stat -c "%a %u %g" /t/f; cat /t/f; readlink /t/link')).toBe('640 7 8\nnewf\n');
    expect(run(write('/t/f', 'newer', { mode: '0600', owner: 'root', group: '0' })).code).toBe(0);
    expect(sandbox.look('stat -c "%a %u %g" /t/f')).toBe('600 0 0\n');
  });

  it('refuses to overwrite what has changed since it was read', () => {
    sandbox.look('printf one >/t/e');
    expect(run(write('/t/e', 'two', { expect: sha256('zero') }))).toMatchObject({
      code: 90,
      stderr: '/t/e has changed since it was read\n',
    });
    expect(run(write('/t/e', 'two', { expect: null })).code).toBe(90);
    expect(run(write('/t/e', 'two', { expect: sha256('one') })).code).toBe(0);
    expect(sandbox.look('cat /t/e')).toBe('two');
  });

  it('leaves the old file and no other where the new one is not valid', () => {
    sandbox.look('mkdir /t/v; printf good >/t/v/f');
    const bad = run(write('/t/v/f', 'bad', { validate: ['grep', '-q', 'good', '%s'] }));
    expect(bad).toMatchObject({ code: 91, stderr: 'the new content of /t/v/f did not pass its check\n' });
    expect(sandbox.look('ls -A /t/v; cat /t/v/f')).toBe('f\ngood');
  });

  it('keeps what it overwrites or removes for undo, readable by root only', () => {
    sandbox.look('printf before >/t/u; chmod 644 /t/u');
    expect(run(write('/t/u', 'after'), { undoStore: store }).code).toBe(0);
    expect(run(remove('/t/u'), { undoStore: store }).code).toBe(0);
    expect(sandbox.look(`cat ${store}/${sha256('before')} ${store}/${sha256('after')}; stat -c %a ${store}`)).toBe(
      'beforeafter700\n',
    );
    expect(run(write('/t/u', { stored: sha256('before') }), { undoStore: store }).code).toBe(0);
    expect(sandbox.look('cat /t/u')).toBe('before');
  });

  it('says so where the folder is read-only or missing, and where the disk is full', () => {
    sandbox.look('mkdir -p /t/ro /t/full; mount -t tmpfs -o size=64k tmpfs /t/full; mount -t tmpfs -o ro tmpfs /t/ro');
    expect(run(write('/t/ro/f', 'x')).stderr).toMatch(/Read-only file system/);
    expect(run(write('/t/none/f', 'x')).stderr).toMatch(/no such file|nonexistent|No such file/i);
    sandbox.look('printf small >/t/full/f');
    const full = run(write('/t/full/f', 'x'.repeat(200_000)));
    expect(full.code).not.toBe(0);
    expect(full.stderr).toMatch(/No space left/);
    expect(sandbox.look('cat /t/full/f; ls -A /t/full')).toBe('smallf\n');
  });

  it('gives programs their input, and judges their exit codes', () => {
    expect(run(exec(['cat'], { stdin: "a\n$(id)'" })).stdout).toBe("a\n$(id)'");
    expect(run(exec(['sh', '-c', 'exit 3'])).code).toBe(3);
    expect(run(exec(['sh', '-c', 'exit 3'], { ok: [3] })).code).toBe(0);
    expect(run(exec(['sh', '-c', 'exit 4'], { ok: [3] })).code).toBe(4);
    expect(run(exec(['sh', '-c', 'printf %s "$A"'], { environment: { A: "it's" } })).stdout).toBe("it's");
  });

  it('pokes, snips and waits', () => {
    expect(run(poke('/proc/sys/net/ipv4/ip_forward', '1')).code).toBe(0);
    expect(sandbox.look('cat /proc/sys/net/ipv4/ip_forward')).toBe('1\n');
    expect(run(snippet(sh`echo "\${1%%-*}"`, ['a-b'])).stdout).toBe('a\n');
    expect(run(waitFor('a file', sh`[ -e "$1" ]`, ['/t'], { timeout: 1 })).code).toBe(0);
    const late = run(waitFor('a file', sh`[ -e "$1" ]`, ['/nope'], { timeout: 0.4 }));
    expect(late).toMatchObject({ code: 124, stderr: 'gave up waiting for a file after 0.4 s\n' });
  });
});
