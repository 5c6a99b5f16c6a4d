import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { runUndo, type JournalledChange } from '../../engine/index.ts';
import type { Inventory } from '../../inventory/index.ts';
import type { Host } from '../../inventory/model.ts';
import { KvmnetError } from '../../util/errors.ts';
import { createAsk } from '../ask.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { allRuns, findRun } from '../journal/find-runs.ts';
import type { RecordedRun } from '../journal/read-run.ts';
import { fatesOf, resultsOf, type Fates } from '../journal/run-state.ts';
import { registryFor } from '../modules.ts';
import { openInventory } from '../open-inventory.ts';
import { reportOn, runOptions } from '../run-playbooks.ts';
import { addSettings } from '../settings/add-settings.ts';
import { undoSettings, type Settings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { openVault } from '../vault-secrets.ts';

export const build = (cli: Cli) => {
  const about = 'Takes back what a run has changed: on each host the last change first, as it was before the run.';
  return addSettings(createCommand(cli, 'undo', about), undoSettings)
    .argument('<run>', 'its id, the beginning of one, or "last"; "kvmnet history" lists them')
    .option('--force', 'also where hosts have been changed since, and past what cannot be taken back');
};

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const command = parseArguments(build(cli), args);
  const [word] = command.processedArgs;
  const given = resolveSettings(cli, command, undoSettings);
  if (given.exit_code === true && given.check !== true) {
    throw new KvmnetError('usage', '--exit-code says what --check has found', { hint: 'add --check' });
  }
  const runs = allRuns(cli, given.runs_dir);
  const taken = findRun(runs, word);
  const changes = changesOf(taken, fatesOf(runs), command.opts().force === true);
  if (changes.length === 0) {
    cli.note(`run ${taken.id} has changed nothing that could still be taken back`);
    return 0;
  }
  const settings: Settings = { ...ownInventory(cli, taken), ...given };
  const ask = createAsk(cli);
  const vault = await openVault(cli, settings, ask);
  const folders = (taken.begun?.playbooks ?? []).map((file) => dirname(resolve(taken.begun?.folder ?? '', file)));
  const [playbookDir] = folders.filter((folder) => existsSync(folder));
  const inventory = await openInventory(cli, settings, {
    vault,
    optional: true,
    ...(playbookDir === undefined ? {} : { playbookDir }),
  });
  const hosts = hostsOf(changes, inventory, settings.limit);
  const options = await runOptions(cli, settings, vault, ask);
  const journal = {
    command: ['kvmnet', 'undo', ...args],
    folder: cli.cwd,
    playbooks: taken.begun?.playbooks ?? [],
    undoes: taken.id,
    runs: taken.folder,
  };
  const registry = registryFor([cli.cwd, ...folders]);
  const force = command.opts().force === true;
  const hide = (secrets: readonly string[]): void => {
    for (const secret of secrets) for (const form of [secret, plainForm(secret)]) cli.redactor.add(form);
  };
  return reportOn(cli, { settings, options, inventory, journal }, (surroundings) =>
    runUndo({ run: taken.id, changes, hosts, force, hide, inventory, registry, vault, options, ...surroundings }),
  );
}

/** A secret may have been found in the form that it has inside of JSON. */
const plainForm = (secret: string): string => {
  try {
    return String(JSON.parse(`"${secret}"`));
  } catch {
    return secret;
  }
};

/** What can be taken back, and what is told that it cannot. @throws KvmnetError while the run goes on */
function changesOf(run: RecordedRun, fates: Fates, force: boolean): readonly JournalledChange[] {
  if (fates.stateOf(run) === 'running' && !force) {
    throw new KvmnetError('usage', `run ${run.id} is still running`, { hint: 'wait for its end, or stop it first' });
  }
  const results = resultsOf(run);
  const changes = run.intents
    .filter(({ change }) => !fates.isUndone(run.id, change))
    .map((intent): JournalledChange => {
      const result = results.get(intent.change);
      const settled =
        (result?.status === 'changed' || result?.status === 'ok') && result.begun.at(-1) === intent.change;
      return { ...intent, settled };
    });
  return changes.some(({ undo }) => 'sha256' in undo) ? changes : [];
}

/** The inventory that the run had, where its name means the same. */
const ownInventory = (cli: Cli, { begun }: RecordedRun): Pick<Settings, 'inventory'> =>
  begun !== undefined && begun.folder === cli.cwd && begun.inventory.length > 0 ? { inventory: begun.inventory } : {};

/** @throws KvmnetError where a host of the run is not in the inventory */
function hostsOf(
  changes: readonly JournalledChange[],
  inventory: Inventory,
  limit: string | undefined,
): readonly Host[] {
  const wanted = limit === undefined ? undefined : new Set(inventory.select('all', { limit }).map(({ name }) => name));
  const names = [...new Set(changes.map(({ host }) => host))].filter((name) => wanted?.has(name) ?? true);
  const unknown = names.filter((name) => inventory.host(name) === undefined);
  if (unknown.length > 0) {
    throw new KvmnetError('inventory', `not in this inventory: ${unknown.join(', ')}, which the run has changed`, {
      hint: 'name the inventory of the run with -i, or leave hosts out with -l',
    });
  }
  if (names.length === 0) throw new KvmnetError('usage', `the run has changed no host that "${limit ?? ''}" means`);
  return names.flatMap((name) => inventory.host(name) ?? []);
}
