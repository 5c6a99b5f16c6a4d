import type { ModuleCase } from '../module-case.ts';
import { libvirtRun } from '../libvirt-setups.ts';

const xml = 'virsh net-dumpxml';
const info = "virsh net-info NAME 2>&1 | grep -i 'active\\|autostart\\|not found'";

export default {
  host: 'systemd',
  setup: libvirtRun,
  examples: {
    'Guests on a bridge of Open vSwitch, by class': {
      setup: 'ovs-vsctl add-br ovs-br0 -- set bridge ovs-br0 datapath_type=netdev',
      look: `${xml} tenants 2>/dev/null | grep -v uuid | grep 'forward\\|bridge\\|port\\|tag'; ${info.replace('NAME', 'tenants')}`,
      shows:
        "  <forward mode='bridge'/>\n  <bridge name='ovs-br0'/>\n  <virtualport type='openvswitch'/>\n  <portgroup name='blue' default='yes'>\n      <tag id='100'/>\n  </portgroup>\n  <portgroup name='uplink'>\n      <tag id='100'/>\n      <tag id='200'/>\n  </portgroup>\nActive:         yes\nAutostart:      yes\n",
      spoil: `virsh net-update tenants modify portgroup "<portgroup name='blue' default='yes'><vlan><tag id='7'/></vlan></portgroup>" --live --config; virsh net-autostart tenants --disable`,
    },
    'A network of its own, without a way out': {
      look: `ip -br link show master virbr-lab 2>&1; cat /sys/class/net/virbr-lab/mtu /sys/class/net/virbr-lab/bridge/stp_state 2>&1; ${info.replace('NAME', 'lab')}`,
      shows: '9000\n0\nActive:         yes\nAutostart:      yes\n',
      spoil: 'virsh net-destroy lab; virsh net-autostart lab --disable',
    },
    'Addresses by DHCP and a way out by NAT': {
      look: `ip -4 -o address show virbr-mgmt 2>/dev/null | grep -o 'inet [^ ]*'; ${xml} mgmt 2>/dev/null | grep 'range\\|host '; ${info.replace('NAME', 'mgmt')}`,
      shows:
        "inet 10.77.0.1/24\n      <range start='10.77.0.100' end='10.77.0.200'/>\n      <host mac='52:54:00:6d:90:02' name='web1' ip='10.77.0.10'/>\nActive:         yes\nAutostart:      yes\n",
      spoil: `virsh net-update mgmt delete ip-dhcp-host "<host mac='52:54:00:6d:90:02'/>" --live --config`,
    },
    'No default network': {
      look: info.replace('NAME', 'default'),
      shows: /no network with matching name 'default'/,
      spoil: `echo "<network><name>default</name></network>" | virsh net-define /dev/stdin`,
    },
  },
  reboot: { not: 'libvirt starts them itself; libvirt.test.ts restarts a host of its own with one, as libvirt adds rules of the firewall' },
  refuses: [
    { params: { name: '5' }, says: 'libvirt_network: name: virsh takes "5" for an id: give the network a name with a letter in it' },
    {
      params: { name: 'x', forward: 'hostdev' },
      says: 'libvirt_network: forward: hostdev needs pf, or vfs by PCI address',
    },
  ],
} satisfies ModuleCase;
