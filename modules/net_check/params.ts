import { z } from 'zod';
import { bool, cpuList, ifname, int, ipAddress, mac, mtu, port, seconds, unicastMac } from '../../src/sdk/index.ts';

/** One or several. */
const some = <T extends z.ZodType>(schema: T) =>
  z.union([schema, z.array(schema).min(1)], { error: 'expected one, or a list' }).transform((value) => [value].flat());

const endpoint = z
  .string({ error: 'an address or a host name is text' })
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:%-]*$|^::[A-Fa-f0-9.:]*$/, { error: 'expected an address or a host name' });

const share = z
  .union([z.number(), z.string().regex(/^\d+(\.\d+)?%?$/, { error: 'expected a share like 0.8 or "80%"' })])
  .transform((value) =>
    typeof value === 'string' && value.endsWith('%') ? Number(value.slice(0, -1)) / 100 : Number(value),
  )
  .refine((value) => value >= 0 && value <= 1, { error: 'a share is between 0 and 1, or 0% and 100%' });

const number = (what: string) =>
  z.union([z.number(), z.string().regex(/^\d+(\.\d+)?$/)], { error: `expected ${what}: a number` }).transform(Number);

export const Ping = z.strictObject({
  to: some(endpoint).describe('address or host name to ping, or several'),
  count: int({ min: 1, max: 1000, what: 'a number of pings' }).default(3).describe('echo requests to each'),
  interval: seconds().default(0.2).describe('seconds between two of them'),
  max_loss: number('a loss in percent').default(0).describe('percent that may be lost'),
  max_rtt: number('a time in milliseconds').optional().describe('milliseconds that a round trip may take on average'),
  size: int({ min: 0, max: 65_507, what: 'a size in bytes' })
    .optional()
    .describe('bytes of payload; headers take 28 more (IPv4) or 48 (IPv6)'),
  dont_fragment: bool().default(false).describe('do not fragment: shows that the path carries packets of this size'),
  source: z.union([ipAddress(), ifname()]).optional().describe('address or interface to ping from'),
  timeout: int({ min: 1, max: 60, what: 'seconds' }).default(2).describe('seconds to wait for an answer'),
});

export const Iperf3 = z.strictObject({
  server: endpoint.describe('host on which "iperf3 -s" runs'),
  port: port().default(5201).describe('its port'),
  duration: int({ min: 1, max: 3600, what: 'seconds' }).default(5).describe('seconds to measure'),
  min_mbit: number('megabits per second').describe('Mbit/s that must arrive'),
  udp: bool().default(false).describe('UDP in place of TCP; sent at a tenth more than min_mbit'),
  max_loss: number('a loss in percent').optional().describe('with udp: percent that may be lost'),
  reverse: bool().default(false).describe('from the server to this host'),
  streams: int({ min: 1, max: 128 }).default(1).describe('parallel streams'),
});

const Socket = z.strictObject({
  port: port().describe('port'),
  proto: z.enum(['tcp', 'udp']).default('tcp').describe('protocol'),
  address: ipAddress().optional().describe('address that it must answer on; a listener on all addresses does too'),
});

const FdbItem = z.strictObject({
  mac: mac().describe('address'),
  dst: ipAddress().optional().describe('other end of the tunnel'),
});

export const Fdb = z.strictObject({
  dev: ifname().describe('port of a bridge, or VXLAN'),
  has: z
    .array(z.union([mac(), FdbItem]))
    .min(1)
    .transform((items) =>
      items.map((item): z.output<typeof FdbItem> => (typeof item === 'string' ? { mac: item } : item)),
    )
    .describe('MAC addresses, or { mac, dst }, that must be known there'),
});

export const Drops = z.strictObject({
  dev: some(ifname()).describe('interface, or several'),
  max: int({ min: 0, what: 'a number of packets' }).default(0).describe('packets that may be dropped or damaged'),
  within: seconds().default(0).describe('seconds to watch; 0: since the interface was made'),
});

const LinkWanted = {
  up: bool().optional().describe('set up'),
  carrier: bool().optional().describe('has a carrier'),
  mtu: mtu().optional().describe('bytes'),
  master: ifname().nullable().optional().describe('bridge or bond that it is a port of; null: none'),
  mac: unicastMac().optional().describe('hardware address'),
  present: bool().default(true).describe('exists'),
};

const Links = z
  .union(
    [
      z.array(z.strictObject({ name: ifname().describe('interface'), ...LinkWanted })),
      z.record(z.string(), z.strictObject(LinkWanted)),
    ],
    { error: 'links are a map from names to { up, mtu, … }, or a list of { name, up, mtu, … }' },
  )
  .transform((links) =>
    Array.isArray(links) ? links : Object.entries(links).map(([name, link]) => ({ name, ...link })),
  );

