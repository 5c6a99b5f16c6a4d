import { missing, parseCpus, parseOvsdb, probe, probeScript, sh, type Probe } from '../../src/sdk/index.ts';

/** What the host has that DPDK needs. */
export interface Machine {
  /** Process of ovs-vswitchd; null: it does not run. */
  readonly pid: string | null;
  /** Version of DPDK that Open vSwitch is built with. */
  readonly dpdk: string | null;
  readonly online: readonly number[];
  readonly nodes: ReadonlyMap<number, { readonly cpus: readonly number[]; readonly freeMb: number }>;
  readonly iommu: boolean;
  /** Whether vfio takes devices without an IOMMU. */
  readonly unsafe: boolean;
  readonly devices: ReadonlyMap<string, Device>;
}
export interface Device {
  readonly driver: string | null;
  readonly node: number | null;
  readonly links: readonly string[];
}

const lookScript = sh`for f in /run/openvswitch /var/run/openvswitch; do
  if read -r p <"$f/ovs-vswitchd.pid" && [ -e "/proc/$p" ]; then echo "pid $p"; break; fi
done 2>/dev/null
ovs-vswitchd --version 2>/dev/null | while read -r l; do echo "version $l"; done
{ read -r o </sys/devices/system/cpu/online && echo "online $o"
for n in /sys/devices/system/node/node[0-9]*; do
  [ -e "$n" ] || continue
  i=\${n##*/node}
  read -r c <"$n/cpulist"; echo "node $i $c"
  for h in "$n"/hugepages/hugepages-*kB; do
    k=\${h##*hugepages-}
    if read -r f <"$h/free_hugepages"; then echo "free $i \${k%kB} $f"; fi
  done
done
for g in /sys/kernel/iommu_groups/*; do if [ -e "$g" ]; then echo iommu; break; fi; done
if read -r u </sys/module/vfio/parameters/enable_unsafe_noiommu_mode; then echo "unsafe $u"; fi
for a do
  d=/sys/bus/pci/devices/$a
  [ -e "$d" ] || continue
  l=$(readlink "$d/driver") || l=-
  read -r m <"$d/numa_node" || m=-1
  echo "pci $a \${l##*/} $m" $(ls "$d/net")
done; } 2>/dev/null
:`;

/** @param devices - PCI addresses */
export const machine = (devices: readonly string[]): Probe<Machine> =>
  probeScript(lookScript, devices, ({ stdout }) => parseMachine(stdout));

export function parseMachine(text: string): Machine {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const named = (kind: string): readonly (readonly string[])[] =>
    lines.flatMap(([word, ...rest]) => (word === kind ? [rest] : []));
  const nodes = named('node').map(([id, cpus = '']): [number, { cpus: readonly number[]; freeMb: number }] => {
    const pages = named('free').filter(([node]) => node === id);
    const freeMb = pages.reduce((sum, [, kb, count]) => sum + (Number(kb) * Number(count)) / 1024, 0);
    return [Number(id), { cpus: parseCpus(cpus), freeMb }];
  });
  return {
    pid: named('pid')[0]?.[0] ?? null,
    dpdk: named('version').find(([word]) => word === 'DPDK')?.[1] ?? null,
    online: parseCpus(named('online')[0]?.[0] ?? ''),
    nodes: new Map(nodes),
    iommu: named('iommu').length > 0,
    unsafe: /^[Y1]$/.test(named('unsafe')[0]?.[0] ?? ''),
    devices: new Map(
      named('pci').map(([address = '', driver = '-', node = '-1', ...links]) => [
        address,
        { driver: driver === '-' ? null : driver, node: Number(node) < 0 ? null : Number(node), links },
      ]),
    ),
  };
}

export interface Settings {
  readonly config: { readonly [key: string]: string };
  readonly marks: { readonly [key: string]: string };
  readonly initialized: boolean;
}

/** What is set for all of Open vSwitch. Null: not installed. */
export const settings: Probe<Settings | null> = probe(
  [
    'ovs-vsctl',
    '--timeout=10',
    '--format=json',
    '--columns=other_config,external_ids,dpdk_initialized',
    'list',
    'Open_vSwitch',
  ],
  (output) => {
    if (output.code === 127) return null;
    if (output.code !== 0 && /database connection failed|db\.sock/.test(output.stderr)) {
      throw missing(
        'Open vSwitch is not running',
        'start it: service: { name: openvswitch-switch, state: started } (openvswitch on RHEL)',
      );
    }
    const row = parseOvsdb(output)[0]?.[0];
    const map = (column: string): { readonly [key: string]: string } => {
      const value = row?.[column];
      return typeof value === 'object' && !Array.isArray(value) ? (value as { readonly [key: string]: string }) : {};
    };
    return { config: map('other_config'), marks: map('external_ids'), initialized: row?.['dpdk_initialized'] === true };
  },
);
