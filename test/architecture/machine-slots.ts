import fc from 'fast-check';
import { chance, flag, mac, maybe, params, type Slot } from '../lab/properties/slot.ts';

// Parameters of modules that need hardware, a boot loader or a hypervisor: many of them fit no rule of their module, and are left out
// by who uses them. What is left is what a user could write.
const state = (...states: string[]) => maybe(chance(states));
const some = <T>(values: readonly T[]) => maybe(fc.subarray([...values]));

const vf = params({
  id: maybe(fc.integer({ min: 0, max: 5 })),
  range: maybe(chance(['0-3', '1-2'])),
  mac: maybe(mac()),
  vlan: maybe(chance([0, 100])),
  qos: maybe(chance([0, 5])),
  vlan_proto: maybe(chance(['802.1q', '802.1ad'])),
  spoof_check: maybe(flag()),
  trust: maybe(flag()),
  link_state: maybe(chance(['auto', 'enable', 'disable'])),
  min_tx_rate: maybe(chance([0, 100])),
  max_tx_rate: maybe(chance([0, 1000])),
  driver: maybe(chance(['vfio-pci', 'ixgbevf'])),
  mtu: maybe(chance([1500, 9000])),
});

const bandwidth = params({
  inbound: maybe(params({ average: maybe(chance([1000])), peak: maybe(chance([5000])), burst: maybe(chance([1024])) })),
  outbound: maybe(params({ average: maybe(chance([128])) })),
});
const vlan = chance<unknown>([100, '7', [100, 200], { tags: [5, 6], trunk: true }, null]);

