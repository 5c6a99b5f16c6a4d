import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { CommandResult, ProbeCommand } from '../../src/sdk/index.ts';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { netCheck } from './index.ts';
import { NetCheck } from './params.ts';

type Params = z.input<typeof NetCheck>;
type Answer = string | Partial<CommandResult>;

const hostWith = (answers: readonly Answer[], check = false) => {
  let next = 0;
  const answer = (): Partial<CommandResult> => {
    const said = answers[Math.min(next++, answers.length - 1)] ?? '';
    return typeof said === 'string' ? { stdout: said } : said;
  };
  return fakeHost({ answer, check });
};

/** Message (undefined: all is well) and what was found as [what, value, limit, ok]. */
async function look(params: Params, ...answers: readonly Answer[]) {
  const host = hostWith(answers);
  const { message, data, changed, failed } = await runAction(netCheck, params, host);
  const checks = (data?.['checks'] ?? []) as readonly { what: string; value: unknown; limit: unknown; ok: boolean }[];
  expect(changed).toBe(false);
  expect(failed ?? false).toBe(message !== undefined);
  expect(host.asked).toHaveLength(1);
  return { message, found: checks.map(({ what, value, limit, ok }) => [what, value, limit, ok]) };
}

// As the script numbers the lines of a target.
const numbered = (n: number, text: string): string => text.replace(/^(?=[^])/gm, `${n} `);

// Recorded: iputils 20221126, busybox 1.35, iproute2 6.1, Open vSwitch 3.1, FRR 8.4, iperf3 3.12.
const iputils = (to: string, loss = 0, n = 0): string =>
  numbered(
    n,
    `PING ${to} (${to}) 56(84) bytes of data.

--- ${to} ping statistics ---
3 packets transmitted, ${loss === 100 ? 0 : 3} received, ${loss}% packet loss, time 2003ms
${loss === 100 ? '' : 'rtt min/avg/max/mdev = 0.033/1.250/2.210/0.088 ms'}
`,
  );
const busybox = numbered(
  0,
  `PING 10.0.0.2 (10.0.0.2): 56 data bytes

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 1 packets received, 50% packet loss
round-trip min/avg/max = 0.024/0.044/0.064 ms
`,
);

describe('ping', () => {
  it.each<[string, Params['ping'], Answer, string | undefined, unknown[]]>([
    [
      'all is well',
      { to: '10.0.0.2', max_rtt: 2 },
      iputils('10.0.0.2'),
      undefined,
      [
        ['loss to 10.0.0.2', 0, 0, true],
        ['round trip to 10.0.0.2', 1.25, 2, true],
      ],
    ],
    [
      'too slow',
      { to: '10.0.0.2', max_rtt: 1 },
      iputils('10.0.0.2'),
      '1 of 2 checks failed: round trip to 10.0.0.2 is 1.25 ms, wanted at most 1 ms',
      [
        ['loss to 10.0.0.2', 0, 0, true],
        ['round trip to 10.0.0.2', 1.25, 1, false],
      ],
    ],
    [
      'lost',
      { to: ['10.0.0.2', '10.0.0.3'] },
      iputils('10.0.0.3', 100, 1) + iputils('10.0.0.2'),
      '1 of 2 checks failed: loss to 10.0.0.3 is 100 %, wanted at most 0 %',
      [
        ['loss to 10.0.0.2', 0, 0, true],
        ['loss to 10.0.0.3', 100, 0, false],
      ],
    ],
    [
      'nothing came back, so there is no time',
      { to: '10.0.0.3', max_loss: 100, max_rtt: 5 },
      iputils('10.0.0.3', 100),
      '1 of 2 checks failed: round trip to 10.0.0.3 is unknown, wanted at most 5 ms',
      [
        ['loss to 10.0.0.3', 100, 100, true],
        ['round trip to 10.0.0.3', null, 5, false],
      ],
    ],
    [
      'nothing came back, which is said once',
      { to: '10.0.0.3', max_rtt: 5 },
      iputils('10.0.0.3', 100),
      '1 of 1 checks failed: loss to 10.0.0.3 is 100 %, wanted at most 0 %',
      [['loss to 10.0.0.3', 100, 0, false]],
    ],
    [
      'busybox',
      { to: '10.0.0.2', max_loss: 50, max_rtt: 1 },
      busybox,
      undefined,
      [
        ['loss to 10.0.0.2', 50, 50, true],
        ['round trip to 10.0.0.2', 0.044, 1, true],
      ],
    ],
    [
      'no such name',
      { to: 'kvm09' },
      '0 ping: kvm09: Name or service not known\n',
      '1 of 1 checks failed: ping kvm09: kvm09: Name or service not known',
      [['ping kvm09', null, 0, false]],
    ],
    [
      'no ping',
      { to: 'kvm09' },
      { code: 127 },
      '1 of 1 checks failed: ping kvm09: ping is not installed, install iputils-ping (iputils on RHEL)',
      [['ping kvm09', null, 0, false]],
    ],
    [
      'no shell ran it to its end',
      { to: 'kvm09' },
      '',
      '1 of 1 checks failed: ping kvm09: ping said nothing',
      [['ping kvm09', null, 0, false]],
    ],
    [
      'a size that may be cut in pieces',
      { to: '10.0.0.2', size: 8972 },
      iputils('10.0.0.2'),
      undefined,
      [['loss to 10.0.0.2 with 8972 bytes', 0, 0, true]],
    ],
    [
      'path MTU',
      { to: '10.0.0.2', size: 8972, dont_fragment: true },
      iputils('10.0.0.2', 100),
      '1 of 1 checks failed: loss to 10.0.0.2 with 8972 bytes in one piece is 100 %, wanted at most 0 %',
      [['loss to 10.0.0.2 with 8972 bytes in one piece', 100, 0, false]],
    ],
  ])('%s', async (_, ping, answer, message, found) => {
    expect(await look({ ping }, answer)).toEqual({ message, found });
  });
});

