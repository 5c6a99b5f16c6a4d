import type { ModuleCase } from '../module-case.ts';
import { openVSwitch, openVSwitchService } from '../setups.ts';

const withBridge = 'ovs-vsctl --may-exist add-br ovs-br0 -- set Bridge ovs-br0 datapath_type=netdev';
const look = `ovs-vsctl port-to-br bond0; ovs-appctl bond/show bond0 | grep ^bond_mode; ovs-vsctl --columns=lacp,bond_updelay,other_config list Port bond0
for i in $(ovs-vsctl get Port bond0 interfaces | tr -d '[],'); do ovs-vsctl get Interface $i name; done | sort`;

export default {
  setup: `${openVSwitch}
${withBridge}`,
  examples: {
    'Two uplinks, one at a time': {
      look,
      shows: /^ovs-br0\nbond_mode: active-backup\nlacp +: \[\]\nbond_updelay +: 0\nother_config +: \{\}\neth1\neth2\n$/,
      spoil: 'ovs-vsctl set Port bond0 bond_mode=balance-slb',
    },
    'Both at once, with a switch that speaks LACP': {
      look,
      shows:
        /^ovs-br0\nbond_mode: balance-tcp\nlacp +: active\nbond_updelay +: 200\nother_config +: \{lacp-time=fast\}\neth1\neth2\n$/,
      spoil: 'ovs-vsctl set Port bond0 lacp=passive other_config:lacp-time=slow',
    },
    'No such bond': {
      setup: 'ovs-vsctl add-bond ovs-br0 bond0 eth1 eth2 bond_mode=balance-slb tag=5',
      look: `ovs-vsctl list-ports ovs-br0; ovs-vsctl --columns=bond_mode,tag list Port bond0 2>&1
for i in $(ovs-vsctl get Port bond0 interfaces 2>/dev/null | tr -d '[],'); do ovs-vsctl get Interface $i name; done | sort`,
      shows: 'ovs-vsctl: no row "bond0" in table Port\n',
      spoil: 'ovs-vsctl add-bond ovs-br0 bond0 eth1 eth2',
    },
  },
  reboot: ['Both at once, with a switch that speaks LACP'],
  rebootSetup: `${openVSwitchService}
${withBridge}`,
  // Those of the example are ports of others on that host.
  rebootParams: { interfaces: ['eth3', 'eth4'] },
  refuses: [
    {
      params: { bridge: 'ovs-br0', name: 'bond0', interfaces: ['eth1'] },
      says: 'ovs_bond: interfaces: a bond needs at least two interfaces: for one link use ovs_port',
    },
    {
      params: { bridge: 'ovs-br0', name: 'bond0', interfaces: ['eth1', 'eth2'], bond_mode: 'balance-tcp', lacp: 'off' },
      says: 'ovs_bond: lacp: balance-tcp works with LACP only: set lacp to active or passive',
    },
  ],
} satisfies ModuleCase;
