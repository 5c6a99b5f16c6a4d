import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { registryFor } from '../modules.ts';
import { inventoryJsonSchema } from '../schema/inventory-schema.ts';
import { moduleJsonSchema } from '../schema/module-schema.ts';
import { playbookJsonSchema } from '../schema/playbook-schema.ts';
import { knownModule } from './doc.ts';

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const command = createCommand(
    cli,
    'schema',
    'Prints a JSON Schema, with which editors complete and check what one writes.',
  ).argument('[what]', 'playbook, inventory, or a module', 'playbook');
  const [what] = parseArguments(command, args).processedArgs;
  const registry = registryFor([cli.cwd]);
  const schema =
    what === 'playbook'
      ? await playbookJsonSchema(registry)
      : what === 'inventory'
        ? inventoryJsonSchema()
        : moduleJsonSchema(await knownModule(registry, what));
  cli.print(JSON.stringify(schema, null, 2));
  return 0;
}