const socket = `udp   UNCONN 0      0      127.0.0.53%lo:53   0.0.0.0:*
udp   UNCONN 0      0            0.0.0.0:4789     0.0.0.0:*
tcp   LISTEN 0      128    10.0.0.1:179        0.0.0.0:*
tcp   LISTEN 0      128    0.0.0.0:22          0.0.0.0:*
tcp   LISTEN 0      511          *:80                *:*
tcp   LISTEN 0      128       [::1]:6653           [::]:*
`;

const iperf = (end: object, error?: string): string => JSON.stringify({ start: {}, intervals: [], end, error });
const fdb = JSON.stringify([
  { mac: '00:00:00:00:00:00', ifname: 'vxlan100', dst: '10.0.1.2', flags: ['self'], state: 'permanent' },
  { mac: '52:54:00:AA:00:01', ifname: 'vxlan100', master: 'br-blue', state: '' },
]);
const stats = (dropped: number): string =>
  JSON.stringify([
    { ifname: 'eth0', stats64: { rx: { dropped, errors: 1 }, tx: { dropped: 1, errors: 0, carrier_errors: 9 } } },
  ]);
const link = (fields: object): string =>
  `${JSON.stringify([{ ifindex: 3, ifname: 'vxlan100', flags: ['BROADCAST', 'UP', 'LOWER_UP'], mtu: 1450, operstate: 'UNKNOWN', address: '02:00:00:00:00:01', ...fields }])}\n`;
const bridges = (connected: boolean): string =>
  `{"data":[["br0",["uuid","6b1c"]],["br1",["set",[]]]],"headings":["name","controller"]}
{"data":[[["uuid","6b1c"],"tcp:10.0.0.9:6653",${connected}]],"headings":["_uuid","target","is_connected"]}
`;
const frr = `
Neighbor ID     Pri State           Up Time         Dead Time Address         Interface                        RXmtL RqstL DBsmL
10.255.0.2        1 Full/DR         1m02s             3.204s 10.96.0.2       br0:10.96.0.1                        0     0     0
10.255.0.3        1 ExStart/DROther 4.1s              3.9s   10.96.0.3       br0:10.96.0.1                        0     0     0
10.255.0.4        1 Full/-          1m02s             3.204s 10.97.0.2       ppp0:10.97.0.1                       0     0     0
`;
const quagga = `
    Neighbor ID Pri State           Dead Time Address         Interface            RXmtL RqstL DBsmL
10.255.0.2        1 Full/Backup       31.204s 10.96.0.2       eth1:10.96.0.1           0     0     0
`;

