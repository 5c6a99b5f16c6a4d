import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import type { Cli, CommandModule } from './cli.ts';
import { commands } from './commands.ts';
import { HelpShown } from './command.ts';

/** Finds what the first word means, a command or a module, and runs it. Gives the exit code. */
export async function dispatch(cli: Cli, args: readonly string[]): Promise<number> {
  const rest = args.filter((arg) => arg !== '--color' && arg !== '--no-color');
  const [name] = rest;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return help(cli, rest);
  if (name.startsWith('-')) {
    throw new KvmnetError('usage', `unknown option "${name}"`, {
      hint: 'options come after the command, e.g. kvmnet play site.yml -i prod; "kvmnet --help" lists the commands',
    });
  }
  // `--color` may stand anywhere; it was looked at before.
  const own = args.slice(args.indexOf(name) + 1);
  try {
    return await (await load(cli, name)).run(cli, own);
  } catch (error) {
    if (error instanceof HelpShown) return 0;
    throw error;
  }
}

async function load(cli: Cli, name: string): Promise<CommandModule> {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command.load();
  const { adHocCommand, moduleNames } = await import('./commands/ad-hoc.ts');
  const module = adHocCommand(cli, name);
  if (module !== undefined) return module;
  const known = [...commands.filter(({ hidden }) => hidden !== true).map((one) => one.name), ...moduleNames(cli)];
  throw new KvmnetError('usage', `unknown command or module "${name}"`, {
    hint: didYouMean(name, known) ?? '"kvmnet --help" lists the commands, "kvmnet doc" the modules',
  });
}

async function help(cli: Cli, [, topic]: readonly string[]): Promise<number> {
  if (topic !== undefined && !topic.startsWith('-')) return dispatch(cli, [topic, '--help']);
  const { mainHelp } = await import('./main-help.ts');
  cli.print(mainHelp());
  return 0;
}
