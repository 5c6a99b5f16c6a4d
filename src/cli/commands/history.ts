import { createPaint, wantsColour } from '../../report/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { allRuns, findRun } from '../journal/find-runs.ts';
import { historyLines } from '../journal/history-lines.ts';
import { runLines } from '../journal/run-lines.ts';
import { fatesOf } from '../journal/run-state.ts';
import { addSettings } from '../settings/add-settings.ts';
import { historySettings } from '../settings/definitions.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';

export const build = (cli: Cli) => {
  const about =
    'Lists the runs that have changed something, the last one at the end, or shows what one of them has changed.';
  return addSettings(createCommand(cli, 'history', about), historySettings)
    .argument('[run]', 'its id, the beginning of one, or "last"')
    .option('-n, --number <runs>', 'list only the last ones');
};

export function run(cli: Cli, args: readonly string[]): Promise<number> {
  const command = parseArguments(build(cli), args);
  const [word] = command.processedArgs;
  const settings = resolveSettings(cli, command, historySettings);
  const asJson = wantsJson(settings.report ?? []);
  const runs = allRuns(cli, settings.runs_dir);
  const fates = fatesOf(runs);
  const paint = createPaint(wantsColour(cli.colour, cli.stdout, cli.env));
  if (word !== undefined) {
    const found = findRun(runs, word);
    const lines = asJson
      ? found.lines.map((line) => JSON.stringify(line))
      : runLines(found, fates, { paint, verbosity: settings.verbose ?? 0 });
    cli.print(lines.join('\n'));
    return Promise.resolve(0);
  }
  const listed = runs.slice(-numberOf(command.opts().number, runs.length));
  if (asJson) for (const one of listed) cli.print(JSON.stringify({ ...one.begun, state: fates.stateOf(one) }));
  else if (listed.length === 0) cli.note('no run that has changed something is written down here');
  else cli.print(historyLines(listed, fates, paint).join('\n'));
  return Promise.resolve(0);
}

function wantsJson(report: readonly string[]): boolean {
  const other = report.find((kind) => kind !== 'jsonl' && kind !== 'lines');
  if (other !== undefined) {
    throw new KvmnetError('usage', `history cannot be reported as "${other}"`, { hint: 'it knows lines and jsonl' });
  }
  return report.includes('jsonl');
}

function numberOf(text: string | undefined, all: number): number {
  if (text === undefined) return Math.max(all, 1);
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new KvmnetError('usage', `--number ${text}: expected a number of runs`);
}
