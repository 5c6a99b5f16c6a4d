import type { Command } from '@commander-js/extra-typings';
import type { AnyModule } from '../../sdk/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { Json } from '../../util/json.ts';
import type { SourceLocation } from '../../util/source.ts';
import { adHocPlaybook } from '../ad-hoc-playbook.ts';
import { createAsk } from '../ask.ts';
import type { Cli, CommandModule } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { commandLine } from '../command-line.ts';
import { exampleCommand, examplesOf } from '../doc/example-text.ts';
import { registryFor } from '../modules.ts';
import { openInventory } from '../open-inventory.ts';
import { flagValue } from '../parameters/flag-values.ts';
import { flagOptions, moduleFlags, type ModuleFlag } from '../parameters/module-flags.ts';
import { runAndReport } from '../run-playbooks.ts';
import { addSettings } from '../settings/add-settings.ts';
import { adHocSettings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { openVault } from '../vault-secrets.ts';

export const moduleNames = (cli: Cli): readonly string[] => registryFor([cli.cwd]).names();

/** `kvmnet MODULE PATTERN`: one task on some hosts. */
export const adHocCommand = (name: string): CommandModule => ({ run: (cli, args) => runModule(cli, name, args) });

async function runModule(cli: Cli, name: string, args: readonly string[]): Promise<number> {
  const registry = registryFor([cli.cwd]);
  const module = await registry.get(name);
  if (module === undefined) throw new KvmnetError('usage', `unknown module "${name}"`);
  const { command, flags } = moduleCommand(cli, module);
  const words = withPlainSwitches(args, flags);
  const parsed = parseArguments(command, words);
  const [pattern, rest] = parsed.processedArgs;
  const settings = resolveSettings(cli, command, adHocSettings);
  const line = commandLine(['kvmnet', name, ...words]);
  const vault = await openVault(cli, settings, createAsk(cli));
  const playbook = adHocPlaybook({
    module,
    pattern,
    patternAt: line.wordAt(words.indexOf(pattern) + 2),
    parameters: givenParameters(
      command,
      module,
      flags,
      rest,
      line.flagValueAt,
      line.wordAt(words.indexOf(rest[0] ?? '', words.indexOf(pattern) + 1) + 2),
    ),
    at: line.wordAt(1),
    folder: cli.cwd,
    vault,
  });
  const inventory = await openInventory(cli, settings, { vault });
  return runAndReport(cli, { playbooks: [playbook], inventory, registry, vault, settings, showOutput: true });
}

/** The command of a module: its parameters as flags, and the flags of every run. */
export function moduleCommand(cli: Cli, module: AnyModule) {
  const shortForm = shortFormOf(module);
  const words = shortForm === undefined ? 'takes none' : `words that stand for --${shortForm}, best after --`;
  const base = createCommand(cli, module.name, `${module.summary}.`);
  const flags = moduleFlags(module, takenFlags(cli));
  for (const option of flagOptions(flags)) base.addOption(option.helpGroup('Parameters:'));
  const command = addSettings(base, adHocSettings)
    .argument('<pattern>', 'hosts, e.g. all, kvm, "kvm*:!kvm09"')
    .argument('[words...]', words);
  const [example] = examplesOf(module);
  const shown = example === undefined ? undefined : exampleCommand(module.name, example, shortForm);
  if (shown !== undefined) command.addHelpText('after', `\nExample:\n  ${shown}`);
  return { command, flags };
}

/** The flags that every ad-hoc command has, negated ones without their `no-`. */
function takenFlags(cli: Cli): ReadonlySet<string> {
  const { options } = addSettings(createCommand(cli, '', ''), adHocSettings);
  const long = options.flatMap((option) => option.long ?? []);
  return new Set(['--help', ...long, ...long.map((flag) => flag.replace(/^--no-/, '--'))]);
}

const shortFormOf = (module: AnyModule): string | undefined =>
  module.kind === 'action' ? module.shortForm : undefined;

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

type Given = ReadonlyMap<string, { readonly value: Json; readonly at: SourceLocation }>;

function givenParameters(
  command: Pick<Command, 'options' | 'getOptionValue' | 'getOptionValueSource'>,
  module: AnyModule,
  flags: readonly ModuleFlag[],
  rest: readonly string[],
  placeOf: (flag: string) => SourceLocation,
  end: SourceLocation,
): Given {
  const given = new Map<string, { readonly value: Json; readonly at: SourceLocation }>();
  for (const { flag, isSwitch, parameter } of flags) {
    const key = command.options.find(({ long }) => long === flag)?.attributeName();
    if (key === undefined || command.getOptionValueSource(key) !== 'cli') continue;
    const raw: unknown = command.getOptionValue(key);
    const value = isSwitch ? raw === true : flagValue(flag, parameter.schema, raw as readonly string[]);
    given.set(parameter.name, { value, at: placeOf(flag) });
  }
  const words = rest.join(' ');
  if (words === '') return given;
  const shortForm = shortFormOf(module);
  if (shortForm === undefined) {
    throw new KvmnetError('usage', `${module.name} takes no words after the pattern: "${words}"`, {
      at: end,
      hint: `give its parameters as flags; "kvmnet ${module.name} --help" lists them`,
    });
  }
  if (given.has(shortForm)) throw new KvmnetError('usage', `--${shortForm} and "${words}" say the same thing twice`);
  return given.set(shortForm, { value: words, at: end });
}
