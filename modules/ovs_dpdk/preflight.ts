import { missing, refuse } from '../../src/sdk/index.ts';
import type { Machine } from './look.ts';
import type { OvsDpdk } from './params.ts';
import { cpusOf, type Goal, type State } from './state.ts';

/** Their DPDK drivers work beside that of the kernel. */
const bifurcated: ReadonlySet<string | null> = new Set(['mlx5_core', 'mlx4_core', 'mana']);

export const pciOf = (device: string): string | undefined =>
  /^[\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}\.[0-7]/.exec(device)?.[0];

/**
 * What would make the start of DPDK fail, before anything is changed: with `init: true` such a start leaves the host without
 * its switch.
 * @throws KvmnetError
 */
export function preflight(p: OvsDpdk, host: Machine, now: State, goal: Goal): void {
  if (host.dpdk === null) {
    throw missing(
      'Open vSwitch on this host is built without DPDK',
      'install one that has it: package: { name: openvswitch-switch-dpdk }, and on Debian choose it: update-alternatives --set ovs-vswitchd /usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk (on RHEL openvswitch has it)',
    );
  }
  const [cores, polling] = [cpusOf(goal.cores), cpusOf(goal.pmd_cores)] as const;
  checkCores(cores, polling, host);
  checkMemory(goal.socket_mem ?? [], host, now);
  for (const { name, devargs } of p.ports) checkDevice(name, devargs, p, host, goal, polling);
}

function checkCores(cores: readonly number[], polling: readonly number[], host: Machine): void {
  const both = cores.filter((cpu) => polling.includes(cpu));
  if (both.length > 0)
    throw refuse(
      `core ${both.join(', ')} is in pmd_cores and in cores`,
      'a core that polls does nothing else: take it out of one of them',
    );
  const offline = [...cores, ...polling].filter((cpu) => !host.online.includes(cpu));
  if (offline.length > 0)
    throw refuse(`core ${offline.join(', ')} is not online on this host`, `it has ${host.online.join(', ')}`);
}

function checkMemory(wanted: readonly number[], host: Machine, now: State): void {
  wanted.forEach((mb, id) => {
    if (mb === 0) return;
    const node = host.nodes.get(id);
    if (node === undefined)
      throw refuse(
        `socket_mem asks for ${mb} MB on NUMA node ${id}, which this host does not have`,
        `it has ${host.nodes.size}`,
      );
    // What the running one holds comes back when it restarts.
    const free = node.freeMb + (now.initialized ? (now.socket_mem?.[id] ?? 0) : 0);
    if (free < mb) {
      throw refuse(
        `NUMA node ${id} has ${free} MB of free huge pages, and socket_mem asks for ${mb}`,
        `make more of them first: hugepages: { size: 1G, per_node: { ${id}: … } }`,
      );
    }
  });
}

function checkDevice(
  name: string,
  devargs: string,
  p: OvsDpdk,
  host: Machine,
  goal: Goal,
  polling: readonly number[],
): void {
  const address = pciOf(devargs);
  if (address === undefined) return;
  const device = host.devices.get(address);
  if (device === undefined) throw missing(`${name}: there is no PCI device ${address}`);
  if (!bifurcated.has(device.driver)) {
    if (device.driver !== 'vfio-pci') {
      throw refuse(
        `${name}: ${address} is bound to ${device.driver ?? 'no driver'}, and DPDK needs vfio-pci`,
        `bind it first: driver_bind: { device: "${address}", driver: vfio-pci }`,
      );
    }
    if (!host.iommu && !p.noiommu) {
      throw refuse(
        'this host has no IOMMU groups',
        'switch the IOMMU on: grub: { iommu: pt }, or accept devices that can reach all memory: noiommu: true',
      );
    }
    if (!host.iommu && !host.unsafe) {
      throw refuse(
        'vfio takes no devices without an IOMMU',
        'load it so: kernel_module: { name: vfio, params: { enable_unsafe_noiommu_mode: 1 } }',
      );
    }
  }
  if (device.node === null || host.nodes.size < 2) return;
  const node = device.node;
  const cpus = host.nodes.get(node)?.cpus ?? [];
  // A node may have memory only.
  if (polling.length > 0 && cpus.length > 0 && !polling.some((cpu) => cpus.includes(cpu))) {
    throw refuse(
      `${name}: ${address} is on NUMA node ${node}, and no core of pmd_cores is`,
      `add one of ${cpus.join(', ')}`,
    );
  }
  const memory = goal.socket_mem ?? null;
  if (memory !== null && (memory[node] ?? 0) === 0) {
    throw refuse(
      `${name}: ${address} is on NUMA node ${node}, where socket_mem takes no memory`,
      `give it some: the item ${node + 1} of socket_mem`,
    );
  }
}
