import { KvmnetError } from '../../util/errors.ts';
import type { Cli } from '../cli.ts';
import { definitions, type SettingName, type Settings } from './definitions.ts';
import { readProjectFile, type ProjectFile } from './project-file.ts';

interface Parsed {
  getOptionValue(key: string): unknown;
  getOptionValueSource(key: string): string | undefined;
}

/**
 * The settings of a command: flags, then `KVMNET_*`, then the project file beside the playbook or above it.
 *
 * @param near - the folder from which the project file is looked for
 * @throws KvmnetError code `usage`, which names the flag, the variable or the place in the file
 */
export function resolveSettings(
  cli: Cli,
  command: Parsed,
  names: readonly SettingName[],
  near: string = cli.cwd,
): Settings {
  const project = readProjectFile(near, cli.cwd, (text) => cli.note(`warning: ${text}`));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = settingValue(name, cli, command, project);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function settingValue(name: SettingName, cli: Cli, command: Parsed, project: ProjectFile | undefined): unknown {
  const flag = flagValue(name, command);
  const variable = `KVMNET_${name.toUpperCase()}`;
  const fromEnv = 'once' in definitions[name] ? undefined : nonEmpty(cli.env[variable]);
  const fromFile = project?.values[name];
  // Variables add up: a project's defaults stay where the command line names others.
  if (name === 'extra_vars') {
    const all = [parse(name, fromFile, name), parse(name, fromEnv, variable), parse(name, flag, longFlag(name))];
    const given = all.filter((value) => value !== undefined);
    return given.length === 0 ? undefined : given.flat();
  }
  if (flag !== undefined) return parse(name, flag, longFlag(name));
  if (fromEnv !== undefined) return parse(name, fromEnv, variable);
  return parse(name, fromFile, name);
}

function flagValue(name: SettingName, command: Parsed): unknown {
  const key = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return command.getOptionValueSource(key) === 'cli' ? command.getOptionValue(key) : undefined;
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const longFlag = (name: SettingName): string => /--[a-z-]+/.exec(definitions[name].flags)?.[0] ?? name;

function parse(name: SettingName, value: unknown, shown: string): unknown {
  if (value === undefined) return undefined;
  const { schema } = definitions[name];
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // In the environment 1 and 0 are as usual as yes and no.
  const asSwitch = schema.safeParse(value === '1' ? 'yes' : value === '0' ? 'no' : undefined);
  if (asSwitch.success) return asSwitch.data;
  throw new KvmnetError(
    'usage',
    `${shown} ${JSON.stringify(value)}: ${parsed.error.issues[0]?.message ?? 'not valid'}`,
  );
}
