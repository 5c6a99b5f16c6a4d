import { gatherFacts } from '../../engine/index.ts';
import { createPaint, formatError, wantsColour } from '../../report/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import { createAsk } from '../ask.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { exitCodeOfError, exitCodes } from '../exit-codes.ts';
import { watchInterrupts } from '../interrupts.ts';
import { noteWarning, openInventory } from '../open-inventory.ts';
import { runOptions, systemTransport } from '../run-playbooks.ts';
import { addSettings } from '../settings/add-settings.ts';
import { hostSettings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { openVault } from '../vault-secrets.ts';

export const build = (cli: Cli) => {
  const about = 'Prints what is known about hosts: one JSON object with the facts of each by its name.';
  return addSettings(createCommand(cli, 'facts', about), hostSettings).argument('<pattern>', 'hosts');
};

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const command = parseArguments(build(cli), args);
  const [pattern] = command.processedArgs;
  const settings = resolveSettings(cli, command, hostSettings);
  const ask = createAsk(cli);
  const vault = await openVault(cli, settings, ask);
  const inventory = await openInventory(cli, settings, { vault });
  const onWarning = noteWarning(cli);
  inventory.warnings.forEach(onWarning);
  const hosts = inventory.select(pattern, {
    limit: settings.limit,
    onWarning,
  });
  if (hosts.length === 0) throw new KvmnetError('inventory', `no host matches "${pattern}"`);
  const options = await runOptions(cli, settings, vault, ask);
  const interrupts = watchInterrupts((message) => cli.note(message));
  const transport = systemTransport(cli, (notice) => cli.note(notice));
  const gathered = await gatherFacts({ hosts, inventory, transport, vault, options, signal: interrupts.signal });
  interrupts.stop();

  const found = Array.from(gathered, ([name, result]) =>
    'facts' in result ? [[name, result.facts] as const] : [],
  ).flat();
  cli.print(JSON.stringify(Object.fromEntries(found), null, 2));
  const failures = [...gathered.values()].flatMap((result) => ('error' in result ? [result.error] : []));
  const paint = createPaint(wantsColour(cli.colour, cli.stderr, cli.env));
  for (const error of failures) cli.note(cli.redactor.redact(formatError(error, paint, settings.verbose ?? 0)));
  if (interrupts.signal.aborted) return exitCodes.interrupted;
  return Math.max(exitCodes.ok, ...failures.map((error) => exitCodeOfError(error)));
}
