import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeHost, localSh, runAction } from '../../src/sdk/testing/fake-host.ts';
import { toEre } from './ere.ts';
import { waitFor } from './index.ts';
import { anyHex, socketPatterns } from './sockets.ts';

describe('toEre', () => {
  it.each([
    ['ready', 'ready'],
    [String.raw`^\d+\.\d+ \w\s\S`, String.raw`^[0-9]+\.[0-9]+ [[:alnum:]_][[:space:]][^[:space:]]`],
    [String.raw`[\d.]+\]`, String.raw`[0-9.]+\]`],
    ['(?:a|b)', '(a|b)'],
    ['[]x(?:]', '[]x(?:]'],
    [String.raw`\\d`, String.raw`\\d`],
  ])('%s is %s', (pattern, ere) => {
    expect(toEre(pattern)).toEqual({ ere });
  });

  it.each([
    ['a(?=b)', '"(?" is not known to grep -E, which looks for the expression on the host'],
    ['a.*?b', '"*?" is not known to grep -E, which looks for the expression on the host'],
    [String.raw`(a)\1`, String.raw`"\1" is not known to grep -E, which looks for the expression on the host`],
    ['a\nb', 'an expression is one line: it is looked for in each line'],
  ])('refuses %j', (pattern, problem) => {
    expect(toEre(pattern)).toEqual({ problem });
  });
});

describe('sockets', () => {
  // Recorded on x86: nc on 127.0.0.1, sshd on 0.0.0.0 and [::], an own connection over IPv4 and one mapped into IPv6.
  const tcp = [
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0',
    '   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0',
    '   2: 0100007F:01BB 0900000A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1',
    '   3: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0',
    '   4: 0000000000000000FFFF00000100007F:01BB 0000000000000000FFFF00000200000A:9C40 06 00000000:00000000 00:00000000 0',
  ];
  const matches = (pattern: string) =>
    spawnSync('grep', ['-E', '-e', pattern], { input: tcp.join('\n') })
      .stdout.toString()
      .split('\n')
      .flatMap((line) => /^ *(\d):/.exec(line)?.[1] ?? []);
  const of = (host: string, port: number, exclude: string[] = []) =>
    socketPatterns(host, port, ['ESTABLISHED', 'TIME_WAIT'], exclude);

  it.each([
    ['127.0.0.1', 8080, ['0']],
    ['127.0.0.2', 8080, []],
    ['::1', 8080, []],
    ['localhost', 8080, ['0']],
    ['0.0.0.0', 8080, ['0']],
    ['127.0.0.1', 22, ['1']],
    ['127.0.0.1', 80, []],
    ['::1', 80, ['3']],
    ['localhost', 80, ['3']],
    ['127.0.0.1', 443, []],
  ])('finds who listens on %s:%i', (host, port, lines) => {
    expect(matches(of(host, port).listening)).toEqual(lines);
  });

  it('finds connections, and those that do not count', () => {
    expect(matches(of('127.0.0.1', 80).maybe)).toEqual(['3']);
    expect(of('::1', 80).maybe).toBe('');
    expect(matches(of('127.0.0.1', 443).active)).toEqual(['2', '4']);
    expect(matches(of('127.0.0.1', 443, ['10.0.0.9']).excluded)).toEqual(['2']);
    expect(matches(of('127.0.0.1', 443, ['10.0.0.9', '10.0.0.2']).excluded)).toEqual(['2', '4']);
  });

  it.each([
    ['::1', '00000000000000000000000000000001|00000000000000000000000001000000'],
    ['2001:db8:1:2:3:4:5:6', '20010DB8000100020003000400050006|B80D0120020001000400030006000500'],
    ['2001:db8::5', '20010DB8000000000000000000000005|B80D0120000000000000000005000000'],
    ['::ffff:10.0.0.9', '0A000009|0900000A|0{16}(0000FFFF|FFFF0000)(0A000009|0900000A)'],
  ])('writes %s as the kernel does', (address, hex) => {
    expect(anyHex(address)).toBe(hex);
  });
});

