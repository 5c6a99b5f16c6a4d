import type { Host } from '../../inventory/model.ts';
import { plainVars } from '../../lang/index.ts';
import type { Play } from '../../playbook/model.ts';
import { KvmnetError } from '../../util/errors.ts';
import type { RunInput } from './options.ts';

/**
 * The hosts of a play, in the inventory's order.
 * @throws KvmnetError for a pattern that means nothing
 */
export function selectHosts(
  { inventory, options }: Pick<RunInput, 'inventory' | 'options'>,
  { hosts }: Play,
  onWarning: (warning: KvmnetError) => void,
): readonly Host[] {
  const bound = hosts.bind(plainVars(options.extraVars));
  const pattern = Array.isArray(bound) ? bound.join(',') : bound;
  if (typeof pattern !== 'string') throw new KvmnetError('playbook', 'hosts needs a pattern', { at: hosts.at });
  return inventory.select(pattern, { limit: options.limit, at: hosts.at, onWarning });
}
