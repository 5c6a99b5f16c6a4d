import { KvmnetError } from '../../util/errors.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { openInventory } from '../open-inventory.ts';
import { addSettings } from '../settings/add-settings.ts';
import { sourceSettings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';

export const build = (cli: Cli) => {
  const base = createCommand(cli, 'inventory', 'Shows an inventory as kvmnet understands it.');
  return addSettings(base, sourceSettings)
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
  const inventory = await openInventory(cli, resolveSettings(cli, command, sourceSettings));
  const { graphInventory, listInventory, showHost, showHosts } = await import('../../inventory/index.ts');
  if (options.graph === true) cli.print(graphInventory(inventory));
  else if (options.host !== undefined) cli.print(showHost(inventory, options.host));
  else if (options.hosts === undefined) cli.print(listInventory(inventory));
  else printLines(cli, showHosts(inventory, options.hosts));
  return 0;
}

function printLines(cli: Cli, text: string): void {
  if (text !== '') cli.print(text);
}
