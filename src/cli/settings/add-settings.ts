import { Option, type Command } from '@commander-js/extra-typings';
import { definitions, type SettingName } from './definitions.ts';

/** Gives a command the flags of those settings. What they hold is read by `resolveSettings`. */
export function addSettings<C extends Pick<Command, 'addOption'>>(command: C, names: readonly SettingName[]): C {
  for (const name of names) for (const option of optionsOf(name)) command.addOption(option);
  return command;
}

/** The flag, and for a switch that a project may set also its opposite, which the help need not show. */
function optionsOf(name: SettingName): readonly Option[] {
  const definition = definitions[name];
  const option = optionOf(name);
  if (option.required || 'repeat' in definition || 'once' in definition || option.long === undefined) return [option];
  const opposite = option.negate ? option.long.replace(/^--no-/, '--') : option.long.replace(/^--/, '--no-');
  return [option, new Option(opposite, `the opposite of ${option.long}`).hideHelp()];
}

function optionOf(name: SettingName): Option {
  const definition = definitions[name];
  const option = new Option(definition.flags, definition.description);
  const repeat = 'repeat' in definition ? definition.repeat : undefined;
  if (repeat === 'count') return option.argParser((_: unknown, before: unknown) => (Number(before ?? 0) || 0) + 1);
  if (repeat === 'collect')
    return option.argParser((value: string, before: unknown) => [...(Array.isArray(before) ? before : []), value]);
  return option;
}
