import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { connectLocal } from './local.ts';
import { quote } from './sh-quote.ts';
import type { PartResult } from './types.ts';

const SHELLS = [
  ['dash', '/usr/bin/dash'],
  ['bash', '/bin/bash'],
  ['busybox', 'busybox sh'],
] as const;
const installed = SHELLS.filter(([name]) => ['/bin', '/usr/bin'].some((folder) => existsSync(`${folder}/${name}`)));

/** Pids of living processes whose command line holds a text. */
const running = (text: string): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
      } catch {
        return false;
      }
    });

const texts = (results: readonly PartResult[]): unknown[] =>
  results.map(({ code, stdout, stderr }) => [code, stdout.toString(), stderr.toString()]);

// A number that no other process on the machine sleeps for.
let next = 0;
const nap = (): string => `${10_000 + (process.pid % 10_000)}.${++next}`;

describe.each(installed)('a kept-open %s', (_, program) => {
  const connection = connectLocal(
    { host: 'here', kind: 'local', address: 'localhost', shell: program },
    { home: '/nowhere', user: 'me', env: { PATH: process.env['PATH'], HOME: '/' } },
  );
  const shell = connection.shell();
  afterAll(() => connection.close());

  it('keeps parts, their two outputs and their statuses apart', async () => {
    const results = await shell.request([
      { script: 'echo out; echo err >&2' },
      { script: 'printf "no newline"; exit 3' },
      { script: '' },
      { script: 'nonsense-command-x 2>/dev/null' },
      { script: 'cat; echo read nothing' },
    ]);
    expect(texts(results)).toEqual([
      [0, 'out\n', 'err\n'],
      [3, 'no newline', ''],
      [0, '', ''],
      [127, '', ''],
      [0, 'read nothing\n', ''],
    ]);
    expect(results.every((result) => result.ran && !result.timedOut)).toBe(true);
  });

  it('runs nothing after a gate that stays shut', async () => {
    const gate = (code: number) => ({ script: `echo gate; exit ${code}`, gate: true as const });
    const rest = [{ script: 'echo one', when: 'ok' as const }, { script: 'echo two' }];
    const shut = await shell.request([{ script: 'echo before' }, gate(75), ...rest]);
    expect(shut.map(({ ran, code }) => [ran, code])).toEqual([
      [true, 0],
      [true, 75],
      [false, 0],
      [false, 0],
    ]);
    expect(texts(await shell.request([gate(0), ...rest]))).toEqual([
      [0, 'gate\n', ''],
      [0, 'one\n', ''],
      [0, 'two\n', ''],
    ]);
    const inner = [gate(0), { script: 'exit 3', when: 'ok' as const }, ...rest];
    expect((await shell.request(inner)).map(({ ran, code }) => [ran, code])).toEqual([
      [true, 0],
      [true, 3],
      [false, 0],
      [true, 0],
    ]);
  });

  it('says goodbye on the host when it ends, once, and not when a request does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kvmnet-farewell-'));
    const own = connectLocal(
      { host: 'here', kind: 'local', address: 'localhost', shell: program, farewell: `echo $$ >>${folder}/bye` },
      { home: '/nowhere', user: 'me', env: { PATH: process.env['PATH'], HOME: '/' } },
    );
    const [pid] = await own.shell().request([{ script: 'echo $$' }, { script: '(exit 3) & wait' }], { timeout: 9 });
    expect(existsSync(`${folder}/bye`)).toBe(false);
    await own.close();
    await expect
      .poll(() => existsSync(`${folder}/bye`) && readFileSync(`${folder}/bye`, 'utf8'))
      .toBe(pid?.stdout.toString());
    rmSync(folder, { recursive: true });
  });

  it('leaves nothing of one part to the next', async () => {
    await shell.request([
      { script: 'cd /usr; X=1; export X; umask 077; set -e; exec >/dev/null; trap "echo bye" EXIT' },
      { script: 'IFS=x; PATH=/nowhere; f() { echo f; }; set -f' },
    ]);
    const [result] = await shell.request([
      { script: 'pwd; echo "${X-unset}"; umask; false; command -v ls >/dev/null && echo ok' },
    ]);
    expect(result?.stdout.toString()).toMatch(new RegExp(`^${process.cwd()}\nunset\n0?022\nok\n$`));
  });

  it('gives the environment to all parts of one request and to no other', async () => {
    const value = `it's "$HOME" \\ \n ü`;
    const first = await shell.request([{ script: 'printf %s "$V"' }, { script: 'env | grep -c "^V=it"' }], {
      environment: { V: value },
    });
    expect(first.map((result) => result.stdout.toString())).toEqual([value, '1\n']);
    const [second] = await shell.request([{ script: 'echo "${V-unset} $LC_ALL"' }]);
    expect(second?.stdout.toString()).toBe('unset C\n');
    await expect(shell.request([{ script: ':' }], { environment: { 'A-B': '' } })).rejects.toMatchObject({
      code: 'params',
    });
  });

  it('stops at the first part that fails of those that must not go on', async () => {
    const results = await shell.request([
      { script: 'false' },
      { script: 'echo 1', when: 'ok' },
      { script: 'exit 7', when: 'ok' },
      { script: 'echo 2', when: 'ok' },
      { script: 'echo always' },
      { script: 'echo 3', when: 'ok' },
    ]);
    expect(results.map(({ ran, code }) => [ran, code])).toEqual([
      [true, 1],
      [true, 0],
      [true, 7],
      [false, 0],
      [true, 0],
      [false, 0],
    ]);
    expect(results.map((result) => result.stdout.toString()).join('')).toBe('1\nalways\n');
  });

  it.each(['when: ok', 'always'])('lets `set -e` work (%s)', async (when) => {
    const [result] = await shell.request([
      { script: 'set -e; false; echo "went on"', ...(when === 'always' ? {} : { when: 'ok' }) },
    ]);
    expect([result?.code, result?.stdout.toString()]).toEqual([1, '']);
  });

  it.each([
    ')',
    '}',
    "'",
    'if',
    'cat <<E',
    '$(',
    '`',
    '; ;',
    '"',
    'case x in',
    '} ; echo leak ; {',
    ') ; echo leak ; (',
    '\\',
  ])('a syntax error ends its part and nothing else: %s', async (script) => {
    const results = await shell.request([{ script }, { script: 'echo next' }]);
    expect(results[1]?.stdout.toString()).toBe('next\n');
    expect(results[0]?.stdout.toString()).not.toContain('leak');
    expect(results).toHaveLength(2);
  });

  it('carries all bytes unharmed, as arguments and as output', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 }).map((s) => s.replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), async (values) => {
        const results = await shell.request(
          values.map((value) => ({ script: `printf %s ${quote(value)}; printf %s ${quote(value)} >&2` })),
        );
        for (const [i, value] of values.entries()) {
          expect(results[i]?.stdout.toString()).toBe(value);
          expect(results[i]?.stderr.toString()).toBe(value);
        }
      }),
      { numRuns: 40 },
    );
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const path = await connection.upload(Readable.from([every]));
    const [all] = await shell.request([{ script: `cat ${path}; cat ${path} >&2` }]);
    expect([all?.stdout.equals(every), all?.stderr.equals(every)]).toEqual([true, true]);
  });

  it('reads 50 MB, and a script of 1 MB', async () => {
    const big = 'x'.repeat(1_000_000);
    const parts = [{ script: 'head -c 50000000 /dev/zero' }, { script: `v=${quote(big)}; echo \${#v}` }];
    const [out, length] = await shell.request(parts, { maxOutput: 60_000_000 });
    expect([out?.stdout.length, length?.stdout.toString()]).toEqual([50_000_000, '1000000\n']);
  });

  it('ends a request that takes too long, with all that it started', async () => {
    const [a, b, c] = [nap(), nap(), nap()];
    const [result, never] = await shell.request(
      [
        { script: `echo begun; (sleep ${a} & ) ; ( (sleep ${b}; :) & ); sleep ${c}; sleep ${c}` },
        { script: 'echo never' },
      ],
      { timeout: 0.3 },
    );
    expect(result).toMatchObject({ ran: true, timedOut: true });
    expect(result?.code).toBeGreaterThan(128);
    expect(result?.stdout.toString()).toBe('begun\n');
    expect(never).toMatchObject({ ran: false, timedOut: true });
    for (const seconds of [a, b, c]) expect(running(`sleep ${seconds}`)).toEqual([]);
    expect(texts(await shell.request([{ script: 'echo alive' }]))).toEqual([[0, 'alive\n', '']]);
  });

  it('a timeout spares what an earlier request left running', async () => {
    const seconds = nap();
    await shell.request([{ script: `sleep ${seconds} >/dev/null 2>&1 &` }]);
    try {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await shell.request([{ script: 'sleep 9' }], { timeout: 0.1 });
      expect(running(`sleep ${seconds}`)).toHaveLength(1);
    } finally {
      for (const pid of running(`sleep ${seconds}`)) process.kill(pid);
    }
  });

  it('leaves no sleeping guard behind', async () => {
    const seconds = nap();
    for (let i = 0; i < 30; i++) await shell.request([{ script: ':' }], { timeout: Number(seconds) });
    await shell.request([{ script: ':' }]);
    expect(running(`sleep ${Number(seconds)}`)).toEqual([]);
  });

  it('is interrupted as a whole, and usable afterwards', async () => {
    const seconds = nap();
    const abort = new AbortController();
    const request = shell.request([{ script: `sleep ${seconds}; echo on` }, { script: 'echo never' }], {
      signal: abort.signal,
    });
    setTimeout(() => abort.abort(), 150);
    await expect(request).rejects.toMatchObject({ code: 'interrupted' });
    expect(running(`sleep ${seconds}`)).toEqual([]);
    await expect(shell.request([{ script: ':' }], { signal: abort.signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(texts(await shell.request([{ script: 'echo alive' }]))).toEqual([[0, 'alive\n', '']]);
  });

  it('ends a request that prints without end', async () => {
    const request = shell.request([{ script: 'yes' }], { maxOutput: 100_000 });
    await expect(request).rejects.toMatchObject({
      code: 'remote-command',
      message: expect.stringContaining('100000 bytes') as string,
    });
    expect(texts(await shell.request([{ script: 'echo alive' }]))).toEqual([[0, 'alive\n', '']]);
  });

  it('says so when the sh is killed, and opens another', async () => {
    const request = shell.request([{ script: 'kill -9 $$; sleep 5' }]);
    await expect(request).rejects.toMatchObject({
      code: 'connection-lost',
      message: 'the shell on the host was killed in the middle of a request (KILL)',
    });
    expect(texts(await shell.request([{ script: 'echo alive' }]))).toEqual([[0, 'alive\n', '']]);
  });

  it('takes requests one after the other', async () => {
    const all = await Promise.all(
      [1, 2, 3].map((n) => shell.request([{ script: `sleep 0.0$((4-${n})); date +%s%N` }])),
    );
    const times = all.map(([result]) => BigInt(result?.stdout.toString().trim() ?? 0));
    expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
  });

  it('passes a script or a value with a NUL to nobody', async () => {
    await expect(shell.request([{ script: 'echo \0' }])).rejects.toMatchObject({ code: 'params' });
  });

  it('copies files there and back, for their owner only, and tidies up', async () => {
    const own = connectLocal(connection.spec, { home: '/nowhere', user: 'me', env: { PATH: process.env['PATH'] } });
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256));
    const sizes: number[] = [];
    const path = await own.upload(Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]), {
      onProgress: (n) => sizes.push(n),
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(sizes).toEqual([100_000, 300_000]);
    const chunks: Buffer[] = [];
    await own.download(path, new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) }));
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    await expect(own.download('/does/not exist', new Writable())).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('No such file') as string,
    });
    await own.close();
    expect(existsSync(path)).toBe(false);
    await expect(own.upload(Readable.from(['x']))).rejects.toMatchObject({ code: 'connection-lost' });
  });
});

describe('a shell that cannot be', () => {
  it.each([
    ['/no/such/shell', 'unreachable'],
    ['/bin/true', 'unreachable'],
    ["/bin/sh -c 'x'", 'inventory'],
  ])('%s', async (program, code) => {
    const connection = connectLocal(
      { host: 'here', kind: 'local', address: 'localhost', shell: program },
      { home: '/', user: 'me', env: {} },
    );
    const request = async (): Promise<unknown> => connection.shell().request([{ script: ':' }]);
    await expect(request()).rejects.toMatchObject({ code, host: 'here' });
  });
});
