import type { ModuleCase } from '../module-case.ts';

export default {
  // A namespace holds no PCI devices of its own: the vm tier does.
  examples: {},
  reboot: { not: 'a namespace holds no PCI devices of its own: vm tier' },
  refuses: [
    { params: { driver: 'vfio-pci' }, says: 'driver_bind: give device, devices or ids' },
    { params: { device: 'nonsense/x', driver: 'vfio-pci' }, says: 'driver_bind: device: "nonsense/x" is no device: give a PCI address ("05:00.0"), or a virtual function as "eth0/3"; an interface has no name any more once it is bound to vfio-pci' },
  ],
} satisfies ModuleCase;
