import type { ModuleCase } from '../module-case.ts';

const look = `vtysh -c 'show running-config ospfd' 2>/dev/null | sed -n '/^router ospf/,/^exit/p; /^interface/,/^exit/p'
systemctl is-active frr; grep ^ospfd= /etc/frr/daemons; grep -c '^router ospf' /etc/frr/frr.conf`;
const running = 'systemctl --quiet enable frr; systemctl start frr; echo 1 >/proc/sys/net/ipv4/ip_forward';

// The copy that FRR itself keeps of what it writes over.
const leaves = /\/etc\/frr\/frr\.conf\.sav$/;

export default {
  host: 'systemd',
  setup: running,
  examples: {
    'Two networks in the backbone': {
      look,
      shows: `router ospf
 ospf router-id 10.255.0.1
 network 192.168.1.0/24 area 0
 network 192.168.2.0/24 area 0
exit
active
ospfd=yes
1
`,
      spoil: "vtysh -c 'configure terminal' -c 'router ospf' -c 'no network 192.168.2.0/24 area 0'",
      leaves,
    },
    'Fast failover on a link between two routers, tenants announced but without neighbours': {
      setup: 'ip link set eth1 up; ip address add 10.0.1.1/24 dev eth1',
      look,
      shows: /^interface eth1\n(?=[^]* ip ospf hello-interval 1\n)(?=[^]* ip ospf dead-interval 4\n)(?=[^]* ip ospf network point-to-point\n)[^]*router ospf\n ospf router-id 10\.255\.0\.1\n redistribute connected\n passive-interface default\n network 10\.0\.1\.0\/24 area 0\nexit\nactive\nospfd=yes\n1\n$/,
      spoil: "vtysh -c 'configure terminal' -c 'interface eth1' -c 'ip ospf hello-interval 2'",
      leaves,
    },
    'No OSPF any more': {
      setup: `sed -i s/^ospfd=no/ospfd=yes/ /etc/frr/daemons; systemctl restart frr
vtysh -c 'configure terminal' -c 'router ospf' -c 'ospf router-id 10.255.0.9' -c 'network 10.9.0.0/16 area 1' -c end -c 'write memory' >/dev/null`,
      look,
      shows: /^active\nospfd=(yes|no)\n0\n$/,
      spoil: "vtysh -c 'configure terminal' -c 'router ospf' -c 'network 10.8.0.0/16 area 0'",
      leaves,
    },
  },
  reboot: ['Two networks in the backbone'],
  refuses: [
    { params: { networks: [{ prefix: '10.0.0.0/8', area: -1 }] }, says: 'ospfd: networks[0].area: -1 is no area: write 0 to 4294967295, or 0.0.0.1' },
    { params: { interfaces: { eth1: { hello: 10, dead: 5 } } }, says: 'ospfd: interfaces.eth1: hello (10 s) must be below dead (5 s)' },
  ],
} satisfies ModuleCase;
