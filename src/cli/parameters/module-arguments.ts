import type { AnyModule } from '../../sdk/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { Json } from '../../util/json.ts';
import type { SourceLocation } from '../../util/source.ts';
import type { Cli } from '../cli.ts';
import { parseArguments } from '../command.ts';
import { commandLine } from '../command-line.ts';
import { flagValue } from './flag-values.ts';
import { moduleCommand } from './module-command.ts';
import { shortFormOf } from './short-form.ts';
import type { ModuleFlag } from './module-flags.ts';

interface Given {
  readonly value: Json;
  /** Where on the command line. */
  readonly at: SourceLocation;
}

/** What `kvmnet MODULE ...` was told, parameters by their name. @throws KvmnetError code `usage`; HelpShown */
export function moduleArguments(cli: Cli, module: AnyModule, args: readonly string[]) {
  const { command, flags } = moduleCommand(cli, module, args);
  const words = withPlainSwitches(args, flags);
  const [pattern, rest] = parseArguments(command, words).processedArgs;
  const line = commandLine(['kvmnet', module.name, ...words]);
  const parameters = new Map<string, Given>();
  for (const { flag, isSwitch, parameter } of flags) {
    const key = command.options.find(({ long }) => long === flag)?.attributeName();
    if (key === undefined || command.getOptionValueSource(key) !== 'cli') continue;
    const raw: unknown = command.getOptionValue(key);
    const value = isSwitch ? raw === true : flagValue(flag, parameter.schema, raw as readonly string[]);
    parameters.set(parameter.name, { value, at: line.flagValueAt(flag) });
  }
  const patternIndex = words.indexOf(pattern);
  const at = line.wordAt(words.indexOf(rest[0] ?? '', patternIndex + 1) + 2);
  addWords(module, parameters, rest.join(' '), at);
  return { command, pattern, patternAt: line.wordAt(patternIndex + 2), parameters, at: line.wordAt(1) };
}

function addWords(module: AnyModule, parameters: Map<string, Given>, words: string, at: SourceLocation): void {
  if (words === '') return;
  const shortForm = shortFormOf(module);
  if (shortForm === undefined) {
    throw new KvmnetError('usage', `${module.name} takes no words after the pattern: "${words}"`, {
      at,
      hint: `give its parameters as flags; "kvmnet ${module.name} --help" lists them`,
    });
  }
  if (parameters.has(shortForm)) {
    throw new KvmnetError('usage', `"${words}" stands for --${shortForm}, which is given as well`, { at });
  }
  parameters.set(shortForm, { value: words, at });
}

/** `--flag=yes` of a switch: commander knows only `--flag` and `--no-flag`. */
function withPlainSwitches(args: readonly string[], flags: readonly ModuleFlag[]): readonly string[] {
  const switches = new Set(flags.filter(({ isSwitch }) => isSwitch).map(({ flag }) => flag));
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((arg, index) => {
    const [, flag, value] = /^(--[^=]+)=(yes|no|true|false|on|off)$/i.exec(arg) ?? [];
    if (index >= end || flag === undefined || value === undefined || !switches.has(flag)) return arg;
    return /^(?:yes|true|on)$/i.test(value) ? flag : flag.replace(/^--/, '--no-');
  });
}
