import type { Inventory } from '../inventory/index.ts';
import type { Vault } from '../lang/index.ts';
import { KvmnetError, warningText } from '../util/errors.ts';
import { createAsk } from './ask.ts';
import type { Cli } from './cli.ts';
import type { Settings } from './settings/definitions.ts';
import { openVault } from './vault-secrets.ts';

interface OpenOptions {
  readonly vault?: Vault;
  readonly playbookDir?: string;
  readonly signal?: AbortSignal;
  /** Nothing but the machine itself where no inventory is named. */
  readonly optional?: boolean;
}

/** The inventory of `-i`. @throws KvmnetError code `usage` where none is named */
export async function openInventory(cli: Cli, settings: Settings, options: OpenOptions = {}): Promise<Inventory> {
  const sources = settings.inventory ?? [];
  if (sources.length === 0 && options.optional !== true) {
    throw new KvmnetError('usage', 'no inventory was given', {
      hint: 'name one with -i, e.g. -i prod or -i host1,host2, or set "inventory" in kvmnet.yml',
    });
  }
  const vault = options.vault ?? (await openVault(cli, settings, createAsk(cli)));
  const { loadInventory } = await import('../inventory/index.ts');
  const { playbookDir, signal } = options;
  const inventory = await loadInventory(sources, { cwd: cli.cwd, env: cli.env, vault, playbookDir, signal });
  hidePasswords(cli, inventory);
  return inventory;
}

/** Tells what of an inventory, or of a pattern, is probably not meant as it is: for what shows hosts and runs nothing. */
export const noteWarning =
  (cli: Cli) =>
  (warning: KvmnetError): void =>
    cli.note(`warning: ${warningText(warning)}`);

const passwordName = /^(?:kvmnet|ansible)_(?:ssh_|become_|sudo_|su_)?(?:pass|password|private_key_passphrase)$/;
/** Hiding a short word would hide half of every report. */
const shortestHidden = 8;

/** Passwords that stand in the inventory as they are. */
function hidePasswords(cli: Cli, inventory: Inventory): void {
  for (const host of inventory.hosts.values()) {
    for (const { values } of host.layers) {
      for (const [name, node] of values) {
        if (!passwordName.test(name) || node.kind !== 'scalar' || node.tag !== undefined) continue;
        if (node.text.length >= shortestHidden && !node.text.includes('{{')) cli.redactor.add(node.text);
      }
    }
  }
}