it.each<[string, Params, readonly Answer[], string | undefined, unknown]>([
  [
    'iperf3, TCP',
    { iperf3: { server: 'kvm2', min_mbit: 900 } },
    [iperf({ sum_sent: {}, sum_received: { bits_per_second: 941.4e6 } })],
    undefined,
    [941.4, 900],
  ],
  [
    'iperf3 too slow',
    { iperf3: { server: 'kvm2', min_mbit: 900, reverse: true } },
    [iperf({ sum_received: { bits_per_second: 94.1e6 } })],
    'throughput from kvm2 is 94.1 Mbit/s, wanted at least 900 Mbit/s',
    [94.1, 900],
  ],
  [
    'iperf3, UDP: what arrives counts',
    { iperf3: { server: 'kvm2', min_mbit: 95, udp: true } },
    [iperf({ sum: { bits_per_second: 100e6, lost_percent: 10 } })],
    'throughput to kvm2 is 90 Mbit/s, wanted at least 95 Mbit/s',
    [90, 95],
  ],
  [
    'iperf3 without a server',
    { iperf3: { server: 'kvm2', min_mbit: 1 } },
    [{ code: 1, stdout: iperf({}, 'unable to connect to server: Connection refused') }],
    'throughput to kvm2: unable to connect to server: Connection refused',
    [null, 1],
  ],
  [
    'iperf3 not installed',
    { iperf3: { server: 'kvm2', min_mbit: 1 } },
    [{ code: 127 }],
    'throughput to kvm2: iperf3 is not installed, install iperf3',
    [null, 1],
  ],
  [
    'iperf3 hangs',
    { iperf3: { server: 'kvm2', min_mbit: 1 } },
    [{ code: 124, timedOut: true }],
    'throughput to kvm2: iperf3 gave no answer in time',
    [null, 1],
  ],
  [
    'iperf3 says something else',
    { iperf3: { server: 'kvm2', min_mbit: 1 } },
    ['iperf3: unknown option\n'],
    'throughput to kvm2: iperf3 printed no report',
    [null, 1],
  ],
  [
    'iperf3 ended before anything was sent',
    { iperf3: { server: 'kvm2', min_mbit: 1 } },
    [iperf({})],
    'throughput to kvm2 is 0 Mbit/s, wanted at least 1 Mbit/s',
    [0, 1],
  ],
  [
    'UDP loss',
    { iperf3: { server: 'kvm2', min_mbit: 1, udp: true, max_loss: 5 } },
    [iperf({ sum: { bits_per_second: 100e6, lost_percent: 10 } })],
    'UDP loss to kvm2 is 10 %, wanted at most 5 %',
    [90, 1],
  ],
  [
    'UDP loss from the server',
    { iperf3: { server: 'kvm2', min_mbit: 1, udp: true, max_loss: 5, reverse: true } },
    [iperf({ sum_received: { bits_per_second: 90e6, lost_percent: 6 } })],
    'UDP loss from kvm2 is 6 %, wanted at most 5 %',
    [90, 1],
  ],
  [
    'a host without ss',
    { listening: { port: 22 } },
    [{ code: 127 }],
    'tcp port 22: ss is not installed, install iproute2 (iproute on RHEL)',
    [null, true],
  ],
  [
    'any IPv6 address is not IPv4',
    { listening: { port: 443, address: '10.0.0.2' } },
    ['tcp   LISTEN 0      128       [::]:443            [::]:*\n'],
    'nobody listens on tcp port 443 of 10.0.0.2',
    [false, true],
  ],
  ['a listener', { listening: { port: 22 } }, [socket], undefined, [true, true]],
  [
    'no listener of that protocol',
    { listening: { port: 22, proto: 'udp' } },
    [socket],
    'nobody listens on udp port 22',
    [false, true],
  ],
  [
    'an interface in the address',
    { listening: { port: 53, proto: 'udp', address: '127.0.0.53' } },
    [socket],
    undefined,
    [true, true],
  ],
  [
    'not on that address',
    { listening: { port: 179, address: '10.0.0.2' } },
    [socket],
    'nobody listens on tcp port 179 of 10.0.0.2',
    [false, true],
  ],
  [
    'any IPv4 address is not IPv6',
    { listening: { port: 22, address: '2001:db8::1' } },
    [socket],
    'nobody listens on tcp port 22 of 2001:db8::1',
    [false, true],
  ],
  ['any address of both families', { listening: { port: 80, address: '10.0.0.2' } }, [socket], undefined, [true, true]],
  ['an IPv6 address', { listening: { port: 6653, address: '::1' } }, [socket], undefined, [true, true]],
  [
    'known addresses',
    { fdb: { dev: 'vxlan100', has: ['5254.00aa.0001', { mac: '00:00:00:00:00:00', dst: '10.0.1.2' }] } },
    [fdb],
    undefined,
    undefined,
  ],
  [
    'an address that is not known',
    { fdb: { dev: 'vxlan100', has: [{ mac: '00:00:00:00:00:00', dst: '10.0.1.3' }] } },
    [fdb],
    'addresses behind vxlan100 lacks 00:00:00:00:00:00 at 10.0.1.3, wanted 00:00:00:00:00:00 at 10.0.1.3',
    undefined,
  ],
  [
    'no such device',
    { fdb: { dev: 'vxlan9', has: ['52:54:00:00:00:01'] } },
    [{ code: 1, stderr: 'Cannot find device "vxlan9"' }],
    'addresses behind vxlan9: vxlan9 does not exist',
    [null, ['52:54:00:00:00:01']],
  ],
  [
    'a host without bridge(8)',
    { fdb: { dev: 'vxlan9', has: ['52:54:00:00:00:01'] } },
    [{ code: 127 }],
    'addresses behind vxlan9: bridge is not installed, install iproute2 (iproute on RHEL)',
    [null, ['52:54:00:00:00:01']],
  ],
  [
    'drops that cannot be read a second time',
    { drops: { dev: 'eth0', within: 1 } },
    [stats(1), '', { code: 1, stderr: '\n' }],
    'packets dropped or damaged at eth0 within 1 s: ip ended with exit code 1',
    [null, 0],
  ],
  [
    'drops since ever',
    { drops: { dev: 'eth0', max: 5 } },
    [stats(4)],
    'packets dropped or damaged at eth0 is 6, wanted at most 5',
    [6, 5],
  ],
  [
    'drops within a time',
    { drops: { dev: 'eth0', max: 5, within: 1 } },
    [stats(100), '', stats(105)],
    undefined,
    [5, 5],
  ],
  [
    'drops of nothing',
    { drops: { dev: 'eth7' } },
    [stats(0)],
    'packets dropped or damaged at eth7: eth7 does not exist',
    [null, 0],
  ],
  ['virtual functions', { vfs: { pf: 'eth0', count: 4 } }, ['4\n4\n'], undefined, [4, 4]],
  ['too few', { vfs: { pf: 'eth0', count: 4 } }, ['2\n2\n'], 'virtual functions of eth0 is 2, wanted 4', [2, 4]],
  [
    'no SR-IOV',
    { vfs: { pf: 'eth0', count: 4 } },
    [{ code: 1, stderr: 'eth0 has no SR-IOV\n' }],
    'virtual functions of eth0: eth0 has no SR-IOV',
    [null, 4],
  ],
  [
    'virtual functions that are asked for and not there',
    { vfs: { pf: 'eth0', count: 4 } },
    ['4\n3\n'],
    'virtual functions of eth0 that are there is 3, wanted 4',
    [4, 4],
  ],
  [
    'interrupts of nothing',
    { irqs: { dev: 'eth7', cpus: '1' } },
    [{ code: 1, stderr: 'eth7 does not exist\n' }],
    'CPUs of the interrupts of eth7: eth7 does not exist',
    [null, '1'],
  ],
  [
    'interrupts that none asked for yet: the device is down',
    { irqs: { dev: 'eth0', cpus: '1' } },
    [''],
    'CPUs of the interrupts of eth0: eth0 has no interrupts in use',
    [null, '1'],
  ],
  ['interrupts', { irqs: { dev: 'eth0', cpus: '0x6' } }, ['30 1 0-3\n31 2 2\n'], undefined, ['1-2', '1-2']],
  [
    'one that has not come yet',
    { irqs: { dev: 'eth0', cpus: '1-2' } },
    ['30 0 1-2\n31 2 2\n'],
    undefined,
    ['0,2', '1-2'],
  ],
  [
    'a stray interrupt',
    { irqs: { dev: 'eth0', cpus: '1-2' } },
    ['30 1\n31 0,2\n'],
    'CPUs of the interrupts of eth0: interrupt 31 on 0,2, wanted 1-2',
    ['0-2', '1-2'],
  ],
  ['a controller', { controller: { bridge: 'br0' } }, [bridges(true)], undefined, [true, true]],
  [
    'a controller that is not there',
    { controller: { bridge: 'br0' } },
    [bridges(false)],
    'controller of br0 (tcp:10.0.0.9:6653) is not connected, wanted a connection',
    [false, true],
  ],
  [
    'no controller at all',
    { controller: { bridge: 'br1' } },
    [bridges(true)],
    'controller of br1: br1 has no controller',
    [null, true],
  ],
  [
    'no controller, as it should be',
    { controller: { bridge: 'br1', connected: 'no' } },
    [bridges(true)],
    undefined,
    [false, false],
  ],
  [
    'Open vSwitch does not run',
    { controller: { bridge: 'br0', connected: false } },
    [{ code: 1, stderr: 'ovs-vsctl: unix:/run/openvswitch/db.sock: database connection failed\n' }],
    'controller of br0: ovs-vsctl: unix:/run/openvswitch/db.sock: database connection failed',
    [null, false],
  ],
  [
    'no such bridge',
    { controller: { bridge: 'br2' } },
    [bridges(true)],
    'controller of br2: there is no bridge br2',
    [null, true],
  ],
  ['OSPF by number', { ospf: { neighbours: 2 } }, [frr], undefined, [2, 2]],
  [
    'OSPF by router id',
    { ospf: { neighbours: ['10.255.0.2', '10.255.0.3'] } },
    [frr],
    'OSPF neighbours in state Full lacks 10.255.0.3, wanted 10.255.0.2, 10.255.0.3 (10.255.0.3 is ExStart)',
    [
      ['10.255.0.2', '10.255.0.4'],
      ['10.255.0.2', '10.255.0.3'],
    ],
  ],
  ['OSPF of Quagga', { ospf: {} }, [quagga], undefined, [1, 1]],
  [
    'OSPF does not run',
    { ospf: {} },
    [{ code: 1, stderr: 'ospfd is not running\n' }],
    'OSPF neighbours in state Full: ospfd is not running',
    [null, 1],
  ],
  [
    'nothing of FRR runs',
    { ospf: {} },
    [{ code: 1, stderr: 'Exiting: failed to connect to any daemons.\n' }],
    'OSPF neighbours in state Full: ospfd is not running',
    [null, 1],
  ],
  ['links as a map', { links: { vxlan100: { up: true, mtu: 1450, master: null } } }, [link({})], undefined, undefined],
  [
    'links as a list',
    { links: [{ name: 'vxlan100', up: true }] },
    [link({ flags: [] })],
    'up of vxlan100 is no, wanted yes',
    [false, true],
  ],
  [
    'the wrong bridge',
    { links: { vxlan100: { master: 'br-blue' } } },
    [link({ master: 'br0' })],
    'master of vxlan100 is br0, wanted br-blue',
    ['br0', 'br-blue'],
  ],
  [
    'no carrier',
    { links: { vxlan100: { carrier: true } } },
    [link({ flags: ['NO-CARRIER', 'UP'] })],
    'carrier of vxlan100 is no, wanted yes',
    [false, true],
  ],
  [
    'a link that is not there',
    { links: { vxlan100: { up: true } } },
    ['[]\n'],
    'vxlan100 does not exist',
    [false, true],
  ],
  [
    'links without ip(8)',
    { links: { vxlan100: { up: true } } },
    [{ code: 127 }],
    'vxlan100: ip is not installed, install iproute2 (iproute on RHEL)',
    [null, true],
  ],
  [
    'a link by its other name',
    { links: { uplink: { up: true } } },
    [link({ altnames: ['uplink'] })],
    undefined,
    [true, true],
  ],
  ['a link that is there, whatever it is', { links: { vxlan100: {} } }, [link({ flags: [] })], undefined, [true, true]],
  [
    'a link without an address of its own',
    { links: { vxlan100: { mac: '02:00:00:00:00:01' } } },
    [link({ address: undefined })],
    'mac of vxlan100 is unknown, wanted 02:00:00:00:00:01',
    [null, '02:00:00:00:00:01'],
  ],
  [
    'a link that should not be there',
    { links: { vxlan100: { present: false } } },
    [link({})],
    'vxlan100 exists',
    [true, false],
  ],
  [
    'CPU flags',
    { cpu_flags: ['vmx|svm', 'pdpe1gb'] },
    ['processor : 0\nflags\t\t: fpu vme svm pdpe1gb\n'],
    undefined,
    undefined,
  ],
  [
    'a missing CPU flag',
    { cpu_flags: 'vmx|svm' },
    ['flags : fpu vmx_not\n'],
    'the CPU lacks vmx|svm, wanted vmx|svm',
    [[], ['vmx|svm']],
  ],
  [
    'CPUs that do not tell their features',
    { cpu_flags: 'vmx|svm' },
    ['processor : 0\ncpu : POWER9\n'],
    'the CPU lacks vmx|svm, wanted vmx|svm',
    [[], ['vmx|svm']],
  ],
  [
    'a file of the kernel that cannot be read',
    { cpu_flags: 'vmx' },
    [{ code: 1, stderr: 'cat: /proc/cpuinfo: Permission denied\n' }],
    'the CPU: cat: /proc/cpuinfo: Permission denied',
    [null, ['vmx']],
  ],
  ['load', { load: { max: 1.5, minutes: 5, per_cpu: 'yes' } }, ['9.00 3.00 1.00 1/200 77\n2\n'], undefined, [1.5, 1.5]],
  [
    'too much load',
    { load: { max: 8 } },
    ['9.00 3.00 1.00 1/200 77\n2\n'],
    'load of 1 min is 9, wanted at most 8',
    [9, 8],
  ],
  [
    'memory',
    { memory: { min_free_mb: 2048 } },
    ['MemTotal: 9 kB\nMemAvailable:    1048576 kB\n'],
    'available memory is 1024 MiB, wanted at least 2048 MiB',
    [1024, 2048],
  ],
  [
    'huge pages',
    { hugepages: { size: '1G', min_free: 4, node: 1 } },
    ['2\n'],
    'free huge pages of 1G on node 1 is 2, wanted at least 4',
    [2, 4],
  ],
  [
    'memory of a kernel that does not tell',
    { memory: { min_free_mb: 1 } },
    ['MemTotal: 9 kB\nMemFree: 8 kB\n'],
    'available memory is unknown, wanted at least 1 MiB',
    [null, 1],
  ],
  [
    'huge pages of all nodes',
    { hugepages: { min_free: 4 } },
    ['3\n'],
    'free huge pages of 2M is 3, wanted at least 4',
    [3, 4],
  ],
  [
    'connections',
    { conntrack: { max_share: '80%' } },
    ['900\n1000\n'],
    'used share of the connection tracking table is 0.9, wanted at most 0.8',
    [0.9, 0.8],
  ],
])('%s', async (_, params, answers, says, seen) => {
  const { message, found } = await look(params, ...answers);
  expect(message).toBe(says === undefined ? undefined : `1 of ${found.length} checks failed: ${says}`);
  if (seen !== undefined) expect(found[0]?.slice(1, 3)).toEqual(seen);
  expect(found.every(([, , , ok]) => ok === true)).toBe(says === undefined);
});