export const machineSlots: readonly Slot[] = [
  {
    module: 'sriov',
    params: params({
      pf: chance(['eth0', '05:00.0']),
      num_vfs: maybe(fc.integer({ min: 0, max: 9 })),
      drivers_autoprobe: maybe(flag()),
      eswitch_mode: maybe(chance(['legacy', 'switchdev'])),
      mtu: maybe(chance([1500, 9000])),
      vfs: maybe(fc.array(vf, { maxLength: 2 })),
      allow_disruptive: maybe(flag()),
      externally_managed: maybe(flag()),
      required_by: some(['nova-compute.service']),
      state: state('present', 'absent'),
    }),
  },
  {
    module: 'driver_bind',
    params: params({
      device: maybe(chance(['05:00.0', 'eth0/1'])),
      devices: some(['eth0/0', '0000:05:10.1']),
      ids: some(['8086:10ED']),
      driver: chance(['vfio-pci', 'ixgbevf', 'none', null]),
      force: maybe(flag()),
      noiommu: maybe(flag()),
      uid: maybe(chance([64055])),
      gid: maybe(chance([0])),
    }),
  },
  {
    module: 'hugepages',
    params: params({
      size: maybe(chance(['2M', '1GB', '2MB'])),
      count: maybe(fc.integer({ min: 0, max: 60 })),
      per_node: maybe(chance([{ 0: 4 }, { 0: 1, 1: 2 }])),
      mount: maybe(chance([false, 'no', '/dev/hugepages1G'])),
      default_size: maybe(chance(['2M', '1G'])),
      method: maybe(chance(['auto', 'runtime', 'boot'])),
    }),
  },
  {
    module: 'irq_affinity',
    params: params({
      dev: chance(['eth0', 'eth1']),
      cpus: maybe(chance(['0-1', '1', [1], '0x3', 7])),
      policy: maybe(chance(['spread', 'numa', 'list', 'mask'])),
      exclude_isolated: maybe(flag()),
      irqbalance: maybe(chance(['ban', 'stop', 'leave'])),
    }),
  },
  {
    module: 'grub',
    params: params({
      args: maybe(
        chance<unknown>([
          { quiet: true, hugepagesz: ['1G', '2M'], hugepages: [4, 512] },
          { 'nohz-full': '2-15', dyndbg: 'file x +p' },
          ['console=tty0', 'console=ttyS0,115200', 'intel_iommu=on'],
          { quiet: true },
        ]),
      ),
      iommu: maybe(chance(['pt', 'on', 'off'])),
      kernel: maybe(chance(['all', 'default', '/boot/vmlinuz-5.14.0-1.el9.x86_64'])),
      replace: maybe(flag()),
      state: state('present', 'absent'),
    }),
  },
  {
    module: 'ovs_dpdk',
    params: params({
      init: maybe(chance<unknown>([true, 'try', false])),
      socket_mem: maybe(chance<unknown>([[1024, 512], [0], null])),
      lcore_mask: maybe(chance<unknown>(['0x1', null])),
      cores: maybe(chance<unknown>(['0', null])),
      pmd_cpu_mask: maybe(chance<unknown>(['0x2', null])),
      pmd_cores: maybe(chance<unknown>(['1', null])),
      hugepage_dir: maybe(chance<unknown>(['/dev/hugepages1G', null])),
      vhost_sock_dir: maybe(chance<unknown>(['vhost', null])),
      extra: maybe(chance<unknown>(['--log-level=8', null])),
      ports: some([
        { bridge: 'br0', name: 'dpdk0', devargs: '0000:05:00.0', n_rxq: 2, pmd_rxq_affinity: '0:1', mtu: 9000 },
        { bridge: 'br0', name: 'dpdk1', devargs: 'net_null0', n_rxq: null, mtu: null },
      ]),
      vhost: some([
        { bridge: 'br0', name: 'vhost0', path: '/run/vhost0' },
        { bridge: 'br0', name: 'vhost1', mode: 'server' },
      ]),
      noiommu: maybe(flag()),
      restart: maybe(chance(['never', 'if_required'])),
      state: state('present', 'absent'),
    }),
  },
  {
    module: 'ethtool',
    params: params({
      dev: fc.constant('eth0'),
      channels: maybe(chance<unknown>([{ combined: 4 }, { combined: 'max' }, { rx: 1, tx: 'max' }])),
      ring: maybe(chance<unknown>([{ rx: 'max', tx: 512 }, { rx_jumbo: 1 }])),
      coalesce: maybe(chance<unknown>([{ 'rx-usecs': 8, 'adaptive-rx': 'on' }, { 'tx-usecs': 0 }])),
      features: maybe(chance<unknown>([{ gro: false }, { 'tcp-segmentation-offload': 'on', lro: 'no' }])),
      rps: maybe(chance(['0-1', 'off', '0x3'])),
      xps: maybe(chance(['none', '1'])),
    }),
  },
  {
    module: 'libvirt_network',
    params: params({
      name: chance(['lab', 'mgmt', 'tenants']),
      forward: maybe(chance(['none', 'nat', 'route', 'open', 'bridge', 'hostdev', 'private'])),
      dev: maybe(chance(['eth0', null])),
      bridge: maybe(chance(['virbr-lab', 'ovs-br0'])),
      stp: maybe(flag()),
      delay: maybe(chance([0, 2])),
      mtu: maybe(chance([9000, null])),
      domain: maybe(chance(['lab.example', null])),
      addresses: some(['10.77.0.1/24', 'fd77::1/64']),
      dhcp_ranges: some([{ start: '10.77.0.100', end: '10.77.0.200' }]),
      dhcp_hosts: some<object>([
        { ip: '10.77.0.10', mac: '52:54:00:6d:90:02', name: 'web1' },
        { ip: 'fd77::9', name: 'web2' },
      ]),
      virtualport: maybe(chance(['openvswitch', null])),
      vlan: maybe(vlan),
      portgroups: some<object>([
        { name: 'blue', default: true, vlan: 100 },
        { name: 'red', virtualport: 'openvswitch', vlan: [7, 8] },
      ]),
      pf: maybe(chance(['eth0', null])),
      vfs: some(['05:10.0', '0000:05:10.2']),
      bandwidth: maybe(bandwidth),
      autostart: maybe(flag()),
      restart: maybe(chance(['never', 'if_required'])),
      state: state('active', 'inactive', 'absent'),
    }),
  },
  {
    module: 'libvirt_interface',
    params: params({
      domain: fc.constant('web1'),
      mac: maybe(chance(['52:54:00:6d:90:02', '52:54:00:6D:90:77'])),
      alias: maybe(chance(['ua-net0'])),
      type: maybe(chance(['bridge', 'network', 'hostdev', 'vhostuser', 'direct'])),
      source: maybe(chance(['ovs-br0', 'br0', '05:10.0', '/run/vhost0', 'default'])),
      mode: maybe(chance(['server', 'client', 'vepa', 'bridge'])),
      managed: maybe(flag()),
      portgroup: maybe(chance(['blue', null])),
      virtualport: maybe(chance(['openvswitch', null])),
      model: maybe(chance(['virtio', 'e1000e'])),
      driver: maybe(chance<unknown>([{ name: 'vhost', queues: 2 }, { name: null }, { queues: 1 }])),
      bandwidth: maybe(bandwidth),
      mtu: maybe(chance([1400, null])),
      vlan: maybe(vlan),
      target: maybe(chance(['web1-a', null])),
      link: maybe(chance(['up', 'down'])),
      apply: maybe(chance(['both', 'config', 'live'])),
      state: state('present', 'present', 'absent'),
    }),
  },
  {
    module: 'libvirt_domain',
    params: params({
      name: fc.constant('web1'),
      define: maybe(
        params({
          type: maybe(chance(['kvm', 'qemu'])),
          memory: chance([64, 2048]),
          vcpus: maybe(chance([1, 4])),
          machine: maybe(chance(['q35', 'pc'])),
          cpu: maybe(chance(['host-passthrough', 'maximum'])),
          emulator: maybe(chance(['/usr/bin/qemu-system-x86_64'])),
          kernel: maybe(chance(['/boot/vmlinuz'])),
          initrd: maybe(chance(['/boot/initrd'])),
          cmdline: maybe(chance(['console=ttyS0'])),
          disks: some<object>([
            { file: '/srv/web1.qcow2' },
            { file: '/dev/vg0/web1', target: 'vdb', format: 'raw', readonly: true },
            { file: '/srv/x.iso', target: 'sda', bus: 'sata', device: 'cdrom' },
          ]),
          ports: maybe(chance([0, 2])),
          console: maybe(flag()),
        }),
      ),
      memory_backing: maybe(params({ hugepages: maybe(flag()), shared: maybe(flag()) })),
      cpu_pins: maybe(chance<unknown>([{ 0: '1', 1: '0-1' }, {}])),
      emulator_pin: maybe(chance(['0-1'])),
      autostart: maybe(flag()),
      restart: maybe(chance(['never', 'if_required'])),
      state: state('running', 'shutdown', 'destroyed', 'paused', 'absent'),
    }),
  },
];
