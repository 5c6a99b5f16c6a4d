import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileProbe } from '../../src/sdk/compile.ts';
import { write } from '../../src/sdk/index.ts';
import { apply, read, runSteps } from '../../src/sdk/testing/apply.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { blockInFile } from './index.ts';

// Each shell is real, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const files = folderFiles();
afterAll(() => files.close());
const prepared = async (params: unknown) => blockInFile.prepare?.(blockInFile.params.parse(params), files);

describe.each(testShells)('block_in_file under $name', (test) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const setup = `rm -rf /srv; mkdir -p /srv/dir; printf 'a\\nb\\n' >/srv/conf; chmod 0640 /srv/conf; chown nobody:daemon /srv/conf`;
    sandbox = await createSandbox({ shell: test.shell, setup: `${test.setup}; ${setup}` });
  }, 60_000);
  afterAll(() => sandbox.close());

  const cat = (path: string) => sandbox.run(compileProbe({ argv: ['cat', '--', path] })).bytes;
  const put = async (params: unknown) => apply(blockInFile, {}, sandbox, await prepared(params));
  const changes = async (params: unknown) => read(blockInFile, {}, sandbox, await prepared(params)).changes;

  it('puts a block in, changes it, takes it out, and back again', async () => {
    const look = () => sandbox.look('cat /srv/conf; stat -c "%a %U:%G" /srv/conf; ls -A /srv');
    const before = look();
    const put1 = await put({ path: '/srv/conf', block: 'x\ny', insertafter: '^a' });
    const first = look();
    expect(first).toBe(
      'a\n# BEGIN MANAGED BY KVMNET BLOCK\nx\ny\n# END MANAGED BY KVMNET BLOCK\nb\n640 nobody:daemon\nconf\ndir\n',
    );
    expect(await changes({ path: '/srv/conf', block: 'x\ny\n' })).toEqual([]);
    const put2 = await put({ path: '/srv/conf', block: 'z' });
    const second = look();
    const put3 = await put({ path: '/srv/conf', state: 'absent' });
    expect([put1.left, put2.left, put3.left]).toEqual([[], [], []]);
    expect(look()).toBe(before);
    put3.undo();
    expect(look()).toBe(second);
    put2.undo();
    expect(look()).toBe(first);
    put1.undo();
    expect(look()).toBe(before);
  });

  it('makes a file, and takes it away', async () => {
    const params = { path: '/srv/new', block: 'x', create: true, mode: '0600' };
    await expect(changes({ ...params, create: false })).rejects.toThrow('/srv/new does not exist');
    const done = await put(params);
    expect(done.left).toEqual([]);
    expect(sandbox.look('stat -c %a /srv/new').trim()).toBe('600');
    done.undo();
    expect(sandbox.look('ls /srv')).toBe('conf\ndir\n');
  });

  it('takes any block into any file of any name', async () => {
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
      '\r\n',
      '😀',
      '-n',
      '/',
    );
    const text = fc
      .array(fc.oneof(odd, fc.string({ maxLength: 3 })), { maxLength: 8 })
      .map((parts) => parts.join('').replaceAll('\0', ''))
      .filter((value) => !/\p{Surrogate}/u.test(value));
    const name = text.map((value) => `x${value.replaceAll('/', '')}`);
    const content = fc.oneof(text, fc.uint8Array({ min: 1 }));
    await fc.assert(
      fc.asyncProperty(content, text, name, async (content, block, name) => {
        const path = `/srv/dir/${name}`;
        runSteps([write(path, content)], sandbox);
        const before = cat(path);
        const done = await put({ path, block });
        expect(done.left).toEqual([]);
        const stored = Buffer.from(cat(path)).toString('latin1').split(/\r*\n/).join('\n');
        const wanted = Buffer.from(block.replace(/\r*\n?$/, ''))
          .toString('latin1')
          .split(/\r*\n/)
          .join('\n');
        if (block !== '') expect(stored).toContain(`BLOCK\n${wanted}\n# END`);
        done.undo();
        expect(cat(path)).toEqual(before);
      }),
      { numRuns: 12 },
    );
  });
});
