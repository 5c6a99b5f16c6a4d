import { addSettings } from '../settings/add-settings.ts';
import { adHocSettings } from '../settings/definitions.ts';
import type { AnyModule } from '../../sdk/index.ts';
import type { Cli } from '../cli.ts';
import { createCommand } from '../command.ts';
import { exampleCommand, examplesOf } from '../doc/example-text.ts';
import { flagOptions, freeFlags, moduleFlags } from './module-flags.ts';

/**
 * The command of a module: its parameters as flags, and the flags of every run.
 * @param args - what is to be parsed: a module that takes any name (set_vars) takes any flag
 */
export function moduleCommand(cli: Cli, module: AnyModule, args: readonly string[] = []) {
  const shortForm = shortFormOf(module);
  const words = shortForm === undefined ? 'takes none' : `words that stand for --${shortForm}, best after --`;
  const base = createCommand(cli, module.name, `${module.summary}.`);
  const taken = takenFlags(cli);
  const flags = [...moduleFlags(module, taken), ...freeFlags(module, args, taken)];
  for (const option of flagOptions(flags)) base.addOption(option.helpGroup('Parameters:'));
  const command = addSettings(base, adHocSettings)
    .argument('<pattern>', 'hosts, e.g. all, kvm, "kvm*:!kvm09"')
    .argument('[words...]', words);
  const [example] = examplesOf(module);
  const shown = example === undefined ? undefined : exampleCommand(module.name, example, shortForm);
  if (shown !== undefined) command.addHelpText('after', `\nExample:\n  ${shown}`);
  return { command, flags };
}

/** The parameter that bare words stand for. */
export const shortFormOf = (module: AnyModule): string | undefined =>
  module.kind === 'action' ? module.shortForm : undefined;

/** The flags that every ad-hoc command has, negated ones without their `no-`. */
function takenFlags(cli: Cli): ReadonlySet<string> {
  const { options } = addSettings(createCommand(cli, '', ''), adHocSettings);
  const long = options.flatMap((option) => option.long ?? []);
  return new Set(['--help', ...long, ...long.map((flag) => flag.replace(/^--no-/, '--'))]);
}
