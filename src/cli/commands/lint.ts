import type { Cli } from '../cli.ts';
import { KvmnetError } from '../../util/errors.ts';
import { allMistakes } from '../all-mistakes.ts';
import { createAsk } from '../ask.ts';
import { createCommand, parseArguments } from '../command.ts';
import { checkFile, lintTargets } from '../lint/lint-targets.ts';
import { registryFor } from '../modules.ts';
import { addSettings } from '../settings/add-settings.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { openVault } from '../vault-secrets.ts';

const settings = ['vault_id', 'vault_password_file', 'verbose'] as const;

export const build = (cli: Cli) => {
  const about = 'Finds the mistakes in playbooks, roles and inventories that can be seen without a host.';
  const base = addSettings(createCommand(cli, 'lint', about), settings);
  return base.argument('<path...>', 'files, or folders with all that is in them');
};

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const command = parseArguments(build(cli), args);
  const [paths] = command.processedArgs;
  const vault = await openVault(cli, resolveSettings(cli, command, settings), createAsk(cli));
  const targets = paths.flatMap((path) => lintTargets(cli.cwd, path));
  if (targets.length === 0) {
    throw new KvmnetError('usage', `${paths.join(', ')}: no playbook, role or inventory there`);
  }
  const folders = [...new Set(targets.map(({ folder }) => folder))];
  const registry = registryFor([cli.cwd, ...folders]);
  await allMistakes(targets.map((target) => checkFile(target, { cwd: cli.cwd, env: cli.env, registry, vault })));
  const count = (kind: string, many: string): string[] => {
    const n = targets.filter((target) => target.kind === kind).length;
    return n === 0 ? [] : [`${n} ${n === 1 ? kind : many}`];
  };
  cli.print(
    `no mistakes: ${[...count('playbook', 'playbooks'), ...count('role', 'roles'), ...count('inventory', 'inventories')].join(', ')}`,
  );
  return 0;
}
