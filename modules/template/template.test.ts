import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from '../../src/sdk/files/status.ts';
import type { ControllerFiles } from '../../src/sdk/index.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { template } from './index.ts';

const files = folderFiles((text) => text.replaceAll('{{ name }}', 'kvm01'));
beforeAll(() => files.put('t/host.conf', 'name {{ name }}\r\nend\n'));
afterAll(() => files.close());

async function prepared(params: object, controller: ControllerFiles = files) {
  const p = await template.prepare?.(template.params.parse({ src: 't/host.conf', ...params }), controller);
  if (p === undefined) throw new Error('template prepares its parameters');
  return p;
}
const text = 'name kvm01\r\nend\n';

describe('template', () => {
  it.each([
    ['\n', text],
    ['\r\n', 'name kvm01\r\nend\r\n'],
    ['\r', 'name kvm01\rend\r'],
  ] as const)('ends lines with %j', async (newline_sequence, content) => {
    const p = await prepared({ dest: '/x', newline_sequence });
    expect(p.source).toEqual({ content, sha256: sha256Of(content) });
  });

  it.each([
    ['/srv/x', { dest: '/srv/x', name: 'host.conf' }],
    ['/srv/', { dest: '/srv/host.conf' }],
    ['/', { dest: '/host.conf' }],
  ])('goes to %s', async (dest, expected) => {
    const p = await prepared({ dest });
    expect(p).toMatchObject(expected);
    expect('name' in p).toBe('name' in expected);
  });

  it('writes its own content, and brings the old one back from where it was kept', async () => {
    const p = await prepared({ dest: '/srv/x', validate: 'check %s' });
    const file = (sha256: string) =>
      ({
        path: '/srv/x',
        type: 'file',
        sha256,
        mode: '0644',
        owner: 'root',
        group: 'root',
        target: null,
        backup: null,
      }) as const;
    const [old, ours] = [file('0'.repeat(64)), file(p.source.sha256)];
    const [forth] = template.steps(old, ours, p);
    expect(forth).toMatchObject({ kind: 'write', path: '/srv/x', content: text, expect: old.sha256 });
    const [back] = template.steps(ours, old, p);
    expect(back).toMatchObject({ kind: 'write', path: '/srv/x', content: { stored: old.sha256 }, expect: ours.sha256 });
  });

  it('shows no text of what the vault has encrypted', async () => {
    const stat: ControllerFiles['stat'] = async (path) => ({ ...(await files.stat(path)), encrypted: true });
    const seen = { dest: { path: '/srv/x', status: null } } as never;
    const [plain, secret] = [
      await prepared({ dest: '/srv/x' }),
      await prepared({ dest: '/srv/x' }, { ...files, stat }),
    ];
    expect(template.texts?.(seen, plain)).toEqual([{ path: '/srv/x', before: '', after: text }]);
    expect(template.texts?.(seen, secret)).toEqual([]);
  });
});