it.each<[Params, readonly unknown[]]>([
  [
    { hugepages: { min_free: 1 }, memory: { min_free_mb: 1 } },
    [{ argv: ['cat', '/proc/meminfo'] }, { argv: ['cat', '/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages'] }],
  ],
  [
    { hugepages: { size: '1G', min_free: 1, node: 1 } },
    [{ argv: ['cat', '/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/free_hugepages'] }],
  ],
  [{ ping: { to: '10.0.0.2' }, memory: { min_free_mb: 1 } }, []],
])('of %j looks ahead at %j', (params, commands) => {
  expect(netCheck.looks?.(NetCheck.parse(params))).toEqual(commands);
});

it('takes what the engine has no answer to as not answered', async () => {
  const host = fakeHost({ look: async () => [] });
  const { message } = await runAction(netCheck, { memory: { min_free_mb: 1 } }, host);
  expect(message).toBe('1 of 1 checks failed: available memory: cat gave no answer in time');
});

it('asks everything in one round trip and tells all that is wrong', async () => {
  const { message } = await look(
    { memory: { min_free_mb: 2 }, load: { max: 1 }, vfs: { pf: 'eth0', count: 1 } },
    { code: 1, stderr: 'eth0 has no SR-IOV' },
    '2 2 2 1/1 1\n1\n',
    'MemAvailable: 1024 kB\n',
  );
  expect(message).toBe(
    '3 of 3 checks failed: virtual functions of eth0: eth0 has no SR-IOV; load of 1 min is 2, wanted at most 1; available memory is 1 MiB, wanted at least 2 MiB',
  );
});

