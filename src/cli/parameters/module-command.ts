import { addSettings } from '../settings/add-settings.ts';
import { adHocSettings } from '../settings/definitions.ts';
import type { AnyModule } from '../../sdk/index.ts';
import type { Cli } from '../cli.ts';
import { createCommand } from '../command.ts';
import { examplesOf } from '../doc/example-text.ts';
import { ownFlags } from '../settings/own-flags.ts';
import { exampleCommand } from './example-command.ts';
import { shortFormOf } from './short-form.ts';
import { flagOptions, freeFlags, moduleFlags } from './module-flags.ts';

const listHosts = {
  flag: '--list-hosts',
  description: 'list the hosts that the pattern means, connect to nothing',
} as const;

/**
 * The command of a module: its parameters as flags, and the flags of every run.
 * @param args - what is to be parsed: a module that takes any name (set_vars) takes any flag
 */
export function moduleCommand(cli: Cli, module: AnyModule, args: readonly string[] = []) {
  const shortForm = shortFormOf(module);
  const words = shortForm === undefined ? 'takes none' : `words that stand for --${shortForm}, best after --`;
  const base = createCommand(cli, module.name, `${module.summary}.`);
  const taken = new Set([...ownFlags(adHocSettings), listHosts.flag]);
  const flags = [...moduleFlags(module, taken), ...freeFlags(module, args, taken)];
  for (const option of flagOptions(flags)) base.addOption(option.helpGroup('Parameters:'));
  const command = addSettings(base, adHocSettings)
    .argument('<pattern>', 'hosts, e.g. all, kvm, "kvm*:!kvm09"')
    .argument('[words...]', words)
    .option(listHosts.flag, listHosts.description);
  const [example] = examplesOf(module);
  const shown = example === undefined ? undefined : exampleCommand(module, example);
  if (shown !== undefined) command.addHelpText('after', `\nExample:\n  ${shown}`);
  return { command, flags };
}
