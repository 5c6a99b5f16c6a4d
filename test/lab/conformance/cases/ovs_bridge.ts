import type { ModuleCase } from '../module-case.ts';
import { openVSwitch, openVSwitchService } from '../setups.ts';

export default {
  setup: openVSwitch,
  examples: {
    'A bridge in userspace that an SDN controller runs': {
      look: `ovs-vsctl list-br; ovs-vsctl get Bridge br-sdn datapath_type fail_mode protocols
ovs-vsctl get-controller br-sdn | sort; ovs-vsctl --bare --columns=connection_mode find Controller 'target="tcp:10.0.0.6:6653"'`,
      shows: 'br-sdn\nnetdev\nsecure\n[OpenFlow13]\ntcp:10.0.0.5:6653\ntcp:10.0.0.6:6653\nout-of-band\n',
      spoil: 'ovs-vsctl set-controller br-sdn tcp:10.0.0.7:6653 -- del-fail-mode br-sdn',
    },
    'Spanning tree and multicast snooping': {
      look: 'ovs-vsctl get Bridge br-lan datapath_type rstp_enable stp_enable mcast_snooping_enable other_config',
      shows: 'netdev\ntrue\nfalse\ntrue\n{mcast-snooping-aging-time="300"}\n',
      spoil: 'ovs-vsctl set Bridge br-lan rstp_enable=false other_config:mcast-snooping-aging-time=60',
    },
    'The uplink into a bridge, with the addresses that it has; who comes over it can still do so': {
      setup: `ip link set eth1 up; ip address add 10.0.1.1/24 broadcast 10.0.1.255 dev eth1; ip address add fd01::1/64 dev eth1 nodad
ip route add 10.8.0.0/16 via 10.0.1.254 dev eth1`,
      look: `ovs-vsctl list-ports br-mgmt; ip -4 -br addr show dev br-mgmt; ip -4 -br addr show dev eth1; ip route show 10.8.0.0/16
[ "$(cat /sys/class/net/br-mgmt/address)" = "$(cat /sys/class/net/eth1/address)" ] && echo same`,
      shows: 'eth1\nbr-mgmt          UNKNOWN        10.0.1.1/24 \n10.8.0.0/16 via 10.0.1.254 dev br-mgmt \nsame\n',
      spoil: 'ovs-vsctl del-port br-mgmt eth1',
    },
    'No such bridge': {
      setup:
        'ovs-vsctl add-br ovs-br0 -- set Bridge ovs-br0 datapath_type=netdev fail_mode=secure -- add-port ovs-br0 p0 tag=7 -- set Interface p0 type=internal; ovs-vsctl set-controller ovs-br0 ptcp:6699',
      look: `for columns in Bridge:name,datapath_type,fail_mode Port:name,tag Interface:name,type Controller:target; do
  ovs-vsctl --format=csv --no-headings --columns=\${columns#*:} list \${columns%:*} | sort
done`,
      shows: '',
      spoil: 'ovs-vsctl add-br ovs-br0 -- set Bridge ovs-br0 datapath_type=netdev',
    },
  },
  reboot: ['Spanning tree and multicast snooping'],
  rebootSetup: openVSwitchService,
  refuses: [
    { params: { name: 'br0', stp: true, rstp: true }, says: 'ovs_bridge: rstp: stp and rstp exclude each other: choose one' },
    { params: { name: 'a-name-that-is-too-long' }, says: 'ovs_bridge: name: "a-name-that-is-too-long" has 23 bytes, an interface name has at most 15: shorten it' },
  ],
} satisfies ModuleCase;
