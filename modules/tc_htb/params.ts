import { z } from 'zod';
import { bool, ifname, int, ipFamily, network, port, rate, size } from '../../src/sdk/index.ts';
import { anyHandle, classHandle, minorNumber, qdiscHandle } from './handle.ts';
import { treeProblems } from './tree.ts';

const Leaf = z.strictObject({
  kind: z
    .enum(['pfifo', 'bfifo', 'sfq', 'fq', 'fq_codel', 'codel'])
    .describe('queueing discipline for the packets of the class'),
  limit: int({ min: 1 }).optional().describe('packets, for bfifo bytes'),
  perturb: int({ min: 0, max: 3600 }).optional().describe('sfq: seconds between changes of its hash'),
});

const ClassParams = z.strictObject({
  classid: classHandle().describe('class, hexadecimal: "1:10"'),
  parent: anyHandle().optional().describe('class above; default: the root'),
  rate: rate().describe('rate that it is sure of, with tc units: 10mbit; a bare number is bits/s'),
  ceil: rate().optional().describe('rate that it may borrow up to; default: rate'),
  burst: size().optional().describe('bytes that go at once at the rate; default: as tc computes it'),
  cburst: size().optional().describe('bytes that go at once at the ceil; default: as tc computes it'),
  prio: int({ min: 0, max: 7, what: 'a priority' })
    .default(0)
    .describe('0 is served first when there is something to borrow'),
  quantum: int({ min: 1, max: 200_000 })
    .optional()
    .describe('bytes for one turn; default: rate / r2q, in sensible bounds'),
  leaf: Leaf.optional().describe('queueing discipline below the class'),
});

const FilterParams = z.strictObject({
  parent: anyHandle().optional().describe('where it hangs; default: the root'),
  prio: int({ min: 1, max: 65_535 }).default(1).describe('filters are tried in this order'),
  protocol: z.enum(['ip', 'ipv6']).default('ip').describe('protocol of the packets'),
  src: network().optional().describe('source network'),
  dst: network().optional().describe('destination network'),
  ip_proto: z
    .union([z.enum(['tcp', 'udp', 'icmp', 'icmpv6', 'gre', 'esp', 'sctp']), int({ min: 0, max: 255 })])
    .optional()
    .describe('protocol inside'),
  sport: port().optional().describe('source port; packets without IP options'),
  dport: port().optional().describe('destination port; packets without IP options'),
  tos: int({ min: 0, max: 255 }).optional().describe('TOS byte, for IPv6 the traffic class'),
  flowid: classHandle().describe('class that the packets go to'),
});

export const TcHtb = z
  .strictObject({
    dev: ifname().describe('network device; what leaves it is shaped'),
    root_handle: qdiscHandle().default('1:').describe('handle of the root, hexadecimal'),
    default: minorNumber()
      .optional()
      .describe('class of packets that no filter takes, hexadecimal; without one they pass unshaped'),
    r2q: int({ min: 1, max: 100_000 }).optional().describe('divisor from rate to quantum; default of the kernel: 10'),
    direct_qlen: int({ min: 1 }).optional().describe('packets that wait unshaped; default: queue length of the device'),
    classes: z.array(ClassParams).default([]).describe('classes, parents and children in any order'),
    filters: z.array(FilterParams).optional().describe('which packets go to which class'),
    replace: bool()
      .default(true)
      .describe('take classes away that are not named, and, where filters are given, other u32 filters'),
    state: z.enum(['present', 'absent']).default('present').describe('absent: the device gets its default back'),
  })
  .superRefine((p, context) => {
    if (p.state === 'absent') return;
    for (const { path, message } of treeProblems(p)) context.addIssue({ code: 'custom', path: [...path], message });
    for (const [i, filter] of (p.filters ?? []).entries()) {
      const wanted = filter.protocol === 'ip' ? 4 : 6;
      for (const key of ['src', 'dst'] as const) {
        const net = filter[key];
        if (net !== undefined && ipFamily(net) !== wanted) {
          context.addIssue({
            code: 'custom',
            path: ['filters', i, key],
            message: `${net} is not of protocol ${filter.protocol}`,
          });
        }
      }
      const matches = [filter.src, filter.dst, filter.ip_proto, filter.sport, filter.dport, filter.tos];
      if (matches.every((match) => match === undefined)) {
        context.addIssue({
          code: 'custom',
          path: ['filters', i],
          message: 'a filter without a match takes everything: set default',
        });
      }
    }
  });
export type TcHtb = z.output<typeof TcHtb>;
export type ClassParams = z.output<typeof ClassParams>;
export type FilterParams = z.output<typeof FilterParams>;
