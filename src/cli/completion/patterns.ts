import { createVault } from '../../lang/index.ts';
import type { Cli } from '../cli.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import type { Candidate } from './candidates.ts';

/** Hosts and groups of the inventory that the words name, or else the project: the last term of a pattern is completed. */
export async function patternCandidates(cli: Cli, words: readonly string[]): Promise<readonly Candidate[]> {
  const unset = { getOptionValue: () => undefined, getOptionValueSource: () => undefined };
  const sources = namedSources(words) ?? resolveSettings(cli, unset, ['inventory']).inventory ?? [];
  const { loadInventory } = await import('../../inventory/index.ts');
  const inventory = await loadInventory(sources, { cwd: cli.cwd, env: cli.env, vault: createVault([]) });
  const current = words.at(-1) ?? '';
  const [head = ''] = /^.*[:,][!&]?|^[!&]/.exec(current) ?? [];
  return [
    ...Array.from(inventory.groups.keys(), (name) => ({ word: head + name, about: 'group' })),
    ...Array.from(inventory.hosts.keys(), (name) => ({ word: head + name, about: 'host' })),
  ];
}

function namedSources(words: readonly string[]): readonly string[] | undefined {
  const named = words.slice(0, -1).flatMap((word, index) => {
    if (word === '-i' || word === '--inventory') return words[index + 1] ?? [];
    return /^--inventory=(.+)$/.exec(word)?.[1] ?? [];
  });
  return named.length === 0 ? undefined : named;
}
