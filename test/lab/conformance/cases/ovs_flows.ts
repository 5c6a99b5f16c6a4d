import type { ModuleCase } from '../module-case.ts';
import { openVSwitch, openVSwitchService } from '../setups.ts';

const chain = `ovs-vsctl --may-exist add-br br-sfc -- set Bridge br-sfc datapath_type=netdev
for i in 1 2 3 4; do ovs-vsctl --may-exist add-port br-sfc port$i -- set Interface port$i type=internal ofport_request=$i; done`;
const look = 'ovs-ofctl --no-stats --no-names dump-flows br-sfc | sort';

export default {
  setup: `${openVSwitch}
${chain}`,
  examples: {
    'A chain through one virtual network function, and back': {
      look,
      shows: /^(?=[^]* in_port=1 actions=output:2\n)(?=[^]* in_port=3 actions=output:4\n)(?=[^]* in_port=4 actions=output:3\n)(?=[^]* in_port=2 actions=output:1\n)(?=[^]* priority=0 actions=NORMAL\n)(?:.*\n){5}$/,
      spoil: 'ovs-ofctl del-flows br-sfc in_port=3; ovs-ofctl mod-flows br-sfc in_port=1,actions=drop',
    },
    'All flows with a cookie of ours, and no others with it': {
      setup: "ovs-ofctl add-flow br-sfc 'cookie=0x6b76,priority=7,udp,actions=drop'; ovs-ofctl add-flow br-sfc 'priority=8,arp,actions=NORMAL'",
      look,
      shows: ` cookie=0x6b76, priority=0 actions=drop
 cookie=0x6b76, priority=100,tcp,tp_dst=80 actions=output:2
 priority=8,arp actions=NORMAL
`,
      spoil: "ovs-ofctl add-flow br-sfc 'cookie=0x6b76,priority=9,icmp,actions=drop'; ovs-ofctl --strict del-flows br-sfc priority=100,tcp,tp_dst=80",
    },
    'None of our flows': {
      setup: "ovs-ofctl add-flow br-sfc 'cookie=0x6b76,priority=7,udp,actions=drop'; ovs-ofctl add-flow br-sfc 'cookie=0x6b76,priority=8,tcp,actions=output:1'",
      look,
      shows: ' priority=0 actions=NORMAL\n',
      spoil: "ovs-ofctl add-flow br-sfc 'cookie=0x6b76,priority=9,icmp,actions=drop'",
    },
  },
  reboot: ['A chain through one virtual network function, and back'],
  rebootSetup: `${openVSwitchService}
${chain}`,
  refuses: [
    { params: { bridge: 'br-sfc', flows: ['in_port=1'] }, says: '"in_port=1" has no actions: end it with actions=…, e.g. actions=drop' },
    { params: { bridge: 'br-sfc', state: 'exact', flows: [] }, says: 'ovs_flows: exact needs to know which flows are yours: give them a cookie, or say owned: yes' },
  ],
} satisfies ModuleCase;
