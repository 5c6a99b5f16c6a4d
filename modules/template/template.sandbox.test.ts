import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { template } from './index.ts';

// Each shell is real, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const files = folderFiles((text) => text.replaceAll('{{ name }}', 'kvm01'));
afterAll(() => files.close());
const prepared = async (params: unknown) => template.prepare?.(template.params.parse(params), files);

describe('parameters of template', () => {
  it.each(template.examples)('example: $title', ({ params }) => {
    expect(messageOf(template.params, params)).toBeUndefined();
  });
});

describe.each(testShells)('template under $name', (test) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const setup = `rm -rf /srv; mkdir -p /srv/dir; cd /srv; printf 'old\\n' >old; chmod 0600 old`;
    sandbox = await createSandbox({ shell: test.shell, setup: `${test.setup}; ${setup}` });
    files.put('host.conf', 'name {{ name }}\n');
    files.put('bare.conf', '\n  {{ name }}');
  }, 60_000);
  afterAll(() => sandbox.close());

  const snapshot = `cd /srv; find . | sort | while read -r f; do stat -c '%n %F %a' "$f"; done; cat old`;

  it.each<[object, string, string]>([
    [{ src: 'host.conf', dest: '/srv/new' }, '/srv/new', 'name kvm01\n644\n'],
    [{ src: 'host.conf', dest: '/srv/old' }, '/srv/old', 'name kvm01\n600\n'],
    [{ src: 'bare.conf', dest: '/srv/bare', mode: '0640' }, '/srv/bare', '\n  kvm01640\n'],
    [{ src: 'host.conf', dest: '/srv/dir' }, '/srv/dir/host.conf', 'name kvm01\n644\n'],
    [{ src: 'host.conf', dest: '/srv/dir/' }, '/srv/dir/host.conf', 'name kvm01\n644\n'],
    [{ src: 'host.conf', dest: '/srv/dos', newline_sequence: '\r\n' }, '/srv/dos', 'name kvm01\r\n644\n'],
    [{ src: 'host.conf', dest: '/srv/old', validate: ['grep', '-q', 'kvm01', '%s'] }, '/srv/old', 'name kvm01\n600\n'],
  ])('%j', async (params, path, expected) => {
    const before = sandbox.look(snapshot);
    const done = apply(template, {}, sandbox, await prepared(params));
    expect(done.left).toEqual([]);
    expect(sandbox.look(`cat ${path}; stat -c %a ${path}`)).toBe(expected);
    expect(read(template, {}, sandbox, await prepared(params)).changes).toEqual([]);
    done.undo();
    expect(sandbox.look(snapshot)).toBe(before);
  });

  it('shows both texts, and none where nothing differs', async () => {
    const p = await prepared({ src: 'host.conf', dest: '/srv/old' });
    const { seen } = read(template, {}, sandbox, p);
    expect(template.texts?.(seen as never, p as never)).toEqual([
      { path: '/srv/old', before: 'old\n', after: 'name kvm01\n' },
    ]);
  });

  it('needs the folder that a slash names', async () => {
    const p = await prepared({ src: 'host.conf', dest: '/srv/no/' });
    expect(() => read(template, {}, sandbox, p)).toThrow('the folder /srv/no does not exist');
  });
});
