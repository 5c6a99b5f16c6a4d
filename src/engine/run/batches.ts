import type { Host } from '../../inventory/model.ts';
import type { Play, Serial } from '../../playbook/model.ts';

/**
 * Splits hosts as `serial` says: numbers, percentages of all hosts (at least one host each), or a list of which the last
 * entry repeats. No `serial`: all at once.
 */
export function batches<T>(hosts: readonly T[], serial: readonly Serial[]): readonly (readonly T[])[] {
  if (hosts.length === 0) return [];
  const sizes = serial.map((entry) => batchSize(entry, hosts.length));
  const result: T[][] = [];
  for (let start = 0, index = 0; start < hosts.length; index++) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? hosts.length;
    result.push(hosts.slice(start, start + size));
    start += size;
  }
  return result;
}

function batchSize(entry: Serial, all: number): number {
  const size = typeof entry === 'number' ? entry : Math.floor((Number.parseFloat(entry) / 100) * all);
  // Ansible takes 0 for "all"; a percentage that rounds down to nothing for one.
  return entry === 0 ? all : Math.max(1, size);
}

export function orderHosts(hosts: readonly Host[], order: Play['order']): readonly Host[] {
  const byName = (a: Host, b: Host): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  switch (order) {
    case 'reverse_inventory':
      return hosts.toReversed();
    case 'sorted':
      return hosts.toSorted(byName);
    case 'reverse_sorted':
      return hosts.toSorted(byName).toReversed();
    case 'shuffle':
      return hosts
        .map((host) => [Math.random(), host] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, host]) => host);
    default:
      return hosts;
  }
}
