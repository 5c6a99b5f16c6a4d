import { z } from 'zod';
import { bool, cpuList, ifname, int } from '../../src/sdk/index.ts';

const Count = z.union([z.literal('max'), int({ min: 0, max: 65_535, what: 'a number, or max' })], {
  error: 'expected a whole number, or max',
});
const CpuSet = z.union([z.enum(['off', 'none']).transform(() => ''), cpuList()], {
  error: 'expected CPUs ("1-3", "0x0e") or off',
});

export const Ethtool = z
  .strictObject({
    dev: ifname().describe('network device'),
    channels: z
      .strictObject({
        combined: Count.optional().describe('queues that receive and send'),
        rx: Count.optional().describe('queues that only receive'),
        tx: Count.optional().describe('queues that only send'),
      })
      .optional()
      .describe(
        'numbers of queues, or max for as many as there can be; the link of many drivers goes down for a moment',
      ),
    ring: z
      .strictObject({
        rx: Count.optional().describe('descriptors for receiving'),
        tx: Count.optional().describe('descriptors for sending'),
        rx_mini: Count.optional().describe('descriptors of the mini ring'),
        rx_jumbo: Count.optional().describe('descriptors of the jumbo ring'),
      })
      .optional()
      .describe('sizes of the rings, or max'),
    coalesce: z
      .record(
        z.string().regex(/^[a-z-]+$/, { error: 'a name as ethtool -c prints it: rx-usecs' }),
        z.union([int({ min: 0 }), bool()]),
      )
      .optional()
      .describe('how long interrupts wait for more packets, by the names of ethtool -c: rx-usecs: 8, adaptive-rx: yes'),
    features: z
      .record(z.string().regex(/^[a-z0-9-]+$/, { error: 'a name as ethtool -k prints it: tx-checksumming' }), bool())
      .optional()
      .describe('offloads by the names of ethtool -k, or the short ones of -K: gro: no'),
    rps: CpuSet.optional().describe(
      'CPUs that share the work of receiving, for all queues; off: those of the interrupts',
    ),
    xps: CpuSet.optional().describe('CPUs that use each queue for sending; off: all of them, as the kernel likes'),
  })
  .superRefine((p, context) => {
    const given = [p.channels, p.ring, p.coalesce, p.features, p.rps, p.xps];
    if (given.every((part) => part === undefined)) {
      context.addIssue({ code: 'custom', path: [], message: 'give channels, ring, coalesce, features, rps or xps' });
    }
  });
export type Ethtool = z.output<typeof Ethtool>;

const short = new Map([
  ['rx', 'rx-checksumming'],
  ['tx', 'tx-checksumming'],
  ['sg', 'scatter-gather'],
  ['tso', 'tcp-segmentation-offload'],
  ['ufo', 'udp-fragmentation-offload'],
  ['gso', 'generic-segmentation-offload'],
  ['gro', 'generic-receive-offload'],
  ['lro', 'large-receive-offload'],
  ['rxvlan', 'rx-vlan-offload'],
  ['txvlan', 'tx-vlan-offload'],
  ['ntuple', 'ntuple-filters'],
  ['rxhash', 'receive-hashing'],
]);

/** The name that `ethtool -k` prints. */
export const featureName = (name: string): string => short.get(name) ?? name;
