import { dirname, resolve } from 'node:path';
import { rehearse } from '../../engine/rehearse/rehearse.ts';
import { tagsAllow } from '../../engine/run/tags.ts';
import { loadPlaybook } from '../../playbook/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import { createAsk } from '../ask.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { readExtraVars } from '../extra-vars.ts';
import { hostLines, tagLines, taskLines } from '../list-tasks.ts';
import { registryFor } from '../modules.ts';
import { loadAll } from '../load-all.ts';
import { noteWarning, openInventory } from '../open-inventory.ts';
import { runAndReport, runOptions, type Run } from '../run-playbooks.ts';
import { addSettings } from '../settings/add-settings.ts';
import { playSettings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { openVault } from '../vault-secrets.ts';

export const build = (cli: Cli) => {
  const about = 'Plays playbooks: brings the hosts of an inventory into the state that they describe.';
  return addSettings(createCommand(cli, 'play', about), playSettings)
    .argument('<playbook...>', 'YAML files, played one after the other')
    .option('--syntax-check', 'find the mistakes in inventory and playbooks, connect to nothing')
    .option('--list-hosts', 'list the hosts of each play')
    .option('--list-tasks', 'list the tasks that would be played')
    .option('--list-tags', 'list the tags that there are');
};

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const parsed = parseArguments(build(cli), args);
  const [files] = parsed.processedArgs;
  const only = parsed.opts();
  const folder = dirname(resolve(cli.cwd, files[0] ?? ''));
  const journal = { command: ['kvmnet', 'play', ...args], folder, playbooks: files };
  const prepared = { ...(await prepare(cli, files, resolveSettings(cli, parsed, playSettings, folder))), journal };
  const { playbooks, inventory, settings, vault } = prepared;
  const selection = { tags: settings.tags ?? [], skipTags: settings.skip_tags ?? [], selected: tagsAllow };
  if (only.syntaxCheck === true) {
    // Without an inventory there are no hosts to think of.
    if (settings.inventory !== undefined) await rehearseOnly(cli, prepared);
    cli.print(`no mistakes in ${files.join(', ')}`);
    return 0;
  }
  if (only.listHosts === true) {
    const { values } = await readExtraVars(cli, settings.extra_vars, vault);
    const onWarning = noteWarning(cli);
    inventory.warnings.forEach(onWarning);
    cli.print(hostLines(playbooks, inventory, values, { limit: settings.limit, onWarning }));
  }
  if (only.listTasks === true) cli.print(taskLines(playbooks, selection));
  if (only.listTags === true) cli.print(tagLines(playbooks, selection));
  return (only.listHosts ?? only.listTasks ?? only.listTags ?? false) ? 0 : runAndReport(cli, prepared);
}

/** Reads everything that is needed. @throws DiagnosticsError with the mistakes of inventory and playbooks together */
async function prepare(cli: Cli, files: readonly string[], settings: Run['settings']): Promise<Run> {
  if (settings.exit_code === true && settings.check !== true) {
    throw new KvmnetError('usage', '--exit-code says what --check has found', { hint: 'add --check' });
  }
  const vault = await openVault(cli, settings, createAsk(cli));
  const paths = files.map((file) => resolve(cli.cwd, file));
  const folders = [...new Set(paths.map((path) => dirname(path)))];
  const registry = registryFor([cli.cwd, ...folders]);
  const [playbookDir = cli.cwd] = folders;
  const [inventory, playbooks] = await loadAll(
    openInventory(cli, settings, { vault, playbookDir, optional: true }),
    files.map((file) => loadPlaybook(file, { modules: registry, vault })),
    async (hosts, plays) => {
      if (settings.inventory === undefined) return;
      await rehearseOnly(cli, { playbooks: plays, inventory: hosts, registry, vault, settings });
    },
  );
  return { playbooks, inventory, registry, vault, settings };
}

/** Finds what is wrong with the plays on these hosts, and asks nobody for anything. */
async function rehearseOnly(cli: Cli, run: Run): Promise<void> {
  const { settings, vault } = run;
  const options = await runOptions(cli, { ...settings, ask_become_password: false }, vault, createAsk(cli));
  await rehearse({ ...run, options });
}
