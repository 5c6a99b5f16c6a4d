import type { ModuleCase } from '../module-case.ts';

export default {
  // The links of a namespace have one queue and no rings: the vm tier has the real ones.
  examples: {
    'Packets as they are, for those who look at them': {
      look: "ethtool -k eth1 | grep -E '^(tcp|generic)-segmentation-offload'",
      shows: 'tcp-segmentation-offload: off\ngeneric-segmentation-offload: off\n',
      spoil: 'ethtool -K eth1 gso on',
    },
  },
  reboot: ['Packets as they are, for those who look at them'],
  refuses: [
    { params: { dev: 'eth0' }, says: 'ethtool: give channels, ring, coalesce, features, rps or xps' },
    { params: { dev: 'eth0', ring: { rx: -1 } }, says: 'ethtool: ring.rx: expected a number, or max: a whole number from 0 to 65535, not the number -1' },
  ],
} satisfies ModuleCase;
