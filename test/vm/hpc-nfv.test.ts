import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import type { Lab } from '../lab/index.ts';
import type { Played } from '../lab/play-on.ts';
import { createGuest } from './create-guest.ts';
import type { Guest } from './guest.ts';
import { expectLooks, type Look } from './looks.ts';
import { noGuest, otherThan, playOnGuest, useVmLab } from './use-guest.ts';

const playbook = (name: string): string => fileURLToPath(new URL(`../../playbooks/${name}.yml`, import.meta.url));

// One of three CPUs is isolated, and polls. The firewall is a guest without a disk, whose sockets are what is looked at; the web
// server is a machine of its own behind a link.
const inventory = (guest: Guest): string => `all:
  children:
    kvm: { hosts: { ${guest.name}: {} } }
    nfv: { hosts: { ${guest.name}: {} } }
    vnf: { children: { vnf_router: {}, vnf_firewall: {}, vnf_loadbalancer: {}, vnf_web: {} } }
  vars:
    isolated_cpus: '2'
    housekeeping_cpus: '0-1'
    pmd_cpus: '2'
    dpdk_memory: 256
    hugepages: { size_2m: 224 }
    dpdk_guests: [web1]
    uplink: pf0
    uplink_mtu: 9000
    vnf_type: qemu
    vnf_management: 10.20.0.254/24
    vnf_links: { web1-in: data0 }
    vnfs:
      - name: fw1
        memory: 64
        management: { mac: 52:54:00:20:00:12, ip: 10.20.0.12 }
        ports: [{ name: fw1-out, mac: 52:54:00:20:01:12 }, { name: fw1-in, mac: 52:54:00:20:02:12 }]
      - { name: web1, guest: false, ports: [{ name: web1-in }] }
    chain: [[pf0, fw1-out], [fw1-in, web1-in]]
`;

const driverOf = (vf: number): string => `basename $(readlink /sys/class/net/pf0/device/virtfn${vf}/driver)`;
const HPC: readonly Look[] = [
  ['cat /proc/cmdline', / intel_iommu=on(?= ).* iommu=pt /],
  ['cat /proc/cmdline', / isolcpus=managed_irq,domain,2 nohz_full=2 (?=.*rcu_nocbs=2 ).*transparent_hugepage=never/],
  ['cat /sys/devices/system/cpu/isolated', '2\n'],
  ['cat /sys/kernel/mm/transparent_hugepage/enabled', /\[never\]/],
  ['ls /sys/kernel/iommu_groups | wc -l', /^[1-9]\d*\n$/],
  ['cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages', '224\n'],
  ['findmnt -no FSTYPE /dev/hugepages', 'hugetlbfs\n'],
  ['ls -d /sys/class/net/pf0/device/virtfn* | wc -l', '4\n'],
  ['ip link show pf0', /mtu 9000 [^]*vf 3 .*spoof checking on, link-state auto, trust off/],
  [driverOf(0), 'igbvf\n'],
  [`${driverOf(1)}; ${driverOf(2)}; ${driverOf(3)}`, 'vfio-pci\nvfio-pci\nvfio-pci\n'],
  ['ls /dev/vfio | grep -c "^[0-9]"', '3\n'],
  ["ethtool -g pf0 | awk '/^RX:/ { print $2 }' | uniq | wc -l", '1\n'],
  ['ethtool -c pf0', /^rx-usecs:\s*0$/m],
  ['ethtool -k pf0', /^generic-receive-offload: off$/m],
  [
    'for q in $(grep -E "pf0(-|$)" /proc/interrupts | cut -d: -f1); do cat /proc/irq/$q/smp_affinity_list; done | sort -u',
    '0-1\n',
  ],
  ['systemctl is-enabled irqbalance; systemctl is-active irqbalance', 'disabled\ninactive\n'],
  ['cat /proc/sys/net/core/busy_poll /proc/sys/vm/swappiness', '50\n1\n'],
  ['ovs-vsctl get Open_vSwitch . dpdk_initialized', 'true\n'],
  ['ovs-vsctl get Bridge br-hpc datapath_type', 'netdev\n'],
  ['ovs-vsctl get Interface vhu-web1 type error', 'dpdkvhostuserclient\n[]\n'],
  ['cat /sys/class/net/hpc0/mtu', '9000\n'],
];
const NFV: readonly Look[] = [
  ['ovs-vsctl get Open_vSwitch . dpdk_initialized', 'true\n'],
  ['ovs-vsctl get Bridge br-sfc datapath_type fail_mode', 'netdev\nsecure\n'],
  ['ovs-vsctl list-ports br-sfc', 'fw1-in\nfw1-out\npf0\nweb1-in\n'],
  [
    'ovs-vsctl get Interface fw1-out type options error',
    /^dpdkvhostuserclient\n\{vhost-server-path=.*fw1-out.*\}\n\[\]\n$/,
  ],
  ['ovs-vsctl list-ports br-web1-in', 'data0\np-web1-in\n'],
  ['virsh list --name --state-running; virsh list --name --autostart', /^fw1\n+fw1\n+$/],
  ['ls -l /var/lib/vhost-user/fw1-in /var/lib/vhost-user/fw1-out | cut -c1', 's\ns\n'],
  // QEMU has opened them, and Open vSwitch has come in.
  ['ovs-vsctl get Interface fw1-in status:status', /connected/],
  ['virsh dumpxml fw1', /<hugepages\/>[^]*<access mode='shared'\/>[^]*<interface type='vhostuser'>/],
  ['ip -br address show virbr-vnf', /10\.20\.0\.254\/24/],
  [
    'ovs-ofctl --names --no-stats dump-flows br-sfc | sort',
    [
      ' cookie=0x5fc, in_port="fw1-in" actions=output:"web1-in"',
      ' cookie=0x5fc, in_port="fw1-out" actions=output:pf0',
      ' cookie=0x5fc, in_port="web1-in" actions=output:"fw1-in"',
      ' cookie=0x5fc, in_port=pf0 actions=output:"fw1-out"',
      '',
    ].join('\n'),
  ],
];

