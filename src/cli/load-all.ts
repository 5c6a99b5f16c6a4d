import type { Inventory } from '../inventory/index.ts';
import { PlaybookMistakes } from '../playbook/index.ts';
import type { Playbook } from '../playbook/model.ts';
import { KvmnetError } from '../util/errors.ts';
import { allMistakes } from './all-mistakes.ts';

type Loaded = readonly [Inventory, readonly Playbook[]];

/**
 * Inventory and playbooks, as they are read. Where tasks have mistakes, what stands around them is gone through all the same,
 * so that an undefined variable is told together with a misspelt parameter.
 * @param rehearse - finds what is wrong with playbooks on the hosts of an inventory
 * @throws DiagnosticsError with all mistakes
 */
export async function loadAll(
  inventory: Promise<Inventory>,
  playbooks: readonly Promise<Playbook>[],
  rehearse: (inventory: Inventory, playbooks: readonly Playbook[]) => Promise<void>,
): Promise<Loaded> {
  try {
    return await allMistakes([inventory, allMistakes(playbooks)]);
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    const rest = await whatIsWhole(inventory, playbooks);
    if (rest !== undefined) await allMistakes([Promise.reject(error), rehearse(...rest)]);
    throw error;
  }
}

async function whatIsWhole(
  inventory: Promise<Inventory>,
  playbooks: readonly Promise<Playbook>[],
): Promise<Loaded | undefined> {
  const [hosts, ...plays] = await Promise.allSettled([inventory, ...playbooks]);
  if (hosts.status === 'rejected') return undefined;
  const rests = plays.map((result) => {
    if (result.status === 'fulfilled') return result.value;
    return result.reason instanceof PlaybookMistakes ? result.reason.rest : undefined;
  });
  return rests.every((rest) => rest !== undefined) ? [hosts.value, rests] : undefined;
}