export const Ospf = z.strictObject({
  neighbours: z
    .union([int({ min: 0, what: 'a number of neighbours' }), z.array(ipAddress())])
    .default(1)
    .describe('how many there must be at least, or their router ids'),
  state: z
    .enum(['Full', '2-Way', 'ExStart', 'Exchange', 'Loading', 'Init'])
    .default('Full')
    .describe('state they must be in'),
});

/** Names of the checks, and their order. */
export const checkNames = [
  'ping',
  'iperf3',
  'listening',
  'fdb',
  'drops',
  'vfs',
  'irqs',
  'controller',
  'ospf',
  'links',
  'cpu_flags',
  'load',
  'memory',
  'hugepages',
  'conntrack',
] as const;

export const NetCheck = z
  .strictObject({
    ping: Ping.optional().describe('reachability, loss, round-trip time and path MTU'),
    iperf3: Iperf3.optional().describe('throughput to a host on which iperf3 serves'),
    listening: some(Socket).optional().describe('ports on which somebody listens'),
    fdb: Fdb.optional().describe('addresses that a bridge port or a VXLAN knows'),
    drops: Drops.optional().describe('packets that an interface dropped or got damaged'),
    vfs: z
      .strictObject({
        pf: ifname().describe('physical function'),
        count: int({ min: 0, what: 'a number of virtual functions' }).describe('virtual functions it must have'),
      })
      .optional()
      .describe('SR-IOV virtual functions'),
    irqs: z
      .strictObject({
        dev: ifname().describe('device'),
        cpus: cpuList().describe('CPUs that all its interrupts must go to'),
      })
      .optional()
      .describe('CPUs to which the interrupts of a device really go'),
    controller: z
      .strictObject({
        bridge: z.string().min(1).describe('bridge of Open vSwitch'),
        connected: bool().default(true).describe('whether one of its controllers must be connected, or none'),
      })
      .optional()
      .describe('OpenFlow controllers'),
    ospf: Ospf.optional().describe('OSPF neighbours, of FRR or Quagga'),
    links: Links.optional().describe('interfaces, by name: { up, carrier, mtu, master, mac, present }'),
    cpu_flags: some(
      z
        .string()
        .regex(/^[A-Za-z0-9_.]+(\|[A-Za-z0-9_.]+)*$/, { error: 'a CPU flag is a word like vmx; "vmx|svm" is either' }),
    )
      .optional()
      .describe('features that the CPUs must have; "vmx|svm" is either of them'),
    load: z
      .strictObject({
        max: number('a load').describe('load that is allowed'),
        minutes: z
          .union([z.literal(1), z.literal(5), z.literal(15)], { error: 'minutes are 1, 5 or 15' })
          .default(1)
          .describe('averaged over 1, 5 or 15 minutes'),
        per_cpu: bool().default(false).describe('divide the load by the number of CPUs'),
      })
      .optional()
      .describe('load average'),
    memory: z
      .strictObject({ min_free_mb: int({ min: 0, what: 'MiB' }).describe('MiB that must be available') })
      .optional()
      .describe('memory that programs can still get'),
    hugepages: z
      .strictObject({
        size: z.enum(['2M', '1G']).default('2M').describe('size of a page'),
        min_free: int({ min: 0, what: 'a number of pages' }).describe('pages that must be free'),
        node: int({ min: 0 }).optional().describe('NUMA node; default: all together'),
      })
      .optional()
      .describe('free huge pages'),
    conntrack: z
      .strictObject({ max_share: share.describe('share of the table that may be in use: 0.8 or "80%"') })
      .optional()
      .describe('connection tracking table'),
    timeout: seconds().default(0).describe('seconds to go on looking until all is well'),
    warn: some(z.enum(checkNames))
      .default([])
      .describe('checks that give a warning where they are not met, in place of a failure'),
  })
  .superRefine((p, context) => {
    if (checkNames.every((name) => p[name] === undefined)) {
      context.addIssue({ code: 'custom', message: `nothing to check: give one of ${checkNames.join(', ')}` });
    }
    if (p.ping?.dont_fragment === true && p.ping.size === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['ping', 'size'],
        message: 'dont_fragment says nothing without a size: the MTU of the path less 28 (IPv4) or 48 (IPv6)',
      });
    }
    if (p.iperf3?.max_loss !== undefined && !p.iperf3.udp) {
      context.addIssue({
        code: 'custom',
        path: ['iperf3', 'max_loss'],
        message: 'TCP sends again what was lost: max_loss goes with udp: true',
      });
    }
  });
export type NetCheck = z.output<typeof NetCheck>;
