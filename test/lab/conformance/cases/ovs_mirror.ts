import type { ModuleCase } from '../module-case.ts';
import { openVSwitch, openVSwitchService } from '../setups.ts';

const withPorts = `ovs-vsctl --may-exist add-br ovs-br0 -- set Bridge ovs-br0 datapath_type=netdev
for p in vnet0 ids0; do ovs-vsctl --may-exist add-port ovs-br0 $p -- set Interface $p type=internal; done`;
// The ports by name; the database refers to them by identifiers.
const names = (column: string): string =>
  `for i in $(ovs-vsctl --bare --columns=${column} list Mirror); do echo "${column} $(ovs-vsctl get Port $i name)"; done`;
const look = `ovs-vsctl --bare --columns=name,select_all,select_vlan,output_vlan,snaplen list Mirror
${['select_src_port', 'select_dst_port', 'output_port'].map(names).join('\n')}
ovs-vsctl get Bridge ovs-br0 mirrors | grep -c '[0-9a-f]'`;

export default {
  setup: `${openVSwitch}
${withPorts}`,
  examples: {
    'All that a virtual machine sends and gets, for an analyser': {
      look,
      shows: /^tap-web1\nfalse\n\n\n\nselect_src_port vnet0\nselect_dst_port vnet0\noutput_port ids0\n1\n$/,
      spoil: 'ovs-vsctl clear Mirror tap-web1 select_dst_port',
    },
    'Headers of two VLANs, into a VLAN of their own': {
      look,
      shows: /^span\ntrue\n10 20\n999\n128\n1\n$/,
      spoil: 'ovs-vsctl set Mirror span output_vlan=998 snaplen=64',
    },
    'No such mirror': {
      setup:
        'ovs-vsctl -- --id=@p get Port vnet0 -- --id=@m create Mirror name=span select_src_port=@p output_vlan=7 -- set Bridge ovs-br0 mirrors=@m',
      look,
      shows: '0\n',
      spoil: 'ovs-vsctl -- --id=@m create Mirror name=span select_all=true output_vlan=8 -- set Bridge ovs-br0 mirrors=@m',
    },
  },
  reboot: ['Headers of two VLANs, into a VLAN of their own'],
  rebootSetup: `${openVSwitchService}
${withPorts}`,
  refuses: [
    { params: { bridge: 'ovs-br0', name: 'm', output_port: 'ids0' }, says: 'ovs_mirror: nothing is selected: give select_src_port, select_dst_port, or select_all: yes' },
    { params: { bridge: 'ovs-br0', name: 'm', select_all: true }, says: 'ovs_mirror: a mirror needs output_port or output_vlan' },
  ],
} satisfies ModuleCase;
