import type { ModuleCase } from '../module-case.ts';
import { underlay } from '../setups.ts';

export default {
  setup: underlay,
  examples: {
    'A tenant network between three hypervisors, without multicast': {
      look: `ip -d -o link show vxlan100 | grep -o ' mtu [0-9]*\\|master [^ ]*\\|vxlan id [0-9]*\\|local [0-9.]*\\|dstport [0-9]*'
bridge fdb show dev vxlan100 | grep '^00:00:00:00:00:00' | grep -o 'dst [0-9.]*' | sort`,
      shows:
        ' mtu 1450\nmaster br-blue\nvxlan id 100\nlocal 10.0.1.1\ndstport 4789\ndst 10.0.1.2\ndst 10.0.1.3\n',
      spoil: 'bridge fdb del 00:00:00:00:00:00 dev vxlan100 dst 10.0.1.3; bridge fdb append 00:00:00:00:00:00 dev vxlan100 dst 10.0.1.9',
    },
    'A multicast group on the storage link, with jumbo frames': {
      setup: 'ip link set eth1 mtu 9000',
      look: `ip -d -o link show vxlan200 | grep -o ' mtu [0-9]*\\|vxlan id [0-9]*\\|group [0-9.]* dev [^ ]*\\|ttl [0-9]*\\|dstport [0-9]*'`,
      shows: ' mtu 8950\nvxlan id 200\ngroup 239.1.1.1 dev eth1\ndstport 4789\nttl 8\n',
      spoil: 'ip link set vxlan200 mtu 1400 down',
    },
    'No such tunnel': {
      setup: `ip link add br-blue type bridge; ip link add vxlan100 type vxlan id 100 local 10.0.1.1 dstport 4789
ip link set vxlan100 master br-blue up; bridge fdb append 00:00:00:00:00:00 dev vxlan100 dst 10.0.1.2`,
      look: 'ip -br link show vxlan100 2>&1',
      shows: 'Device "vxlan100" does not exist.\n',
      spoil: 'ip link add vxlan100 type vxlan id 5 dstport 4789',
    },
  },
  reboot: ['A tenant network between three hypervisors, without multicast', 'A multicast group on the storage link, with jumbo frames'],
  // Its underlay is that of the module link.
  rebootSetup: 'true',
  refuses: [
    { params: { name: 'vxlan100', vni: 16777216 }, says: 'vxlan: vni: expected a VNI: a whole number from 0 to 16777215, not the number 16777216' },
    {
      params: { name: 'vxlan100', vni: 1, ageing: 0 },
      says: 'vxlan: ageing: expected seconds (0 would not mean "for ever" to the kernel, but 300): a whole number from 1 to 4294967295, not the number 0',
    },
    {
      params: { name: 'vxlan100', vni: 1, group: '239.1.1.1' },
      says: 'vxlan: a multicast group needs dev: the link on which it is joined',
    },
  ],
} satisfies ModuleCase;
