import { Command, CommanderError, Option } from '@commander-js/extra-typings';
import { KvmnetError } from '../util/errors.ts';
import type { Cli } from './cli.ts';

/** A command that prints its help itself and throws what is wrong with its arguments as an error of the user. */
export function createCommand(cli: Cli, name: string, description: string): Command {
  const columns = cli.stdout.columns ?? Number(cli.env['COLUMNS'] ?? 100);
  const command = new Command(`kvmnet ${name}`)
    .description(description)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ helpWidth: Math.min(columns, 120), sortOptions: false })
    .configureOutput({
      writeOut: (text) => cli.print(text),
      writeErr: () => undefined,
      getOutHasColors: () => false,
    })
    .exitOverride();
  // Both were looked at before anything else, and are explained by the main help.
  for (const flag of ['--color', '--no-color']) command.addOption(new Option(flag).hideHelp().helpGroup('Colours:'));
  return command;
}

/** Thrown where the help was asked for and has been printed. */
export class HelpShown extends Error {
  override readonly name = 'HelpShown';
}

/**
 * Parses the arguments of a command.
 * @throws KvmnetError code `usage`; HelpShown
 */
export function parseArguments<
  C extends { parse(args: readonly string[], from: { from: 'user' }): unknown; name(): string },
>(command: C, args: readonly string[]): C {
  try {
    command.parse(args, { from: 'user' });
    return command;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') throw new HelpShown();
    throw usageError(error, command.name());
  }
}

function usageError(error: CommanderError, name: string): KvmnetError {
  const [, message = error.message, near] =
    /^(?:error: )?([^]*?)(?:\n\(Did you mean (?:one of )?([^]*?)\?\))?$/.exec(error.message.trim()) ?? [];
  const hint = near === undefined ? `"${name} --help" shows how it is used` : `did you mean ${near}?`;
  return new KvmnetError('usage', message.replaceAll("'", '"'), { hint });
}
