import type { ModuleCase } from '../module-case.ts';

export default {
  // Huge pages are the machine's own: the vm tier has an Open vSwitch with DPDK.
  examples: {},
  reboot: { not: 'DPDK needs huge pages of its own: vm tier' },
  refuses: [
    { params: { init: true, pmd_cores: '3-1' }, says: 'ovs_dpdk: pmd_cores: "3-1" is no range of CPUs' },
    { params: { socket_mem: [-1] }, says: 'ovs_dpdk: socket_mem[0]: expected a whole number from 0 to 1048576, not the number -1' },
  ],
} satisfies ModuleCase;
