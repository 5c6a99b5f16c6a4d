import { createVault, encryptText, isVaultText, type VaultSecret } from '../../lang/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import { askNewPassword, askPassword, createAsk } from '../ask.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { addSettings } from '../settings/add-settings.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { vaultSecrets } from '../vault-secrets.ts';
import { editText } from './edit-text.ts';
import { readInput, readText, replaceFile } from './files.ts';
import { vaultScalar } from './scalar.ts';

interface VaultAction {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** It encrypts what was not encrypted before. */
  readonly makes?: true;
  readonly run: (call: Call) => Promise<void>;
}

interface Call {
  readonly cli: Cli;
  readonly words: readonly string[];
  readonly secrets: readonly VaultSecret[];
  /** What is encrypted is encrypted with this one. */
  readonly secret: VaultSecret;
  readonly options: VaultOptions;
}

interface VaultOptions {
  readonly encryptVaultId?: string | undefined;
  readonly newVaultPasswordFile?: string | undefined;
  readonly newVaultId?: string | undefined;
  readonly name?: string | undefined;
  readonly age?: true | undefined;
}

export const vaultActions: readonly VaultAction[] = [
  {
    name: 'encrypt',
    usage: 'FILE...',
    summary: 'encrypt files; "-" reads the standard input',
    makes: true,
    run: encrypt,
  },
  { name: 'decrypt', usage: 'FILE...', summary: 'decrypt files for good', run: decrypt },
  { name: 'view', usage: 'FILE...', summary: 'print what is in encrypted files', run: view },
  { name: 'edit', usage: 'FILE', summary: 'open an encrypted file in $EDITOR', run: edit },
  { name: 'rekey', usage: 'FILE...', summary: 'encrypt files with another password', run: rekey },
  {
    name: 'encrypt-string',
    usage: '[TEXT]',
    summary: 'print a text as a !vault value',
    makes: true,
    run: encryptString,
  },
];

const settingNames = ['vault_id', 'vault_password_file', 'verbose'] as const;

export async function runVaultAction(cli: Cli, action: VaultAction, args: readonly string[]): Promise<number> {
  const base = addSettings(createCommand(cli, `vault ${action.name}`, `${capital(action.summary)}.`), settingNames);
  const command = base
    .argument(action.name === 'encrypt-string' ? '[words...]' : '<words...>', action.usage)
    .option('--encrypt-vault-id <id>', 'the id to encrypt with, where several are given')
    .option('--age', 'write the format of age instead of that of Ansible Vault');
  if (action.name === 'rekey') {
    command
      .option('--new-vault-password-file <file>', 'the new password')
      .option('--new-vault-id <id@file>', 'the same, with an id');
  }
  if (action.name === 'encrypt-string') command.option('-n, --name <name>', 'name of the variable to print before it');
  const [words] = parseArguments(command, args).processedArgs;
  const options = command.opts() as VaultOptions;
  const ask = createAsk(cli);
  const given = await vaultSecrets(cli, resolveSettings(cli, command, settingNames), ask);
  const asked = async (): Promise<VaultSecret> => ({
    id: 'default',
    secret: await (action.makes === true ? askNewPassword : askPassword)(
      ask,
      'vault password',
      'give it with --vault-password-file FILE',
    ),
  });
  const secrets = given.length > 0 ? given : [await asked()];
  await action.run({ cli, words, secrets, secret: chosen(secrets, options), options });
  return 0;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function chosen(secrets: readonly VaultSecret[], { encryptVaultId }: VaultOptions): VaultSecret {
  const [first] = secrets;
  const secret = encryptVaultId === undefined ? first : secrets.find(({ id }) => id === encryptVaultId);
  if (secret !== undefined) return secret;
  throw new KvmnetError('usage', `no password was given for the vault id "${encryptVaultId ?? ''}"`, {
    hint: `given: ${secrets.map(({ id }) => id).join(', ')}`,
  });
}

const seal = ({ secret, options }: Call, text: string): Promise<string> =>
  encryptText(text, secret, options.age === true ? 'age' : 'ansible');

/** @throws KvmnetError code `vault` for a file that is not encrypted, or with another password */
function open({ secrets }: Call, file: string, text: string): Promise<string> {
  const at = { file, line: 1, column: 1, text: text.split('\n', 1)[0] ?? '' };
  if (!isVaultText(text))
    throw new KvmnetError('vault', `${file} is not encrypted`, { hint: 'kvmnet vault encrypt does that' });
  return createVault(secrets).unlock(text, at);
}

async function encrypt(call: Call): Promise<void> {
  for (const file of call.words) {
    const text = await readInput(call.cli, file);
    if (isVaultText(text))
      throw new KvmnetError('vault', `${file} is encrypted already`, { hint: 'use rekey for another password' });
    const sealed = await seal(call, text);
    if (file === '-') call.cli.print(sealed);
    else await replaceFile(call.cli, file, sealed);
  }
}

async function decrypt(call: Call): Promise<void> {
  for (const file of call.words) {
    const text = await open(call, file, await readInput(call.cli, file));
    if (file === '-') call.cli.print(text);
    else await replaceFile(call.cli, file, text);
  }
}

async function view(call: Call): Promise<void> {
  for (const file of call.words) call.cli.print(await open(call, file, await readInput(call.cli, file)));
}

async function edit(call: Call): Promise<void> {
  const [file = '', second] = call.words;
  if (second !== undefined) throw new KvmnetError('usage', 'one file is edited at a time');
  const before = await open(call, file, await readText(call.cli, file));
  const after = await editText(call.cli, file, before);
  if (after === before) call.cli.note(`${file}: nothing was changed`);
  else await replaceFile(call.cli, file, await seal(call, after));
}

async function rekey(call: Call): Promise<void> {
  const { cli, options } = call;
  const ask = createAsk(cli);
  const [fresh] = await vaultSecrets(
    cli,
    {
      ...(options.newVaultId === undefined ? {} : { vault_id: [options.newVaultId] }),
      ...(options.newVaultPasswordFile === undefined ? {} : { vault_password_file: [options.newVaultPasswordFile] }),
    },
    ask,
  );
  const remedy = 'give it with --new-vault-password-file FILE';
  const secret = fresh ?? { id: 'default', secret: await askNewPassword(ask, 'new vault password', remedy) };
  // All are opened before the first is written: a wrong password changes nothing.
  const opened = await Promise.all(
    call.words.map(async (file) => [file, await open(call, file, await readText(cli, file))] as const),
  );
  for (const [file, text] of opened) await replaceFile(cli, file, await seal({ ...call, secret }, text));
}

async function encryptString(call: Call): Promise<void> {
  const { cli, words, options } = call;
  const text = words.length > 0 ? words.join(' ') : await readInput(cli, '-');
  if (text === '') throw new KvmnetError('usage', 'the text to encrypt is empty');
  cli.print(vaultScalar(await seal(call, text), options.name));
}