it('warns in place of failing where it is told to', async () => {
  const host = hostWith(['9 9 9 1/1 1\n1\n']);
  const result = await runAction(netCheck, { load: { max: 1 }, warn: 'load' }, host);
  expect(result).toMatchObject({ changed: false, data: { ok: false } });
  expect(result.failed).toBeUndefined();
  expect(result.warnings).toEqual(['load of 1 min is 9, wanted at most 1']);
});

it('goes on looking for as long as it may', async () => {
  const host = hostWith(['[]\n', link({})]);
  const result = await runAction(netCheck, { links: { vxlan100: { up: true } }, timeout: 1 }, host);
  expect(result.failed).toBeUndefined();
  expect(host.asked).toHaveLength(2);
  expect(host.said).toEqual(['waiting: vxlan100 does not exist; 1 s left']);
});

it('looks once in check mode, and leaves it to the engine whether an earlier task would mend it', async () => {
  const host = hostWith(['[]\n'], true);
  const run = runAction(netCheck, { links: { vxlan100: { up: true } }, timeout: 30 }, host);
  await expect(run).rejects.toMatchObject({
    code: 'missing',
    message: '1 of 1 checks failed: vxlan100 does not exist',
  });
  expect(host.asked).toHaveLength(1);
  const well = await runAction(netCheck, { links: { vxlan100: { up: true } } }, hostWith([link({})], true));
  expect(well.data).toMatchObject({ ok: true });
});

