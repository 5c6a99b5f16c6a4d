import type { Json, JsonObject } from '../../util/json.ts';
import { parseInterfaces } from './interfaces.ts';

/** The lines of the facts snippet, by section, without the section's name. */
export type Sections = ReadonlyMap<string, readonly (readonly string[])[]>;

/** Turns what the facts snippet printed into `facts`. Pure; what a host does not tell is left out or null. */
export function parseFacts(output: string): JsonObject {
  const sections = split(output);
  const one = (name: string): string | undefined => sections.get(name)?.[0]?.[0];
  const cpu = fields(sections, 'cpu', /\s*:\s*/);
  const flags = (cpu.get('flags') ?? cpu.get('Features') ?? '').split(' ').filter((flag) => flag !== '');
  const net = parseInterfaces(sections);
  return {
    hostname: one('hostname') ?? null,
    user: one('user') ?? null,
    os: parseOs(fields(sections, 'os', /=/)),
    kernel: {
      release: one('kernel') ?? null,
      version: one('kernel_version') ?? null,
      cmdline: one('cmdline') ?? '',
      args: (one('cmdline') ?? '').split(/\s+/).filter((word) => word !== ''),
    },
    boot_id: one('boot_id') ?? null,
    uptime: Math.floor(Number((one('uptime') ?? '0').split(' ')[0])),
    architecture: one('arch') ?? null,
    cpu: {
      count: cpuCount(one('cpus_online') ?? one('cpus_possible') ?? '0'),
      online: one('cpus_online') ?? null,
      possible: one('cpus_possible') ?? null,
      isolated: one('cpus_isolated') ?? '',
      vendor: vendor(cpu.get('vendor_id') ?? ''),
      model: cpu.get('model name') ?? null,
      flags,
      virtualization: flags.includes('vmx') ? 'vmx' : flags.includes('svm') ? 'svm' : null,
    },
    numa: numaNodes(sections),
    memory: memory(sections),
    hugepages: hugepages(sections.get('huge') ?? []),
    net,
    bridges: bridges(sections),
    iommu: { groups: Number(one('iommu_groups') ?? 0) },
    virtualization: { type: one('virt') ?? 'unknown', container: one('container') ?? null },
    system: { vendor: one('vendor') ?? null, product: one('product') ?? null },
    init: sections.has('systemd') ? 'systemd' : (one('init') ?? null),
    ostree: sections.has('ostree'),
    bootloader: one('bootloader') ?? null,
    package_manager: packageManager(one('package_manager')),
    default_interface: { ipv4: defaultRoute(sections, 'route4', net), ipv6: defaultRoute(sections, 'route6', net) },
  };
}

function split(output: string): Sections {
  const sections = new Map<string, string[][]>();
  for (const line of output.split('\n')) {
    const [name, ...rest] = line.split('\t');
    if (name === undefined || name === '') continue;
    const known = sections.get(name);
    if (known === undefined) sections.set(name, [rest]);
    else known.push(rest);
  }
  return sections;
}

/** Lines such as `key: value` of a section; the first of each key counts. */
function fields(sections: Sections, name: string, separator: RegExp): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const row of sections.get(name) ?? []) {
    const line = row.join('\t');
    const at = separator.exec(line);
    if (at === null) continue;
    const key = line.slice(0, at.index).trim();
    if (!found.has(key)) found.set(key, line.slice(at.index + at[0].length).trim());
  }
  return found;
}

// A map, not an object: a host may call itself `constructor`.
const families: ReadonlyMap<string, string> = new Map(
  Object.entries({
    debian: 'debian',
    ubuntu: 'debian',
    rhel: 'redhat',
    fedora: 'redhat',
    centos: 'redhat',
    rocky: 'redhat',
    almalinux: 'redhat',
    suse: 'suse',
    opensuse: 'suse',
    sles: 'suse',
    alpine: 'alpine',
    arch: 'arch',
  }),
);

