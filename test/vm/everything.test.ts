import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/index.ts';
import type { Played } from '../lab/play-on.ts';
import type { Guest } from './guest.ts';
import { expectLooks, type Look } from './looks.ts';
import { noGuest, otherThan, playOnGuest, useGuest, useVmLab } from './use-guest.ts';

const file = join(import.meta.dirname, 'everything.yml');

/** What plain tools show of it all, a line of a shell each. */
const LOOKS: readonly Look[] = [
  [
    'cat /proc/cmdline',
    / intel_iommu=on iommu=pt .*transparent_hugepage=never|transparent_hugepage=never .*intel_iommu=on iommu=pt/,
  ],
  ['ls /sys/kernel/iommu_groups | grep -c .', /^[1-9]/],
  ['cat /sys/module/nf_conntrack/parameters/hashsize', '32768\n'],
  ['ls -d /sys/module/br_netfilter /sys/module/vfio_pci /sys/module/vhost_net | wc -l', '3\n'],
  [
    'ip -d link show pf0',
    /vf 0 .*52:54:00:6d:90:02.*vlan 100[^]*vf 1 .*52:54:00:6d:90:03.*vlan 200, qos 3.*spoof checking off.*trust on/,
  ],
  ['basename $(readlink /sys/class/net/pf0/device/virtfn2/driver)', 'vfio-pci\n'],
  ['basename $(readlink /sys/class/net/pf0/device/virtfn3/driver)', 'vfio-pci\n'],
  ['stat -c %u /dev/vfio/[0-9]*', /^64055\n64055\n$/],
  ['cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages', '192\n'],
  ['findmnt -no FSTYPE /dev/hugepages2M', 'hugetlbfs\n'],
  ['cat /proc/sys/net/core/rmem_max', '134217728\n'],
  ['cat /proc/sys/net/core/wmem_max', '134217728\n'],
  ['cat /proc/sys/net/core/netdev_max_backlog', '250000\n'],
  ['cat /proc/sys/net/netfilter/nf_conntrack_max', '262144\n'],
  ['cat /proc/sys/net/bridge/bridge-nf-call-iptables', '0\n'],
  ['cat /proc/sys/vm/swappiness', '10\n'],
  ['cd /proc/sys/net; cat core/default_qdisc ipv4/ip_forward ipv4/neigh/default/gc_thresh3', 'fq\n1\n8192\n'],
  ['cat /proc/sys/net/ipv4/tcp_rmem', '4096\t65536\t134217728\n'],
  ['ip -br address show data0; cat /sys/class/net/data0/mtu', /192\.168\.1\.1\/24 [^]*\n1450\n$/],
  ['ethtool -l data0 | grep Combined | tail -1', /\t4$/m],
  [
    'v=$(basename $(readlink /sys/class/net/data0/device)); for q in $(grep -E "$v-.*put.[0-3]$" /proc/interrupts | cut -d: -f1); do cat /proc/irq/$q/smp_affinity_list; done | sort -u',
    '1\n',
  ],
  [
    'tc class show dev data0 | sort',
    /class htb 1:10 parent 1:1 .*rate 6Mbit ceil 10Mbit[^]*class htb 1:30 parent 1:1 leaf .*rate 1Mbit ceil 5Mbit/,
  ],
  ['tc qdisc show dev data0', /qdisc fq_codel \S+ parent 1:30 /],
  ['systemctl is-active irqbalance', 'active\n'],
  ['ip -d link show vxlan100', /master br-blue.*[^]*vxlan id 100 /],
  ['ip -d link show vxlan200', /master br-red.*[^]*vxlan id 200 /],
  ['bridge fdb show dev vxlan100 | grep -c 00:00:00:00:00:00.dst.10.97.9', '2\n'],
  ['bridge fdb show dev vxlan200 | grep -c 00:00:00:00:00:00.dst.10.97.9', '2\n'],
  ['cat /sys/class/net/br-vlan/bridge/vlan_filtering; ls /sys/class/net/br-vlan/brif', '1\nenp1s0v4\n'],
  ['bridge -compressvlans vlan show dev enp1s0v4', /\s1 PVID Egress Untagged\n\s+10-20\n/],
  ['ovs-vsctl get Open_vSwitch . dpdk_initialized', 'true\n'],
  ['ovs-vsctl get Interface vhost-web1 type error', 'dpdkvhostuserclient\n[]\n'],
  ['ovs-vsctl list-ports ovs-br0', 'pf0\nstorage0\n'],
  ['ovs-vsctl get Port pf0 trunks; ovs-vsctl get Port storage0 tag', '[100, 200]\n100\n'],
  ['ovs-vsctl get Bridge br-dpdk datapath_type; ovs-vsctl get-fail-mode br-sfc', 'netdev\nsecure\n'],
  ['ovs-vsctl get Bridge ovs-br0 datapath_type', /^("system"|"")\n$/],
  ['ovs-dpctl show', /storage0/],
  ['ovs-ofctl --names dump-flows br-sfc | grep -c actions=output:', '4\n'],
  ['iptables -S | grep -c -- "--dport 22 -j ACCEPT"', '1\n'],
  ['iptables -S KVMNET-FORWARD | grep -c -e "-[io] br-"', '3\n'],
  ['iptables -t nat -S | grep -c MASQUERADE', '1\n'],
  [
    "vtysh -c 'show running-config ospfd'",
    /router ospf\n ospf router-id 10\.255\.0\.1\n network 192\.168\.1\.0\/24 area 0\n network 192\.168\.2\.0\/24 area 0/,
  ],
  ["vtysh -c 'show ip ospf interface data0'", /data0 is up[^]*Router ID 10\.255\.0\.1/],
];

describe.skipIf(noGuest())('a machine with all that it can hold', { timeout: 7_200_000 }, () => {
  let lab: Lab;
  let guest: Guest;
  beforeAll(async () => {
    lab = useVmLab();
    guest = await useGuest(lab, { memoryMb: 1536 });
    // A core that polls would leave the guest, whose cores are two threads of a busy machine, half as fast.
    await guest.sh(
      `systemctl start openvswitch-switch; ovs-vsctl set Open_vSwitch . other_config:pmd-maxsleep=10000; systemctl stop openvswitch-switch`,
      { timeout: 300 },
    );
  });
  // Not the machine's load is what is tried here.
  const play = async (...args: readonly string[]): Promise<Played> =>
    await playOnGuest(lab, file, guest, ['--confirm-timeout', '300', ...args], 3500);

  it('gets it in one play, one reboot included', async () => {
    const played = await play();
    expect(otherThan(played, 'changed', 'ok', 'skipped')).toEqual([]);
    expect(played.code).toBe(0);
    expect(played.recap(guest)).toMatchObject({ reboots: 1 });
    await expectLooks(guest, LOOKS);
    expect(otherThan(await play(), 'ok', 'skipped')).toEqual([]);
  });

  it('has it all after a reboot behind our back', async () => {
    await guest.reboot();
    expect(await guest.settled()).toEqual([]);
    const check = await play('--check', '--exit-code');
    expect(otherThan(check, 'ok', 'skipped')).toEqual([]);
    expect(check.code).toBe(0);
    await expectLooks(guest, LOOKS);
  });

  it('has it all after a loss of power', async () => {
    await guest.sh('sync');
    await guest.crash();
    expect(await guest.settled()).toEqual([]);
    expect(otherThan(await play('--check'), 'ok', 'skipped')).toEqual([]);
    await expectLooks(guest, LOOKS);
  });
});
