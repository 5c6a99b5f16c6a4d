import { KvmnetError } from '../../util/errors.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { noteWarning, openInventory } from '../open-inventory.ts';
import { addSettings } from '../settings/add-settings.ts';
import { inventorySettings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';

export const build = (cli: Cli) => {
  const base = createCommand(cli, 'inventory', 'Shows an inventory as kvmnet understands it.');
  return addSettings(base, inventorySettings)
    .option('--list', 'all groups and variables, as JSON (what "ansible-inventory --list" prints)')
    .option('--graph', 'the groups as a tree')
    .option('--host <name>', 'the variables of one host, as JSON')
    .option('--hosts <pattern>', 'the names of the hosts that a pattern means');
};

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const command = parseArguments(build(cli), args);
  const options = command.opts();
  const asked = [options.list, options.graph, options.host, options.hosts].filter((value) => value !== undefined);
  if (asked.length !== 1) {
    throw new KvmnetError('usage', 'one of --list, --graph, --host and --hosts is needed', {
      hint: 'e.g. kvmnet inventory -i prod --graph',
    });
  }
  const settings = resolveSettings(cli, command, inventorySettings);
  const inventory = await openInventory(cli, settings);
  const onWarning = noteWarning(cli);
  inventory.warnings.forEach(onWarning);
  const { graphInventory, limitInventory, listInventory, showHost, showHosts } =
    await import('../../inventory/index.ts');
  const { limit } = settings;
  // A pattern takes the limit along itself.
  const limited =
    limit === undefined || options.hosts !== undefined ? inventory : limitInventory(inventory, { limit, onWarning });
  if (options.graph === true) cli.print(graphInventory(limited));
  else if (options.host !== undefined) cli.print(showHost(limited, options.host));
  else if (options.hosts === undefined) cli.print(listInventory(limited));
  else printLines(cli, showHosts(inventory, options.hosts, { limit, onWarning }));
  return 0;
}

function printLines(cli: Cli, text: string): void {
  if (text !== '') cli.print(text);
}
