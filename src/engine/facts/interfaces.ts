import type { Json, JsonObject } from '../../util/json.ts';
import { isObject } from '../../util/json.ts';
import type { Sections } from './parse.ts';

const pciAddress = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** `facts.net`: every interface by name. `speed` in Mbit/s, null while unknown (a link that is down). */
export function parseInterfaces(sections: Sections): JsonObject {
  const addresses = parseAddresses(sections);
  const rows = new Map<string, Map<string, string>>();
  for (const [name = '', field = '', value = ''] of sections.get('net') ?? []) {
    const known = rows.get(name) ?? new Map<string, string>();
    known.set(field, value);
    rows.set(name, known);
  }
  return Object.fromEntries([...rows].map(([name, row]) => [name, describe(name, row, addresses.get(name) ?? [])]));
}

function describe(name: string, row: ReadonlyMap<string, string>, addresses: readonly JsonObject[]): JsonObject {
  const number = (field: string): number | null => (row.has(field) ? Number(row.get(field)) : null);
  const speed = number('speed');
  const numa = number('numa_node');
  return {
    name,
    mac: row.get('address') ?? null,
    mtu: number('mtu'),
    state: row.get('operstate') ?? 'unknown',
    speed: speed === null || speed < 0 ? null : speed,
    driver: row.get('driver') ?? null,
    // The device of a virtio interface is `virtio0`; the PCI function is the nearest one above it.
    pci: (row.get('device') ?? '').split('/').findLast((part) => pciAddress.test(part)) ?? null,
    numa_node: numa === null || numa < 0 ? null : numa,
    master: row.get('master') ?? null,
    sriov_totalvfs: number('sriov_totalvfs') ?? 0,
    sriov_numvfs: number('sriov_numvfs') ?? 0,
    is_vf: row.has('vf'),
    queues: { rx: number('rx_queues') ?? 0, tx: number('tx_queues') ?? 0 },
    addresses,
    ipv4: pick(addresses, 4),
    ipv6: pick(addresses, 6),
  };
}

const pick = (addresses: readonly JsonObject[], family: number): Json =>
  addresses.filter((a) => a['family'] === family && a['scope'] === 'global').map((a) => a['address'] ?? null);

/** Addresses by interface, from `ip -j addr show`; none where iproute2 is missing. */
function parseAddresses(sections: Sections): ReadonlyMap<string, readonly JsonObject[]> {
  const text =
    (sections.get('json') ?? [])
      .find(([name]) => name === 'addr')
      ?.slice(1)
      .join('\t') ?? '';
  const found = new Map<string, readonly JsonObject[]>();
  for (const link of parseList(text)) {
    if (!isObject(link) || typeof link['ifname'] !== 'string' || !Array.isArray(link['addr_info'])) continue;
    found.set(link['ifname'], link['addr_info'].flatMap(describeAddress));
  }
  return found;
}

function describeAddress(info: unknown): readonly JsonObject[] {
  if (!isObject(info) || typeof info['local'] !== 'string') return [];
  const { local, prefixlen, family, scope } = info;
  return [
    {
      address: local,
      prefix: Number(prefixlen),
      family: family === 'inet6' ? 6 : 4,
      scope: typeof scope === 'string' ? scope : 'global',
    },
  ];
}

function parseList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
