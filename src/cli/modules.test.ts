import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { registryFor } from './modules.ts';

it('runs no module that anybody may have put there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-modules-'));
  mkdirSync(join(folder, 'modules'));
  writeFileSync(join(folder, 'modules/mine.ts'), 'throw new Error("run")');
  expect(registryFor([folder]).names()).toContain('mine');
  chmodSync(folder, 0o1777);
  expect(() => registryFor([folder])).toThrow(`${folder}/modules is not used, because everybody may write ${folder}`);
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'modules'), 0o777);
  expect(() => registryFor([folder])).toThrow(`everybody may write ${folder}/modules`);
  rmSync(folder, { recursive: true });
});
