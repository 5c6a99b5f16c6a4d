import fc from 'fast-check';
import { openVSwitch } from '../conformance/setups.ts';
import { anyText, chance, flag, maybe, orAbsent, params, type Slot } from './slot.ts';

export const switchesSetup = `${openVSwitch}
ovs-vsctl add-br ovs-x -- set bridge ovs-x datapath_type=netdev
for i in a b c; do ovs-vsctl add-port ovs-x x$i -- set interface x$i type=internal; done`;

const key = chance(['a', 'iface-id', 'vm uuid', 'x=y', 'ü']);
const map = fc.dictionary(
  key,
  fc.oneof(anyText({ min: 1 }), fc.constant('true'), fc.constant('10'), fc.constant(null)),
  { maxKeys: 3 },
);
const marks = maybe(map);

const bridge = fc
  .tuple(
    params({
      name: fc.constant('ovs-a'),
      datapath_type: fc.constant('netdev'),
      fail_mode: maybe(chance(['secure', 'standalone', null])),
      protocols: maybe(chance([['OpenFlow14', 'OpenFlow13', 'OpenFlow10'], ['OpenFlow13'], null])),
      controllers: maybe(
        chance([
          [],
          ['tcp:10.0.1.99:6653'],
          ['ptcp:6654', { target: 'tcp:10.0.1.98', connection_mode: 'out-of-band', inactivity_probe: 7000 }],
          null,
        ]),
      ),
      external_ids: marks,
      other_config: maybe(
        fc.constantFrom({ 'mac-aging-time': 120 }, { 'mac-aging-time': '120', hwaddr: '02:00:00:00:0A:01' }),
      ),
      replace: maybe(flag()),
      mcast_snooping: maybe(flag()),
    }),
    chance([{}, { stp: true, rstp: false }, { rstp: true, stp: 'no' }, { stp: false, rstp: false }]),
  )
  .map(([some, more]) => ({ ...some, ...more }));

const vlans = fc.oneof(
  params({ vlan_mode: fc.constant(null), tag: maybe(chance([0, 7, 4094, null])) }),
  params({
    vlan_mode: fc.constant('trunk'),
    tag: fc.constant(null),
    trunks: maybe(chance([['10-12', 20], [], [5], null])),
  }),
  params({
    vlan_mode: chance(['native-tagged', 'native-untagged']),
    tag: fc.integer({ min: 1, max: 4000 }),
    trunks: chance([[10, '20-22'], null]),
  }),
  params({ vlan_mode: fc.constant('access'), tag: fc.integer({ min: 1, max: 4000 }), trunks: fc.constant(null) }),
);
const port = fc
  .tuple(
    params({
      bridge: fc.constant('ovs-x'),
      name: fc.constant('port-a'),
      type: fc.constant('internal'),
      ofport_request: maybe(fc.oneof(fc.integer({ min: 100, max: 60_000 }), fc.constant(null))),
      mtu_request: maybe(fc.oneof(fc.integer({ min: 1280, max: 9000 }), fc.constant(null))),
      mac: maybe(chance(['02:00:00:00:00:AB', null])),
      external_ids: marks,
      interface_external_ids: marks,
      replace: maybe(flag()),
    }),
    vlans,
  )
  .map(([some, more]) => ({ ...some, ...more }));

const bond = fc
  .tuple(
    params({
      bridge: fc.constant('ovs-x'),
      name: fc.constant('bond-a'),
      interfaces: fc.subarray(['p5', 'p6', 'p7'], { minLength: 2 }),
      bond_updelay: maybe(chance([0, 200, null])),
      bond_downdelay: maybe(chance([100, null])),
      external_ids: marks,
    }),
    chance([
      {},
      { bond_mode: 'balance-slb', lacp: 'off' },
      { bond_mode: 'balance-tcp', lacp: 'active' },
      { bond_mode: 'active-backup', lacp: null },
    ]),
    maybe(chance([5, null])),
  )
  .map(([some, more, tag]) => ({ ...some, ...more, ...(tag === undefined ? {} : { tag }) }));

const mirror = fc
  .tuple(
    chance([
      { select_all: true },
      { select_src_port: ['xa'], select_dst_port: ['xb', 'xa'] },
      { select_dst_port: ['xb'], select_vlan: ['10-12', 30] },
    ]),
    chance([{ output_port: 'xc' }, { output_vlan: 99 }]),
    params({ snaplen: maybe(fc.integer({ min: 14, max: 65_535 })), external_ids: marks }),
  )
  .map(([what, where, rest]) => ({ bridge: 'ovs-x', name: 'span', ...what, ...where, ...rest }));

const flow = fc
  .tuple(
    fc.integer({ min: 0, max: 65_535 }),
    chance([
      'in_port=xa',
      'in_port=xb,tcp,tcp_dst=80',
      'ip,nw_src=10.1.2.3/255.255.0.0',
      'dl_vlan=7',
      'arp,arp_tpa=10.0.0.1',
      'ipv6,ipv6_dst=FD00::/16',
      'udp,tp_src=0x1000/0xf000',
    ]),
    chance([
      'output:xb',
      'drop',
      'NORMAL',
      'mod_vlan_vid:7,output:xc',
      'strip_vlan,NORMAL',
      'resubmit(,1)',
      'set_field:10.9.9.9->ip_dst,output:xa',
    ]),
  )
  // OpenFlow takes an action only where the match says that there is what it changes.
  .filter(([, what, actions]) => !actions.includes('ip_dst') || /^(ip,|in_port=xb)/.test(what))
  .filter(([, what, actions]) => !actions.includes('vlan') || what.startsWith('dl_vlan'))
  .map(([priority, what, actions]) => `priority=${priority},${what},actions=${actions}`);
const flows = fc.uniqueArray(flow, { maxLength: 4, selector: (text) => text.replace(/,actions.*/, '') });

export const switchSlots: readonly Slot[] = [
  { module: 'ovs_bridge', params: orAbsent(bridge, { name: 'ovs-a' }) },
  { module: 'ovs_port', params: orAbsent(port, { bridge: 'ovs-x', name: 'port-a' }) },
  { module: 'ovs_bond', params: orAbsent(bond, { bridge: 'ovs-x', name: 'bond-a' }) },
  { module: 'ovs_mirror', params: orAbsent(mirror, { bridge: 'ovs-x', name: 'span' }) },
  {
    module: 'ovs_flows',
    params: fc
      .tuple(flows, chance(['0x7', 7, '0x77']))
      .map(([list, cookie]) => ({ bridge: 'ovs-x', cookie, flows: list, state: 'exact' })),
  },
];
