import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVault, encryptText, openFile, type Vault } from '../../src/lang/index.ts';
import { fileContent } from '../../src/sdk/files/source-content.ts';
import { sha256Of } from '../../src/sdk/index.ts';
import { planCopy } from '../../modules/copy/plan.ts';
import { copy } from '../../modules/copy/index.ts';
import { template } from '../../modules/template/index.ts';
import { controllerFiles, FileHashes } from '../../src/engine/controller-files.ts';

const password = { id: 'default', secret: 'open sesame' };
const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEv\n'.repeat(20_000)}`;

let folder: string;
const at = (name: string): string => join(folder, name);
const filesWith = (vault: Vault) =>
  controllerFiles({
    folders: [folder],
    hashes: new FileHashes(),
    render: async (text) => text.replace('{{ who }}', 'kvm01'),
    open: (text, file) => openFile(text, file, vault),
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kvmnet-files-'));
  writeFileSync(at('plain'), 'plain\n');
  writeFileSync(at('key'), await encryptText(key, password));
  writeFileSync(at('motd'), await encryptText('host {{ who }}\n', password));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('files that the vault has encrypted as a whole', () => {
  it('count and are read as what is in them', async () => {
    const files = filesWith(createVault([password]));
    expect(await files.stat(at('key'))).toMatchObject({ sha256: sha256Of(key), size: key.length, encrypted: true });
    expect(Buffer.from(await files.read(at('key'))).toString()).toBe(key);
    expect(await files.stat(at('plain'))).toEqual({ sha256: sha256Of('plain\n'), size: 6, mode: '0644' });
  });

  it('are never sent as they stand, and are hidden in reports', async () => {
    const hidden: string[] = [];
    const files = filesWith(createVault([password], (text) => hidden.push(text)));
    expect(await fileContent(at('key'), files)).toEqual({
      sha256: sha256Of(key),
      mode: '0644',
      content: key,
      secret: true,
    });
    expect(hidden).toContain(key);
  });

  it('may hold what is no text', async () => {
    const bytes = Uint8Array.from([0x30, 0x82, 0xff, 0xfe, 0x00, 0x80]);
    const vault: Vault = { ...createVault([]), unlockBytes: async () => bytes };
    expect(await fileContent(at('key'), filesWith(vault))).toMatchObject({ content: bytes, sha256: sha256Of(bytes) });
  });

  it('may be those of age', async () => {
    const { generateIdentity } = await import('age-encryption');
    const identity = { id: 'default', secret: await generateIdentity() };
    writeFileSync(at('aged'), await encryptText('of age\n', identity));
    expect(await fileContent(at('aged'), filesWith(createVault([identity])))).toMatchObject({ content: 'of age\n' });
  });

  it('show in no diff: copy and template', async () => {
    const files = filesWith(createVault([password]));
    const seen = { path: '/etc/key', status: null } as never;
    const plan = await planCopy(copy.params.parse({ src: 'key', dest: '/etc/key' }), files);
    expect(copy.texts?.({ dest: seen, source: null, tree: new Map() }, plan)).toEqual([]);
    const open = await planCopy(copy.params.parse({ src: 'plain', dest: '/etc/key' }), files);
    expect(copy.texts?.({ dest: seen, source: null, tree: new Map() }, open)).toEqual([
      { path: '/etc/key', before: '', after: 'plain\n' },
    ]);
    const rendered = await template.prepare?.(template.params.parse({ src: 'motd', dest: '/etc/motd' }), files);
    expect(rendered).toMatchObject({ source: { content: 'host kvm01\n' }, secret: true });
  });

  it.each([
    [createVault([]), 'an encrypted value, and no vault password was given'],
    [createVault([{ ...password, secret: 'wrong' }]), 'no vault password opens this; tried: "default"'],
  ])('are refused without the password, with the file named (%#)', async (vault, message) => {
    await expect(filesWith(vault).read(at('key'))).rejects.toMatchObject({
      code: 'vault',
      message,
      at: { file: at('key'), line: 1 },
    });
  });
});
