import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvmnetError } from '../util/errors.ts';
import { sealEnvelope } from './ansible-vault.ts';
import { compileValue } from './bind.ts';
import { plainVars } from './lazy.ts';
import { openText, unlockScalars } from './unlock.ts';
import { createVault, encryptText, isVaultText, type VaultSecret } from './vault.ts';
import { parseYaml } from './yaml.ts';

// Written by ansible-vault of ansible-core 2.14.
const recorded = (name: string): string => readFileSync(new URL(`cases/vault/${name}`, import.meta.url), 'utf8');
const DEFAULT: VaultSecret = { id: 'default', secret: 's3cret' };
const PROD: VaultSecret = { id: 'prod', secret: 'other pass ü' };

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    return `${error.code} ${error.message} | ${error.hint ?? ''}`;
  }
  throw new Error('it did not fail');
}

describe('what ansible-vault wrote', () => {
  it.each([
    ['whole-1.1.vault', recorded('plain.yml')],
    ['whole-1.2.vault', recorded('plain.yml')],
    ['empty.vault', ''],
    ['block.vault', '0123456789abcdef'],
  ])('%s', (name, plaintext) => {
    expect(createVault([DEFAULT, PROD]).decrypt(recorded(name))).toBe(plaintext);
  });

  it('a !vault scalar, which is never a template and is told to the redactor', () => {
    const hidden: string[] = [];
    const { root } = parseYaml(recorded('string.yml'), 'string.yml');
    if (root === undefined) throw new Error('empty');
    const vault = createVault([DEFAULT], (text) => hidden.push(text));
    expect(compileValue(root, { vault }).bind(plainVars({}))).toEqual({ token: 'pä55 "quoted" {{ x }}' });
    expect(hidden).toEqual(['pä55 "quoted" {{ x }}']);
  });

  it('is written the same again from the same salt', () => {
    const text = recorded('whole-1.2.vault');
    const salt = Buffer.from(
      Buffer.from(text.split('\n').slice(1).join(''), 'hex').toString().split('\n')[0] ?? '',
      'hex',
    );
    expect(sealEnvelope(recorded('plain.yml'), PROD.secret, 'prod', salt)).toBe(text.trim() + '\n');
  });
});

describe('mistakes', () => {
  const text = recorded('whole-1.2.vault');
  it.each<[string, readonly VaultSecret[], string, string]>([
    [
      'no password',
      [],
      text,
      'vault an encrypted value (vault id "prod"), and no vault password was given | give one with --vault-password-file FILE or --vault-id ID@FILE',
    ],
    [
      'wrong passwords',
      [DEFAULT, { id: 'prod', secret: 'x' }],
      text,
      'vault no vault password opens this (vault id "prod"); tried: "default", "prod" | check the password',
    ],
    [
      'another version',
      [DEFAULT],
      '$ANSIBLE_VAULT;1.0;AES\n00',
      'vault vault format 1.0 is not known, only 1.1 and 1.2',
    ],
    ['another cipher', [DEFAULT], '$ANSIBLE_VAULT;1.1;DES\n00', 'vault vault cipher DES is not known, only AES256'],
    ['damage', [DEFAULT], '$ANSIBLE_VAULT;1.1;AES256\nzz', 'vault the vault text is damaged: not hexadecimal'],
    ['a cut text', [DEFAULT], text.split('\n').slice(0, 3).join('\n'), 'vault the vault text is damaged'],
    ['something else', [DEFAULT], 'hello', 'vault this is not a vault text'],
  ])('%s', (_name, secrets, input, expected) => {
    expect(failure(() => createVault(secrets).decrypt(input))).toContain(expected);
  });

  it('a changed byte is not decrypted', () => {
    const last = text.trimEnd().length - 1;
    const changed = `${text.slice(0, last)}${text[last] === '0' ? '1' : '0'}`;
    expect(failure(() => createVault([PROD]).decrypt(changed))).toContain('vault');
  });
});

describe('round trips', () => {
  it('in the format of Ansible', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.constantFrom('default', 'prod'), async (text, id) => {
        const sealed = await encryptText(text, { id, secret: 'pw' });
        expect(sealed.split('\n')[0]).toBe(
          id === 'default' ? '$ANSIBLE_VAULT;1.1;AES256' : '$ANSIBLE_VAULT;1.2;AES256;prod',
        );
        expect(createVault([{ id, secret: 'pw' }]).decrypt(sealed)).toBe(text);
      }),
      { numRuns: 20 },
    );
  });

  it('in the format of age: identities', async () => {
    const { generateX25519Identity } = await import('age-encryption');
    const identity = await generateX25519Identity();
    const sealed = await encryptText('hello\n', { id: 'default', secret: identity });
    expect(isVaultText(sealed)).toBe(true);
    const vault = createVault([DEFAULT, { id: 'age', secret: `# my key\n${identity}\n` }]);
    expect(await openText(sealed, 'f', vault)).toBe('hello\n');
    await expect(createVault([{ id: 'age', secret: await generateX25519Identity() }]).unlock(sealed)).rejects.toThrow(
      'no vault password opens this; tried: "age"',
    );
    const { root } = parseYaml(`a: !vault |\n${sealed.replaceAll(/^/gm, '  ')}`, 'f');
    if (root === undefined) throw new Error('empty');
    await unlockScalars(root, vault);
    expect(compileValue(root, { vault }).bind(plainVars({}))).toEqual({ a: 'hello\n' });
  });

  it('leaves plain files alone', async () => {
    expect(await openText('a: 1', 'f', createVault([]))).toBe('a: 1');
  });
});
