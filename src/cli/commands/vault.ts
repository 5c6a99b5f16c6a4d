import type { Cli } from '../cli.ts';
import { KvmnetError } from '../../util/errors.ts';
import { didYouMean } from '../../util/suggest.ts';
import { createCommand } from '../command.ts';
import { runVaultAction, vaultActions } from '../vault/actions.ts';

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const [action, ...rest] = args.filter((arg) => arg !== '--color' && arg !== '--no-color');
  if (action === undefined || action === '--help' || action === '-h') {
    cli.print(help(cli));
    return action === undefined ? 1 : 0;
  }
  const known = vaultActions.find(({ name }) => name === action);
  if (known !== undefined) return runVaultAction(cli, known, rest);
  throw new KvmnetError('usage', `unknown vault action "${action}"`, {
    hint: didYouMean(
      action,
      vaultActions.map(({ name }) => name),
    ),
  });
}

function help(cli: Cli): string {
  const width = Math.max(...vaultActions.map(({ name, usage }) => name.length + usage.length + 1));
  const rows = vaultActions.map(({ name, usage, summary }) => `  ${`${name} ${usage}`.padEnd(width)}  ${summary}`);
  return `${createCommand(cli, 'vault', '').name()}: encrypts and decrypts secrets, in the format of Ansible Vault or of age.

Usage: kvmnet vault ACTION ... [--vault-password-file FILE | --vault-id ID@FILE]

Actions:
${rows.join('\n')}

Where no password is named, it is asked for. "kvmnet vault ACTION --help" says more.
`;
}
