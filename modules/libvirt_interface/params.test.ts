import { expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { LibvirtInterface } from './params.ts';

const plain = { domain: 'web1', mac: '52:54:00:6d:90:10' };

it.each([
  [{ domain: 'x' }, 'give mac or alias: it tells the interface from the others'],
  [
    { domain: 'x', alias: 'net0' },
    'an alias of a user begins with "ua-", and has letters, digits, "_" and "-": libvirt keeps no others',
  ],
  [
    { ...plain, mac: '01:54:00:6d:90:10' },
    '"01:54:00:6d:90:10" is a multicast address, an interface needs a unicast one: make the first byte even',
  ],
  [{ ...plain, type: 'bridge' }, 'type: bridge needs source'],
  [{ ...plain, type: 'bridge', source: 'b', path: '/x' }, 'give source or path, not both'],
  [{ ...plain, type: 'bridge', path: '/x' }, 'path is the socket of type: vhostuser'],
  [{ ...plain, type: 'hostdev', source: 'eth0' }, '"eth0" is no PCI address: write e.g. "0000:05:00.0" or "05:00.0"'],
  [
    { ...plain, type: 'hostdev', source: '05:10.1', bandwidth: {} },
    'type: hostdev has no bandwidth: limit a VF with sriov: max_tx_rate',
  ],
  [
    { ...plain, type: 'hostdev', source: '05:10.1', driver: {} },
    'type: hostdev has no driver: its queues are those of the VF',
  ],
  [{ ...plain, type: 'vhostuser', source: 'vhu0' }, 'the socket "vhu0" needs its whole path'],
  [{ ...plain, type: 'vhostuser', source: '/v', model: 'e1000' }, 'type: vhostuser needs model: virtio'],
  [
    { ...plain, type: 'vhostuser', source: '/v', bandwidth: {} },
    'libvirt cannot limit vhostuser: limit the port in Open vSwitch',
  ],
  [
    { ...plain, type: 'vhostuser', source: '/v', vlan: 4 },
    'VLANs of vhostuser are those of its port: give them to ovs_port',
  ],
  [
    { ...plain, type: 'direct', source: 'eth0', mode: 'server' },
    'type: direct takes mode bridge, vepa, private, passthrough',
  ],
  [{ ...plain, type: 'bridge', source: 'b', mode: 'vepa' }, 'type: bridge has no mode'],
  [{ ...plain, type: 'bridge', source: 'b', managed: 'yes' }, 'managed needs type: hostdev'],
  [{ ...plain, type: 'bridge', source: 'b', portgroup: 'x' }, 'portgroup needs type: network'],
  [
    { ...plain, type: 'bridge', source: 'b', vlan: 4 },
    'a Linux bridge takes no VLAN from libvirt: virtualport: openvswitch, or a bridge for each VLAN',
  ],
  [
    { ...plain, type: 'bridge', source: 'b', bandwidth: { inbound: { average: 9, floor: 1 } } },
    'floor needs type: network, whose own bandwidth it is taken from',
  ],
  [{ ...plain, model: 'e1000', driver: { queues: 2 } }, 'only virtio has several queues, not e1000: model: virtio'],
  [{ ...plain, driver: { queues: 257 } }, 'expected a number of queues: a whole number from 1 to 256'],
  [
    { ...plain, bandwidth: { inbound: { average: '10mbit' } } },
    'expected a rate in kilobytes: a whole number from 1 to 4294967295',
  ],
  [
    { ...plain, target: 'vnet0' },
    'libvirt takes vnet and macvtap with a number for names of its own: choose another one',
  ],
])('judges %j', (params, message) => {
  expect(messageOf(LibvirtInterface, params)).toBe(message);
});