describe.skipIf(noGuest())('a machine with the playbooks that need hardware', () => {
  let lab: Lab;
  let guest: Guest;
  let files: FolderFiles;
  beforeAll(async () => {
    lab = useVmLab();
    guest = await createGuest(lab, { name: 'dataplane', memoryMb: 1792, cpus: 3 });
    files = folderFiles();
    files.put('dataplane.yml', inventory(guest));
    // A core that polls would leave the guest, whose cores are threads of a busy machine, half as fast.
    await guest.sh(
      `systemctl start openvswitch-switch; ovs-vsctl set Open_vSwitch . other_config:pmd-maxsleep=10000; systemctl stop openvswitch-switch`,
      { timeout: 300 },
    );
  });
  afterAll(async () => {
    files.close();
    await guest.remove();
  });
  // Not the machine's load is what is tried here.
  const play = async (name: string, ...args: readonly string[]): Promise<Played> =>
    await playOnGuest(
      lab,
      playbook(name),
      guest,
      ['-i', `${files.root}/dataplane.yml`, '--confirm-timeout', '300', ...args],
      1700,
    );

  it('hpc.yml: kernel, virtual functions, huge pages and DPDK in one play, one reboot included', async () => {
    const played = await play('hpc');
    expect(otherThan(played, 'changed', 'ok', 'skipped')).toEqual([]);
    expect(played.code).toBe(0);
    expect(played.recap(guest)).toMatchObject({ reboots: 1, reboot_pending: 0 });
    // One gigabyte of pages in one piece, and cards that DPDK drives: this machine has none.
    expect(played.tasks.filter(({ status }) => status === 'skipped').map(({ task }) => task)).toEqual([
      'huge pages from the boot on, when memory is not in pieces yet',
      'cards for DPDK',
    ]);
    await expectLooks(guest, HPC);
    expect(otherThan(await play('hpc'), 'ok', 'skipped')).toEqual([]);
  });

  it('[obs] the kernel refuses affinities that cannot be', async () => {
    const queue = await guest.sh('grep -m1 -E "pf0(-|$)" /proc/interrupts | cut -d: -f1 | tr -d " "');
    const written = async (mask: string): Promise<string> =>
      (await guest.outside(['sh', '-c', `echo ${mask} | tee /proc/irq/${queue.trim()}/smp_affinity`])).stderr;
    expect(await written('0')).toContain('Invalid argument');
    expect(await written('10000')).toContain('Value too large for defined data type');
    expect(await written('2')).toBe('');
    // That is a mask, of CPU 1.
    expect(await guest.sh(`cat /proc/irq/${queue.trim()}/smp_affinity_list`)).toBe('1\n');
    // Those of disks are the kernel's own.
    const disk = await guest.sh('grep -m1 -E "virtio[0-9]+-req" /proc/interrupts | cut -d: -f1 | tr -d " "');
    const managed = await guest.outside(['sh', '-c', `echo 1 | tee /proc/irq/${disk.trim()}/smp_affinity`]);
    expect(managed.stderr).toMatch(/Input\/output error|Operation not permitted/);
    const repair = await play('hpc');
    expect(otherThan(repair, 'ok', 'skipped').map((task) => (task as { task: string }).task)).toEqual([
      'interrupts on the CPUs that do not compute',
    ]);
  });

  it('nfv.yml: a chain of a guest with sockets of DPDK and a machine behind a link', async () => {
    const played = await play('nfv');
    expect(otherThan(played, 'changed', 'ok', 'skipped')).toEqual([]);
    expect(played.code).toBe(0);
    await expectLooks(guest, NFV);
    expect(otherThan(await play('nfv'), 'ok', 'skipped')).toEqual([]);
  });

  it('has it all after a reboot behind our back', async () => {
    await guest.reboot();
    expect(await guest.settled()).toEqual([]);
    for (const name of ['hpc', 'nfv']) {
      const check = await play(name, '--check', '--exit-code');
      expect(otherThan(check, 'ok', 'skipped')).toEqual([]);
      expect(check.code).toBe(0);
    }
    await expectLooks(guest, [...HPC, ...NFV]);
  });
});