describe.each<[string, string[]]>([
  ['dash', ['dash']],
  ['bash', ['bash']],
  ['busybox', ['busybox', 'sh']],
])('wait_for with %s', (_, shell) => {
  let folder: string;
  let server: ChildProcess;
  let port: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kvmnet-wait-'));
    writeFileSync(join(folder, 'log'), 'starting\nready at 12:00\n');
    const code = `const s = require('net').createServer((c) => c.on('error', () => {}).end('220 here\\r\\n')).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
    server = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    port = await new Promise((resolve) =>
      server.stdout?.once('data', (data: Buffer) => resolve(Number(data.toString()))),
    );
  });
  afterAll(() => {
    server.kill();
    rmSync(folder, { recursive: true });
  });
  const run = (params: Parameters<typeof runAction<typeof waitFor.params>>[1], check = false) =>
    runAction(waitFor, { timeout: 0, sleep: 0.1, ...params }, fakeHost({ sh: localSh(shell), check }));
  const reached = async (params: Parameters<typeof run>[0]) => (await run(params)).failed !== true;

  it('sees ports that are open', async () => {
    expect(await reached({ port })).toBe(true);
    expect(await reached({ port, host: 'localhost' })).toBe(true);
    expect(await reached({ port, host: '127.0.0.2' })).toBe(false);
    expect(await reached({ port, state: 'stopped' })).toBe(false);
    expect(await reached({ port: 1, state: 'absent' })).toBe(true);
  });

  it('connects where the list of sockets cannot tell', async () => {
    expect(await reached({ port, host: '127.1' })).toBe(true);
    expect(await reached({ port: 1, host: '127.1', connect_timeout: 1 })).toBe(false);
  });

  it('hears what a port says', async () => {
    expect(await reached({ port, search_regex: String.raw`^\d+ here` })).toBe(true);
    expect(await reached({ port, search_regex: 'gone' })).toBe(false);
  });

  it('waits for connections to end', async () => {
    expect(await reached({ port: 1, state: 'drained' })).toBe(true);
  });

  it('sees files, and what stands in them', async () => {
    const path = join(folder, 'log');
    expect(await reached({ path })).toBe(true);
    expect(await reached({ path, search_regex: String.raw`ready at \d\d:` })).toBe(true);
    expect(await reached({ path, search_regex: `'"$(touch ${folder}/oops)` })).toBe(false);
    expect(await reached({ path, state: 'absent' })).toBe(false);
    expect(await reached({ path, state: 'absent', search_regex: 'finished' })).toBe(true);
    expect(await reached({ path: `${folder}/oops`, state: 'absent' })).toBe(true);
    expect(await reached({ path: `${folder}/no`, search_regex: 'x' })).toBe(false);
  });

  it('says what it waited for', async () => {
    expect(await run({ path: '/no/such', timeout: 0.1 })).toMatchObject({
      failed: true,
      message: 'not within 0.1 s: /no/such is there',
      data: { path: '/no/such', state: 'started' },
    });
    expect(await run({ port: 1, msg: 'my words' })).toMatchObject({ failed: true, message: 'my words' });
  });

  it('looks once in check mode', async () => {
    expect(await run({ path: '/no/such', timeout: 300, delay: 300 }, true)).toMatchObject({
      changed: false,
      skipped: true,
      message: 'not waited for in check mode: /no/such is there',
    });
    expect(await run({ path: '/', timeout: 300, delay: 300 }, true)).not.toMatchObject({ skipped: true });
  });
});

describe('wait_for', () => {
  it('asks in slices, and says that it waits', async () => {
    let asked = 0;
    const host = fakeHost({ answer: () => ({ code: asked++ < 2 ? 1 : 0 }) });
    expect(await runAction(waitFor, { port: 80 }, host)).toMatchObject({ changed: false });
    expect(host.asked).toHaveLength(3);
    expect(host.asked[0]).toMatchObject([
      {
        args: ['30', '1', 'open', '', '127.0.0.1', '80', '5', {}, {}, {}, ''].map((a) =>
          typeof a === 'string' ? a : expect.any(String),
        ),
      },
    ]);
    expect(host.said).toEqual(Array(2).fill('waiting until port 80 of 127.0.0.1 is open: 0 of 300 s'));
  });

  it.each([
    [{ port: 443, state: 'drained' }, 'no connection to port 443 is left'],
    [{ port: 443, state: 'stopped' }, 'port 443 of 127.0.0.1 is closed'],
    [{ port: 443, search_regex: 'SSH' }, 'port 443 of 127.0.0.1 is open with /SSH/'],
    [{ path: '/x', state: 'absent' }, '/x is gone'],
    [{ path: '/x', state: 'absent', search_regex: 'busy' }, '/x is gone, or without /busy/'],
  ] as const)('says what it waits for with %j', async (params, what) => {
    const host = fakeHost({ answer: () => ({ code: 1 }) });
    expect(await runAction(waitFor, { ...params, timeout: 0 }, host)).toMatchObject({
      failed: true,
      message: `not within 0 s: ${what}`,
    });
  });

  it('has what was known of the host read anew once time has passed', async () => {
    let passed = 0;
    const host = fakeHost({ answer: () => ({ code: 0 }), timePassed: () => void passed++ });
    await runAction(waitFor, { port: 80 }, host);
    expect(passed).toBe(0);
    const clock = vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(1500);
    try {
      expect(await runAction(waitFor, { port: 80 }, host)).toMatchObject({ data: { elapsed: 2 } });
    } finally {
      clock.mockRestore();
    }
    expect(passed).toBe(1);
  });

  it('says that a host has nothing to connect with', async () => {
    const host = fakeHost({ answer: () => ({ code: 3 }) });
    await expect(runAction(waitFor, { port: 80, host: 'other' }, host)).rejects.toMatchObject({
      code: 'missing',
      message: 'no program on the host can make a TCP connection',
    });
  });

  it('waits for time alone', async () => {
    const host = fakeHost();
    expect(await runAction(waitFor, { timeout: 0.02 }, host)).toMatchObject({ changed: false });
    expect(host.asked).toEqual([]);
  });

  it.each([
    [{ port: 1, path: '/x' }, 'give port or path, not both'],
    [{ search_regex: 'x' }, 'search_regex goes with port or path'],
    [{ path: '/x', state: 'drained' }, 'state: drained goes with port'],
    [{ port: 1, exclude_hosts: '10.0.0.1' }, 'exclude_hosts goes with state: drained'],
    [{ port: 1, host: 'a b' }, 'expected a host name or an address'],
    [{ path: 'x' }, '"x" is no absolute path: begin it with /'],
    [{ port: 1, search_regex: 'a(?=b)' }, '"(?" is not known to grep -E, which looks for the expression on the host'],
  ])('refuses %j', (params, message) => {
    expect(waitFor.params.safeParse(params).error?.issues[0]?.message).toBe(message);
  });
});
