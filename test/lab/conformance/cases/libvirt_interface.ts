import type { ModuleCase } from '../module-case.ts';
import { libvirtGuest, libvirtRun } from '../libvirt-setups.ts';

const look = (guest: string): string =>
  `virsh dumpxml --inactive ${guest} | sed -n '/<interface/,/<\\/interface/p' | grep -v 'address type\\|interfaceid\\|parameters'`;
const edit = (guest: string, script: string): string =>
  `virsh dumpxml --inactive ${guest} | sed "${script}" >/root/${guest}.xml; virsh define /root/${guest}.xml`;

export default {
  host: 'systemd',
  setup: `${libvirtRun}; ${libvirtGuest('web1')}`,
  examples: {
    'On a bridge of Open vSwitch, with queues and limits': {
      setup: 'ovs-vsctl add-br ovs-br0 -- set bridge ovs-br0 datapath_type=netdev',
      look: look('web1'),
      shows:
        /^ *<interface type='bridge'>\n *<mac address='52:54:00:6d:90:02'\/>\n *<source bridge='ovs-br0'\/>\n *<vlan>\n *<tag id='100'\/>\n *<\/vlan>\n *<virtualport type='openvswitch'>\n *<\/virtualport>\n *<bandwidth>\n *<inbound average='1000' peak='5000' burst='1024'\/>\n *<outbound average='500'\/>\n *<\/bandwidth>\n *<model type='virtio'\/>\n *<driver name='vhost' queues='2'\/>\n *<\/interface>\n$/,
      spoil: 'virsh domiftune web1 52:54:00:6d:90:02 --inbound 3000 --config',
    },
    'In a network of libvirt, its link named for tc_htb': {
      setup: `echo "<network><name>lab</name></network>" | virsh net-define /dev/stdin`,
      look: look('web1'),
      shows:
        /^ *<interface type='network'>\n *<mac address='52:54:00:6d:90:03'\/>\n *<source network='lab'\/>\n *<target dev='web1-lab'\/>\n *<model type='virtio'\/>\n *<\/interface>\n$/,
      spoil: edit('web1', "s/network='lab'/network='default'/; s/web1-lab/other/"),
    },
    'vhost-user towards DPDK, Open vSwitch being the client': {
      setup: `${libvirtGuest('fw1')}; ${edit('fw1', "s#<vcpu#<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking><vcpu#")}`,
      look: look('fw1'),
      shows:
        /^ *<interface type='vhostuser'>\n *<mac address='52:54:00:6d:90:04'\/>\n *<source type='unix' path='\/run\/openvswitch\/vhu-fw1' mode='server'\/>\n *<model type='virtio'\/>\n *<driver queues='2'\/>\n *<\/interface>\n$/,
      spoil: edit('fw1', "s/mode='server'/mode='client'/"),
    },
    'No longer, from the next start on': {
      setup: `echo "<interface type='network'><mac address='52:54:00:6d:90:06'/><source network='default'/><model type='virtio'/></interface>" >/root/if.xml; virsh attach-device web1 /root/if.xml --config`,
      look: look('web1'),
      shows: '',
      spoil: 'virsh attach-device web1 /root/if.xml --config',
    },
  },
  reboot: { not: 'libvirt keeps them with its guests; libvirt.test.ts restarts a host with one' },
  refuses: [
    {
      params: { domain: 'web1', mac: '52:54:00:6d:90:02', type: 'bridge' },
      says: 'libvirt_interface: type: bridge needs source',
    },
    {
      params: { domain: 'web1', mac: '52:54:00:6d:90:02', model: 'e1000', driver: { queues: 2 } },
      says: 'libvirt_interface: driver: only virtio has several queues, not e1000: model: virtio',
    },
  ],
} satisfies ModuleCase;
