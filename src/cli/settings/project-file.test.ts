import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readProjectFile } from './project-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'kvmnet-project-'));
afterAll(() => rmSync(folder, { recursive: true }));
const documentation = new URL('../../../docs/configuration.md', import.meta.url);

it('takes the example of the documentation, and moves its paths', () => {
  const [, example = ''] = /```yaml\n([^]*?)```/.exec(readFileSync(documentation, 'utf8')) ?? [];
  writeFileSync(join(folder, 'kvmnet.yml'), example);
  writeFileSync(join(folder, '.vault-password'), '');
  mkdirSync(join(folder, 'inventories/lab'), { recursive: true });
  mkdirSync(join(folder, 'plays/net'), { recursive: true });
  expect(readProjectFile(join(folder, 'plays/net'), join(folder, 'plays'))).toEqual({
    folder,
    values: {
      inventory: '../inventories/lab',
      diff: true,
      forks: 20,
      vault_password_file: '../.vault-password',
      extra_vars: { mtu: 9000 },
    },
  });
});

it('is none where there is none', () => {
  expect(readProjectFile('/', '/')).toBeUndefined();
});

it('is not one that everybody may write, or put there', () => {
  const open = mkdtempSync(join(tmpdir(), 'kvmnet-open-'));
  const inner = join(open, 'mine');
  mkdirSync(inner);
  writeFileSync(join(open, 'kvmnet.yml'), 'forks: 1\n');
  const warnings: string[] = [];
  const read = () => readProjectFile(inner, '/', (text) => warnings.push(text));
  expect(read()).toMatchObject({ values: { forks: 1 } });
  chmodSync(open, 0o1777);
  expect(read()).toBeUndefined();
  expect(warnings).toEqual([`${open}/kvmnet.yml is not used, because everybody may write ${open}`]);
  chmodSync(open, 0o755);
  chmodSync(join(open, 'kvmnet.yml'), 0o666);
  expect(read()).toBeUndefined();
  rmSync(open, { recursive: true });
});
