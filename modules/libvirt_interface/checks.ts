import { missing, refuse, xmlChild, xmlChildren, xmlText, type XmlElement } from '../../src/sdk/index.ts';
import { sourceOf, type LibvirtInterface } from './params.ts';
import type { SourceKind } from './probe.ts';
import type { Interface } from './read.ts';

/** Says no to a source that is not there, or is another thing than the type says. */
export function checkSource(p: LibvirtInterface, kind: SourceKind | undefined): void {
  const source = sourceOf(p) ?? '';
  if (kind === undefined) return;
  if (p.type === 'bridge') {
    if (kind === 'none')
      throw missing(`the bridge ${source} does not exist`, 'make it first, with bridge or ovs_bridge');
    if (kind === 'link' && p.virtualport !== 'openvswitch') {
      throw refuse(`${source} is no Linux bridge`, 'where it is one of Open vSwitch, add virtualport: openvswitch');
    }
    if (kind === 'bridge' && p.virtualport === 'openvswitch') {
      throw refuse(`${source} is a Linux bridge, none of Open vSwitch`, 'leave out virtualport');
    }
  }
  if (p.type === 'direct' && kind === 'none') throw missing(`the link ${source} does not exist`);
  if (p.type === 'network' && kind === 'none') {
    throw missing(`there is no network ${source} in libvirt`, 'define it first, with libvirt_network');
  }
  if (p.type !== 'hostdev') return;
  if (kind === 'none') throw missing(`there is no PCI device ${source}`, 'make the VFs first, with sriov');
  if (kind === 'pf')
    throw refuse(
      `${source} is no virtual function`,
      'give the address of a VF: sriov makes them, facts.net shows them',
    );
  if (kind === 'no-iommu') {
    throw refuse(
      `${source} is in no IOMMU group, so no guest can have it`,
      'switch the IOMMU on, in the firmware and with grub: { iommu: pt }, and reboot',
    );
  }
}

/** Says no to what the guest as a whole does not allow. */
export function checkGuest(
  p: LibvirtInterface,
  domain: XmlElement,
  wanted: Partial<Interface>,
  now: Interface | null,
): void {
  const queues = wanted.queues ?? 1;
  if (queues > 1) {
    const model = wanted.model ?? now?.model;
    if (model !== 'virtio') {
      throw refuse(
        `only virtio has several queues, not ${model ?? 'the card that libvirt chooses'}`,
        'add model: virtio',
      );
    }
    const vcpus = Number(xmlText(xmlChild(domain, 'vcpu')) ?? 1);
    if (queues > vcpus) {
      throw refuse(
        `${queues} queues are more than the ${vcpus} vCPU${vcpus === 1 ? '' : 's'} of ${p.domain}`,
        `ask for at most ${vcpus}, or give the guest more vCPUs`,
      );
    }
  }
  if (wanted.type === 'vhostuser' && !sharesMemory(domain)) {
    throw refuse(
      `${p.domain} has no shared memory, which vhostuser needs`,
      'give it some: libvirt_domain: memory_backing: { hugepages: yes, shared: yes }',
    );
  }
}

function sharesMemory(domain: XmlElement): boolean {
  const backing = xmlChild(domain, 'memoryBacking');
  if (xmlChild(backing, 'access')?.attributes['mode'] === 'shared') return true;
  const cells = xmlChildren(xmlChild(domain, 'cpu', 'numa'), 'cell');
  return cells.length > 0 && cells.every((cell) => cell.attributes['memAccess'] === 'shared');
}
