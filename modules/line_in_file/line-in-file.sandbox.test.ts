import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileProbe } from '../../src/sdk/compile.ts';
import { write } from '../../src/sdk/index.ts';
import { apply, read, runSteps } from '../../src/sdk/testing/apply.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { lineInFile } from './index.ts';

// Each shell is real, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const files = folderFiles();
afterAll(() => files.close());
const prepared = async (params: unknown) => lineInFile.prepare?.(lineInFile.params.parse(params), files);

describe.each(testShells)('line_in_file under $name', (test) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({
      shell: test.shell,
      setup: `${test.setup}; rm -rf /srv; mkdir /srv; cd /srv; printf 'Port 22\\n#UMASK 022\\n' >conf; chmod 0600 conf; chown nobody:daemon conf
        ln -s conf link; ln -s nowhere dangling; mkdir dir; printf 'a\\000b' >binary; head -c 1048577 /dev/zero | tr '\\000' x >big
        printf 'caf\\351\\n' >latin`,
    });
  }, 60_000);
  afterAll(() => sandbox.close());

  const snapshot = `cd /srv; find . | sort | while read -r f; do stat -c '%n %F %a %U:%G' "$f"; done; sha256sum conf latin big`;
  const put = async (params: unknown) => apply(lineInFile, {}, sandbox, await prepared(params));
  const changes = async (params: unknown) => read(lineInFile, {}, sandbox, await prepared(params)).changes;

  it.each<[object, string]>([
    [
      { path: '/srv/conf', line: 'UMASK 027', regexp: '^#?UMASK' },
      'Port 22\nUMASK 027\n600 nobody:daemon regular file\n',
    ],
    [{ path: '/srv/link', line: 'x' }, 'Port 22\n#UMASK 022\nx\n777 root:root symbolic link\n'],
    [
      { path: '/srv/conf', line: 'Port 22', mode: '0644', owner: 'root' },
      'Port 22\n#UMASK 022\n644 root:daemon regular file\n',
    ],
    [{ path: '/srv/conf', regexp: '.', state: 'absent', mode: 'g+r' }, '640 nobody:daemon regular empty file\n'],
    [
      { path: '/srv/new', line: `it's $(id) \`id\` "x" \\n %s`, create: true, mode: '0640' },
      `it's $(id) \`id\` "x" \\n %s\n640 root:root regular file\n`,
    ],
    [
      { path: '/srv/conf', line: 'x', backup: true, validate: 'grep -q Port %s' },
      'Port 22\n#UMASK 022\nx\n600 nobody:daemon regular file\n',
    ],
  ])('%j', async (params, expected) => {
    const before = sandbox.look(snapshot);
    const done = await put(params);
    expect(done.left).toEqual([]);
    const { path } = params as { path: string };
    expect(sandbox.look(`cat ${path}; stat -c '%a %U:%G %F' ${path}`)).toBe(expected);
    expect(await changes(params)).toEqual([]);
    done.undo();
    expect(sandbox.look(snapshot)).toBe(before);
  });

  it('keeps bytes that are no UTF-8', async () => {
    const done = await put({ path: '/srv/latin', line: 'ü', insertbefore: 'BOF' });
    expect(sandbox.run(compileProbe({ argv: ['cat', '/srv/latin'] })).bytes).toEqual(
      Buffer.from([0xc3, 0xbc, 10, 0x63, 0x61, 0x66, 0xe9, 10]),
    );
    done.undo();
  });

  it.each<[object, string]>([
    [{ path: '/srv/no', line: 'x' }, '/srv/no does not exist'],
    [{ path: '/srv/no/x', line: 'x', create: true }, 'the folder /srv/no does not exist'],
    [{ path: '/srv/dir', line: 'x' }, '/srv/dir is a folder'],
    [{ path: '/srv/binary', line: 'x' }, '/srv/binary is no text file: it holds a NUL byte'],
    [{ path: '/srv/big', line: 'x' }, '/srv/big has more than 1024 KiB: it is no file to be edited by lines'],
    [{ path: '/srv/dangling', line: 'x', create: true }, '/srv/dangling is a link to nowhere, which does not exist'],
    [
      { path: '/srv/conf', line: '\\1x', regexp: '^(Port.*)$', backrefs: true },
      '/srv/conf would change again at every run',
    ],
    [{ path: '/srv/conf', line: 'x', owner: 'frrr' }, 'there is no user frrr on the host'],
  ])('refuses %j', async (params, message) => {
    await expect(changes(params)).rejects.toThrow(message);
  });
  it('has nothing to remove from a file that is not there', async () => {
    expect(await changes({ path: '/srv/no', line: 'x', state: 'absent' })).toEqual([]);
    expect(await changes({ path: '/srv/no/x', line: 'x', state: 'absent' })).toEqual([]);
  });
  it('leaves the file when the check says no', async () => {
    const before = sandbox.look(snapshot);
    await expect(put({ path: '/srv/conf', line: 'x', validate: 'false %s' })).rejects.toThrow('did not pass its check');
    expect(sandbox.look(snapshot)).toBe(before);
  });
  it('shows both texts', async () => {
    const p = await prepared({ path: '/srv/conf', line: 'x' });
    const { seen } = read(lineInFile, {}, sandbox, p);
    expect(lineInFile.texts?.(seen as never, p as never)).toEqual([
      { path: '/srv/conf', before: 'Port 22\n#UMASK 022\n', after: 'Port 22\n#UMASK 022\nx\n' },
    ]);
  });

  it('takes any line into any file of any name', async () => {
    const odd = fc.constantFrom(
      '\n',
      "'",
      '"',
      '$(id)',
      '`id`',
      '\\',
      '%s',
      '\\0',
      ' ',
      'ü',
      '\r',
      '😀',
      '-n',
      '\\n',
      '/',
    );
    const text = fc
      .array(fc.oneof(odd, fc.string({ maxLength: 3 })), { maxLength: 8 })
      .map((parts) => parts.join('').replaceAll('\0', ''));
    const line = text.map((value) => value.replaceAll('\n', '')).filter((value) => !/\p{Surrogate}/u.test(value));
    const name = line.map((value) => `x${value.replaceAll('/', '')}\n`);
    const content = fc.oneof(text, fc.uint8Array({ min: 1 }));
    await fc.assert(
      fc.asyncProperty(content, line, name, async (content, line, name) => {
        const path = `/srv/dir/${name}`;
        runSteps([write(path, content)], sandbox);
        const before = sandbox.run(compileProbe({ argv: ['cat', '--', path] })).bytes;
        const done = await put({ path, line });
        expect(done.left).toEqual([]);
        const after = Buffer.from(sandbox.run(compileProbe({ argv: ['cat', '--', path] })).bytes).toString('latin1');
        const wanted = Buffer.from(line.replace(/[\r\n]*$/, '')).toString('latin1');
        expect(after.split(/\r?\n/)).toContain(wanted);
        done.undo();
        expect(sandbox.run(compileProbe({ argv: ['cat', '--', path] })).bytes).toEqual(before);
      }),
      { numRuns: 12 },
    );
  });
});