// os-release(5): values may be quoted as in a shell.
function parseOs(release: ReadonlyMap<string, string>): JsonObject {
  const text = (key: string): string =>
    (release.get(key) ?? '').replace(/^(["'])(.*)\1$/, '$2').replace(/\\(["$`\\])/g, '$1');
  const id = text('ID');
  const like = [id, ...text('ID_LIKE').split(/\s+/)];
  return {
    id,
    family:
      like.map((name) => families.get(name)).find((family) => family !== undefined) ?? (id === '' ? 'unknown' : id),
    name: text('PRETTY_NAME') || text('NAME'),
    version: text('VERSION_ID'),
    major: Number.parseInt(text('VERSION_ID'), 10) || null,
    codename: text('VERSION_CODENAME') || null,
  };
}

const vendors: ReadonlyMap<string, string> = new Map([
  ['GenuineIntel', 'intel'],
  ['AuthenticAMD', 'amd'],
  ['HygonGenuine', 'hygon'],
]);

const vendor = (id: string): string | null => vendors.get(id) ?? (id === '' ? null : id);

const cpuCount = (list: string): number =>
  list
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [from = 0, to = from]) => sum + (to - from + 1), 0);

const kilobytes = (text: string | undefined): number => Math.floor(Number.parseInt(text ?? '0', 10) / 1024);

function memory(sections: Sections): JsonObject {
  const info = fields(sections, 'mem', /:\s*/);
  return {
    total_mb: kilobytes(info.get('MemTotal')),
    available_mb: kilobytes(info.get('MemAvailable')),
    swap_mb: kilobytes(info.get('SwapTotal')),
    hugepage_size_kb: Number.parseInt(info.get('Hugepagesize') ?? '0', 10),
  };
}

function numaNodes(sections: Sections): Json {
  const nodes = new Map<string, { cpus: string; memory_mb: number; huge: string[][] }>();
  for (const [id = '', field, value = '', count = ''] of sections.get('node') ?? []) {
    const node = nodes.get(id) ?? { cpus: '', memory_mb: 0, huge: [] };
    if (field === 'cpus') node.cpus = value;
    if (field === 'mem') node.memory_mb = kilobytes(/MemTotal:\s+(\d+)/.exec(value)?.[1]);
    if (field === 'huge_total' || field === 'huge_free') node.huge.push([value, field.slice(5), count]);
    nodes.set(id, node);
  }
  return [...nodes]
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([id, { cpus, memory_mb, huge }]) => ({ id: Number(id), cpus, memory_mb, hugepages: hugepages(huge) }));
}

/** Rows `2048kB total 512` as `{ 2M: { total: 512, free: … } }`. */
function hugepages(rows: readonly (readonly string[])[]): JsonObject {
  const sizes = new Map<string, Map<string, number>>();
  for (const [text = '', field = '', value] of rows) {
    const kb = Number.parseInt(text, 10);
    const name = kb >= 1 << 20 ? `${kb >> 20}G` : kb >= 1024 ? `${kb >> 10}M` : `${kb}K`;
    const size = sizes.get(name) ?? new Map<string, number>();
    sizes.set(name, size.set(field, Number(value)));
  }
  return Object.fromEntries([...sizes].map(([name, fields]) => [name, Object.fromEntries(fields)]));
}

function bridges(sections: Sections): JsonObject {
  const rows = sections.get('net') ?? [];
  const names = rows.filter(([, field]) => field === 'bridge').map(([name = '']) => name);
  const ports = (bridge: string): string[] =>
    rows.filter(([name, field]) => name === bridge && field === 'port').map(([, , port = '']) => port);
  return Object.fromEntries(names.map((name) => [name, { ports: ports(name) }]));
}

const packageManager = (found: string | undefined): string | null => (found === 'apt-get' ? 'apt' : (found ?? null));

function defaultRoute(sections: Sections, name: string, net: JsonObject): Json {
  const text = (sections.get('json') ?? []).find(([section]) => section === name)?.[1] ?? '';
  const dev = /"dev":"([^"]+)"/.exec(text)?.[1];
  if (dev === undefined || !Object.hasOwn(net, dev)) return null;
  return { name: dev, gateway: /"gateway":"([^"]+)"/.exec(text)?.[1] ?? null };
}
