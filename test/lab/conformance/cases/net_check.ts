import type { ActionModuleCase } from '../module-case.ts';
import { peer } from '../setups.ts';

// Two routers with zebra and ospfd, the other one in the namespace of the peer.
const router = (name: string, id: string, enter = ''): string => `mkdir -p /run/frr/${name} /etc/frr/${name}; chown frr:frr /run/frr/${name}
printf 'interface ${enter === '' ? 'fabric' : 'eth0'}\\n ip ospf hello-interval 1\\n ip ospf dead-interval 4\\n ip ospf network point-to-point\\nrouter ospf\\n ospf router-id ${id}\\n network 10.0.1.0/24 area 0\\n' >/etc/frr/${name}/ospfd.conf
: >/etc/frr/${name}/zebra.conf
for d in zebra ospfd; do ${enter} /usr/lib/frr/$d -d ${name === '' ? '' : `-N ${name}`} -f /etc/frr/${name}/$d.conf; done`;

export default {
  examples: {
    'The other end of a tunnel answers, and the path carries full frames': {
      setup: peer('fabric'),
      gives: 'ok',
      registers: { ok: "ip netns exec peer ping -c1 10.0.1.1 >&2 && echo true", 'checks.length': 'echo 2' },
    },
    'The tunnels stand': {
      setup: `${peer('fabric')}; ip link add vxlan100 mtu 1450 type vxlan id 100 remote 10.0.1.2 dstport 4789; ip link set vxlan100 up`,
      gives: 'ok',
      registers: { 'checks.length': 'echo 3' },
    },
    'Ready for virtual machines': {
      // A processor and memory as such hosts have them.
      setup: `printf 'processor : 0\\nflags : fpu vmx\\n' >/run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo
printf 'MemTotal: 16384000 kB\\nMemAvailable: 8192000 kB\\n' >/run/meminfo; mount --bind /run/meminfo /proc/meminfo
echo 9.00 1.00 1.00 1/100 4711 >/run/loadavg; mount --bind /run/loadavg /proc/loadavg`,
      gives: { status: 'ok', says: 'load of 1 min is 9, wanted at most 8' },
      registers: { 'checks.2.value': "awk '/^MemAvailable/ { print $2 / 1024 }' /proc/meminfo" },
    },
    'Routing has come up': {
      setup: `${peer('fabric')}; ${router('', '10.255.0.1')}`,
      checked: { status: 'failed', says: /10\.255\.0\.2/ },
      gives: 'ok',
      meanwhile: router('far', '10.255.0.2', 'ip netns exec peer'),
      does: { look: "vtysh -c 'show ip ospf neighbor' | grep -o '^10.255.0.2 .*Full'", shows: /^10\.255\.0\.2 .*Full/ },
    },
    'Throughput to a host on which "iperf3 -s" runs, without drops': {
      setup: `ip link delete eth1; ${peer('eth1')}
TMPDIR=/run ip netns exec peer iperf3 -s -D`,
      gives: 'ok',
      registers: { 'checks.1.value': `ip -s -j link show eth1 | grep -oE '"(dropped|errors)":[0-9]+' | awk -F: '{ sum += $2 } END { print sum }'` },
    },
  },
  refuses: [
    { params: {}, says: 'net_check: nothing to check: give one of ping, iperf3, listening, fdb, drops, vfs, irqs, controller, ospf, links, cpu_flags, load, memory, hugepages, conntrack' },
    { params: { ping: { to: '10.0.1.2', dont_fragment: true } }, says: 'net_check: dont_fragment says nothing without a size: the MTU of the path less 28 (IPv4) or 48 (IPv6)' },
    { params: { iperf3: { server: '10.0.1.2', min_mbit: 1, max_loss: 1 } }, says: 'net_check: iperf3.max_loss: TCP sends again what was lost: max_loss goes with udp: true' },
  ],
} satisfies ActionModuleCase;
