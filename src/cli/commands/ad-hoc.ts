import { KvmnetError } from '../../util/errors.ts';
import { adHocPlaybook } from '../ad-hoc-playbook.ts';
import { createAsk } from '../ask.ts';
import type { Cli, CommandModule } from '../cli.ts';
import { registryFor } from '../modules.ts';
import { noteWarning, openInventory } from '../open-inventory.ts';
import { moduleArguments } from '../parameters/module-arguments.ts';
import { moduleCommand } from '../parameters/module-command.ts';
import { runAndReport } from '../run-playbooks.ts';
import { adHocSettings, type Settings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { openVault } from '../vault-secrets.ts';

/** `kvmnet MODULE PATTERN`: one task on some hosts. Undefined where there is no module of that name. */
export function adHocCommand(cli: Cli, name: string): CommandModule | undefined {
  const registry = registryFor([cli.cwd]);
  if (!registry.names().includes(name)) return undefined;
  const load = async () => {
    const module = await registry.get(name);
    if (module === undefined) throw new KvmnetError('usage', `unknown module "${name}"`);
    return module;
  };
  return {
    build: async () => moduleCommand(cli, await load()).command,
    async run(_, args) {
      const module = await load();
      const { command, ...given } = moduleArguments(cli, module, args);
      const settings = resolveSettings(cli, command, adHocSettings);
      if (command.opts().listHosts === true) return await listHosts(cli, given.pattern, settings);
      const vault = await openVault(cli, settings, createAsk(cli));
      const playbooks = [adHocPlaybook({ module, folder: cli.cwd, vault, ...given })];
      const inventory = await openInventory(cli, settings, { vault });
      // What only asks leaves nothing to be looked up.
      const asks = module.kind === 'action' && module.effect === 'none';
      const journal = asks ? undefined : { command: ['kvmnet', name, ...args], folder: cli.cwd, playbooks: [] };
      return runAndReport(cli, { playbooks, inventory, registry, vault, settings, showOutput: true, journal });
    },
  };
}

async function listHosts(cli: Cli, pattern: string, settings: Settings): Promise<number> {
  const inventory = await openInventory(cli, settings);
  const onWarning = noteWarning(cli);
  inventory.warnings.forEach(onWarning);
  const { showHosts } = await import('../../inventory/index.ts');
  const hosts = showHosts(inventory, pattern, { limit: settings.limit, onWarning });
  if (hosts !== '') cli.print(hosts);
  return 0;
}

export const moduleNames = (cli: Cli): readonly string[] => registryFor([cli.cwd]).names();
