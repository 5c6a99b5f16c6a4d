import type { ModuleCase } from '../module-case.ts';

export default {
  // A namespace holds no card with virtual functions: modules/sriov has an imitated one, test/vm a real one.
  examples: {},
  reboot: { not: 'a namespace holds no virtual functions: vm tier' },
  refuses: [
    { params: { pf: 'eth0', num_vfs: -1 }, says: 'sriov: num_vfs: expected a number of virtual functions: a whole number from 0 to 65535, not the number -1' },
    {
      params: { pf: 'eth0', num_vfs: 2, vfs: [{ id: 2, vlan: 1 }] },
      says: 'sriov: vfs[0]: there is no virtual function 2: 2 have the numbers 0 to 1',
    },
  ],
} satisfies ModuleCase;