it.each<[unknown, string]>([
  [
    {},
    'nothing to check: give one of ping, iperf3, listening, fdb, drops, vfs, irqs, controller, ospf, links, cpu_flags, load, memory, hugepages, conntrack',
  ],
  [{ ping: { to: '-f' } }, 'expected an address or a host name'],
  [{ ping: { to: 'a b' } }, 'expected an address or a host name'],
  [
    { ping: { to: '10.0.0.1', dont_fragment: true } },
    'dont_fragment says nothing without a size: the MTU of the path less 28 (IPv4) or 48 (IPv6)',
  ],
  [
    { iperf3: { server: 'a', min_mbit: 1, max_loss: 1 } },
    'TCP sends again what was lost: max_loss goes with udp: true',
  ],
  [{ conntrack: { max_share: 80 } }, 'a share is between 0 and 1, or 0% and 100%'],
])('refuses %j', (params, message) => {
  const said = messageOf(NetCheck, params);
  expect(said === 'expected one, or a list' ? message : said).toBe(message);
});

it('gives what the user wrote to programs as single words', async () => {
  const host = hostWith(['[]']);
  const name = `'$(id)\`"`;
  await runAction(netCheck, { links: { [name]: {} }, controller: { bridge: `a'b` } }, host).catch(() => undefined);
  const words = host.asked[0]?.map(
    (command) => (command as ProbeCommand & { args?: unknown }).args ?? (command as { argv?: unknown }).argv,
  );
  expect(words).toContainEqual([name]);
});
