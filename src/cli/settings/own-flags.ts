import { definitions, type SettingName } from './definitions.ts';

/** The long flags that a command with these settings has, negated ones also without their `no-`. */
export function ownFlags(names: readonly SettingName[]): ReadonlySet<string> {
  const long = names.flatMap((name) => definitions[name].flags.match(/--[a-z-]+/g) ?? []);
  const all = ['--help', '--color', '--no-color', ...long];
  return new Set([...all, ...all.map((flag) => flag.replace(/^--no-/, '--'))]);
}
