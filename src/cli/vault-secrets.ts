import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Ask } from '../engine/action/action-host.ts';
import { createVault, type Vault, type VaultSecret } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import { fileProblem } from '../util/file-problem.ts';
import { askPassword } from './ask.ts';
import type { Cli } from './cli.ts';
import type { Settings } from './settings/definitions.ts';

type VaultSettings = Pick<Settings, 'vault_id' | 'vault_password_file'>;

/** The vault that opens what the given passwords open. Whatever it decrypts is hidden from then on. */
export async function openVault(cli: Cli, settings: VaultSettings, ask: Ask): Promise<Vault> {
  return createVault(await vaultSecrets(cli, settings, ask), (text) => cli.redactor.add(text));
}

/** @throws KvmnetError code `vault` for a password that cannot be read */
export async function vaultSecrets(cli: Cli, settings: VaultSettings, ask: Ask): Promise<readonly VaultSecret[]> {
  const sources = [
    ...(settings.vault_id ?? []).map(parseVaultId),
    ...(settings.vault_password_file ?? []).map((source) => ({ id: 'default', source })),
  ];
  const secrets: VaultSecret[] = [];
  // One after another: two of them may ask.
  for (const { id, source } of sources) {
    const secret = source === 'prompt' ? await prompt(ask, id) : await readSecret(cli, source);
    cli.redactor.add(secret);
    secrets.push({ id, secret });
  }
  return secrets;
}

/** `ID@SOURCE`, `@SOURCE` or `SOURCE`. */
function parseVaultId(text: string): { readonly id: string; readonly source: string } {
  const at = text.indexOf('@');
  const [id, source] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (source !== '') return { id: id === '' ? 'default' : id, source };
  throw new KvmnetError('usage', `--vault-id ${text} names no file`, { hint: 'write ID@FILE or ID@prompt' });
}

const prompt = (ask: Ask, id: string): Promise<string> =>
  askPassword(
    ask,
    id === 'default' ? 'vault password' : `vault password (${id})`,
    'give it with --vault-password-file FILE',
  );

/** The content of a file, or what it prints where it is a program. */
async function readSecret(cli: Cli, file: string): Promise<string> {
  const path = resolve(cli.cwd, file.replace(/^~(?=\/)/, cli.env['HOME'] ?? '~'));
  try {
    const text = isProgram(path) ? await outputOf(path) : readFileSync(path, 'utf8');
    const secret = text.trim();
    if (secret !== '') return secret;
  } catch (error) {
    throw new KvmnetError('vault', `cannot read the vault password from ${file}: ${fileProblem(error)}`, {
      cause: error,
    });
  }
  throw new KvmnetError('vault', `the vault password from ${file} is empty`);
}

function isProgram(path: string): boolean {
  if (!statSync(path).isFile()) return false;
  try {
    accessSync(path, constants.X_OK);
    // Root may execute nothing that has no x bit at all, and access(2) says so; a mode of 0700 by accident is rare.
    return (statSync(path).mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

const outputOf = async (path: string): Promise<string> =>
  (await promisify(execFile)(path, { encoding: 'utf8' })).stdout;
