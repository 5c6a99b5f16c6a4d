import fc from 'fast-check';
import { libvirtRun } from '../conformance/libvirt-setups.ts';
import { chance, flag, maybe, orAbsent, params, type Slot } from './slot.ts';

/** What needs systemd, libvirt's modules foremost: sh, run in the host from outside. */
export const machinesSetup = `${libvirtRun}
apt-get -qq update
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/idle.service
systemctl daemon-reload
ovs-vsctl add-br ovs-m -- set bridge ovs-m datapath_type=netdev
ip link add name br-m type bridge; ip link set br-m up`;

const service = fc.oneof(
  params({
    name: fc.constant('idle'),
    state: chance(['started', 'stopped']),
    enabled: maybe(flag()),
    masked: fc.constant(false),
  }),
  // One of the distribution: a file in /etc is in the way of a mask.
  params({ name: fc.constant('nginx'), state: fc.constant('stopped'), masked: flag() }),
);

const network = fc
  .tuple(
    params({
      name: fc.constant('rack'),
      bridge: chance(['virbr-rack', 'virbr-r2']),
      stp: maybe(flag()),
      delay: maybe(chance([0, 2])),
      mtu: maybe(chance([1400, 9000, null])),
      autostart: maybe(flag()),
      restart: fc.constant('if_required'),
      state: maybe(chance(['active', 'inactive'])),
      portgroups: maybe(fc.subarray([{ name: 'blue', default: true }, { name: 'red' }])),
    }),
    chance<object>([
      { forward: 'none' },
      { forward: 'none', addresses: [] },
      {
        forward: 'open',
        addresses: ['10.79.0.1/24', 'FD79::1/64'],
        dhcp_ranges: [{ start: '10.79.0.100', end: '10.79.0.200' }],
      },
      {
        forward: 'open',
        addresses: ['10.79.0.1/24'],
        dhcp_hosts: [{ ip: '10.79.0.10', mac: '52:54:00:6D:90:02', name: 'web1' }],
        domain: 'rack.example',
      },
      { forward: 'none', addresses: ['10.79.1.1/25'], dhcp_ranges: [], dhcp_hosts: [], domain: null },
    ]),
  )
  .map(([some, more]) => ({ ...some, ...more }));

// It is never started: its XML is what differs.
const domain = params({
  name: fc.constant('web1'),
  define: params({
    type: fc.constant('qemu'),
    memory: chance([64, 96]),
    vcpus: fc.constant(2),
    ports: maybe(chance([4, 8])),
    console: maybe(flag()),
  }),
  memory_backing: maybe(params({ shared: flag() })),
  cpu_pins: maybe(chance<unknown>([{ 0: '1', 1: '0-1' }, { 1: '0' }, {}])),
  emulator_pin: maybe(chance(['0', '0-1'])),
  autostart: maybe(flag()),
  state: maybe(fc.constant('shutdown')),
});

const card = fc
  .tuple(
    params({
      domain: fc.constant('web1'),
      mac: fc.constant('52:54:00:6D:90:02'),
      type: fc.constant('bridge'),
      target: maybe(chance(['web1-a', null])),
      mtu: maybe(chance([1400, null])),
      link: maybe(chance(['up', 'down'])),
      bandwidth: maybe(
        chance([
          { inbound: { average: 1000, peak: 5000, burst: 1024 }, outbound: { average: 500 } },
          { inbound: { average: 128 } },
        ]),
      ),
    }),
    chance<object>([
      { source: 'ovs-m', virtualport: 'openvswitch' },
      { source: 'ovs-m', virtualport: 'openvswitch', vlan: 100 },
      { source: 'ovs-m', virtualport: 'openvswitch', vlan: [100, '200'] },
      { source: 'br-m', virtualport: null, vlan: null },
    ]),
    chance<object>([
      { model: 'virtio' },
      { model: 'virtio', driver: { name: 'vhost', queues: 2 } },
      { model: 'e1000' },
    ]),
  )
  .map(([some, where, model]) => ({ ...some, ...where, ...model }));

export const machinesSlots: readonly Slot[] = [
  { module: 'service', params: service },
  {
    module: 'package',
    params: params({ name: fc.constant('kvmnet-lab-sample'), state: chance(['present', 'absent', 'latest']) }),
  },
  {
    module: 'libvirt_network',
    params: fc.oneof(
      { weight: 6, arbitrary: network },
      { weight: 1, arbitrary: fc.constant({ name: 'rack', state: 'absent' }) },
    ),
  },
  { module: 'libvirt_domain', params: domain },
  {
    module: 'libvirt_interface',
    params: orAbsent(card, { domain: 'web1', mac: '52:54:00:6d:90:02' }),
  },
];
