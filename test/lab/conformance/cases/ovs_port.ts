import type { ModuleCase } from '../module-case.ts';
import { openVSwitch, openVSwitchService } from '../setups.ts';

const look = (port: string): string => `ovs-vsctl port-to-br ${port}
ovs-vsctl --columns=tag,trunks,vlan_mode list Port ${port}; ovs-vsctl --columns=type,options,ofport_request,mtu_request list Interface ${port}`;
const shows = (bridge: string, port: string): RegExp => new RegExp(`^${bridge}\\n${port}$`);
const row = (fields: Readonly<Record<string, string>>): string =>
  ['tag', 'trunks', 'vlan_mode', 'type', 'options', 'ofport_request', 'mtu_request']
    .map((name) => `${name} +: ${fields[name] ?? (name === 'type' ? '(?:""|system)' : name === 'options' ? '\\{\\}' : '\\[\\]')}\\n`)
    .join('');

const withBridge = 'ovs-vsctl --may-exist add-br ovs-br0 -- set Bridge ovs-br0 datapath_type=netdev';

export default {
  setup: `${openVSwitch}
${withBridge}`,
  examples: {
    'The uplink': {
      look: look('eth1'),
      shows: shows('ovs-br0', row({})),
      spoil: 'ovs-vsctl del-port eth1',
    },
    'An internal port in a VLAN, with a fixed OpenFlow number': {
      look: `${look('mgmt0')}; ip -o link show mgmt0 | grep -o 'mtu [0-9]*'; ovs-vsctl get Interface mgmt0 ofport`,
      shows: shows(
        'ovs-br0',
        `${row({ tag: '10', type: 'internal', ofport_request: '10', mtu_request: '1400' })}mtu 1400\\n10\\n`,
      ),
      spoil: 'ovs-vsctl set Port mgmt0 tag=11',
    },
    'A tunnel to another hypervisor': {
      look: look('vx2'),
      shows: shows('ovs-br0', row({ type: 'vxlan', options: '\\{key="100", remote_ip="10.0.1.2"\\}' })),
      spoil: 'ovs-vsctl set Interface vx2 options:remote_ip=10.0.1.9',
    },
    'A trunk of some VLANs, with one untagged': {
      look: look('eth1'),
      shows: shows(
        'ovs-br0',
        row({ tag: '1', trunks: '\\[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 100\\]', vlan_mode: 'native-untagged' }),
      ),
      spoil: 'ovs-vsctl remove Port eth1 trunks 100',
    },
    'One end of a patch between two bridges': {
      setup: 'ovs-vsctl add-br ovs-br1 -- set Bridge ovs-br1 datapath_type=netdev -- add-port ovs-br1 to-br0 -- set Interface to-br0 type=patch options:peer=to-br1',
      look: look('to-br1'),
      shows: shows('ovs-br0', row({ type: 'patch', options: '\\{peer=to-br0\\}' })),
      spoil: 'ovs-vsctl --if-exists del-port to-br1 -- add-port ovs-br1 to-br1 -- set Interface to-br1 type=internal',
    },
    'No such port': {
      setup: 'ovs-vsctl add-port ovs-br0 eth1 tag=5',
      look: 'ovs-vsctl list-ports ovs-br0; ovs-vsctl get Port eth1 tag 2>&1',
      shows: 'ovs-vsctl: no row "eth1" in table Port\n',
      spoil: 'ovs-vsctl add-port ovs-br0 eth1',
    },
  },
  reboot: ['An internal port in a VLAN, with a fixed OpenFlow number', 'A tunnel to another hypervisor'],
  rebootSetup: `${openVSwitchService}
${withBridge}`,
  refuses: [
    { params: { bridge: 'br0', name: 'eth1', tag: 4095 }, says: 'ovs_port: tag: expected a VLAN id: a whole number from 0 to 4094, not the number 4095' },
    { params: { bridge: 'br0', name: 'eth1', tag: 5, vlan_mode: 'trunk' }, says: 'ovs_port: vlan_mode: a tag has no meaning with vlan_mode trunk: use native-untagged, or leave tag out' },
  ],
} satisfies ModuleCase;
