import type { Cli } from '../cli.ts';
import { candidates } from '../completion/candidates.ts';

/** What the completion scripts call with the words so far, the unfinished one last: one candidate a line. */
export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const words = args[0] === '--' ? args.slice(1) : args;
  // Nobody reads an error in the middle of a command line: then there is just nothing to offer.
  const found = await candidates(cli, words).catch(() => []);
  if (found.length > 0) cli.print(found.map(({ word, about = '' }) => `${word}\t${about}`).join('\n'));
  return 0;
}
