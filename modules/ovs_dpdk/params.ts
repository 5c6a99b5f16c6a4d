import { z } from 'zod';
import {
  bool,
  cpuList,
  cpuMask,
  hostPath,
  int,
  mtu,
  ovsName,
  ovsPortName,
  parsePciAddress,
} from '../../src/sdk/index.ts';

/** A PCI address in canonical form, with what follows it; anything else (a virtual device) as it is. */
const devargs = () =>
  z
    .string({ error: 'devargs is text: a PCI address such as "0000:05:00.0", or a virtual device such as "net_null0"' })
    .min(1)
    .transform((text) => {
      const [device = '', ...more] = text.split(',');
      return [/^[\da-f:]*:[\da-f]{2}\.[0-7]$/i.test(device) ? parsePciAddress(device) : device, ...more].join(',');
    });

const Port = z.strictObject({
  bridge: ovsName().describe('bridge with datapath_type netdev'),
  name: ovsPortName().describe('name of the port'),
  devargs: devargs().describe('PCI address of the device, or a virtual device of DPDK'),
  n_rxq: int({ min: 1, max: 1024 }).nullable().optional().describe('receive queues'),
  pmd_rxq_affinity: z
    .string()
    .regex(/^\d+:\d+(,\d+:\d+)*$/, { error: 'write queue:core pairs, e.g. "0:2,1:3"' })
    .nullable()
    .optional()
    .describe('which core polls which queue, as queue:core pairs'),
  mtu: mtu().nullable().optional().describe('MTU in bytes'),
});

const Vhost = z.strictObject({
  bridge: ovsName().describe('bridge with datapath_type netdev'),
  name: ovsPortName().describe('name of the port'),
  mode: z
    .enum(['client', 'server'])
    .default('client')
    .describe("client: QEMU makes the socket (libvirt mode='server') and may outlive Open vSwitch; server: deprecated"),
  path: hostPath().optional().describe('socket, in client mode'),
});

export const OvsDpdk = z
  .strictObject({
    init: z
      .union([z.literal('try'), bool()])
      .optional()
      .describe('start with DPDK; true: a failure stops the whole switch, so it is tried first; try: goes on without'),
    socket_mem: z
      .array(int({ min: 0, max: 1_048_576 }))
      .nullable()
      .optional()
      .describe('megabytes of huge pages to take on each NUMA node, in their order'),
    lcore_mask: cpuMask().nullable().optional().describe('cores of threads that do not poll, as a mask (0x1)'),
    cores: cpuList().nullable().optional().describe('the same as a list (0-1)'),
    pmd_cpu_mask: cpuMask().nullable().optional().describe('cores that poll, as a mask (0xc)'),
    pmd_cores: cpuList().nullable().optional().describe('the same as a list (2-3)'),
    hugepage_dir: hostPath().nullable().optional().describe('where huge pages are mounted'),
    vhost_sock_dir: z
      .string()
      .regex(/^[^/\0][^\0]*$/, {
        error: 'the folder of sockets is relative to the run folder of Open vSwitch: no / before it',
      })
      .nullable()
      .optional()
      .describe('folder of sockets in server mode, below the run folder of Open vSwitch'),
    extra: z.string().nullable().optional().describe('further arguments for the EAL of DPDK'),
    ports: z.array(Port).default([]).describe('physical ports; others are left alone'),
    vhost: z.array(Vhost).default([]).describe('ports of virtual machines; others are left alone'),
    noiommu: bool().default(false).describe('accept devices without an IOMMU: they can then reach all memory'),
    restart: z
      .enum(['never', 'if_required'])
      .default('never')
      .describe('if_required: restart ovs-vswitchd where settings are read at its start only; flows are put back'),
    state: z.enum(['present', 'absent']).default('present').describe('absent: none of these settings and ports'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.lcore_mask !== undefined && p.cores !== undefined) complain('cores', 'give cores or lcore_mask, not both');
    if (p.pmd_cpu_mask !== undefined && p.pmd_cores !== undefined)
      complain('pmd_cores', 'give pmd_cores or pmd_cpu_mask, not both');
    const names = [...p.ports, ...p.vhost].map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) complain('ports', `the port ${twice} is named twice`);
    for (const { name, mode, path } of p.vhost) {
      if (mode === 'client' && path === undefined) complain('vhost', `${name} needs path: the socket that QEMU makes`);
      if (mode === 'server' && path !== undefined) {
        complain('vhost', `${name}: in server mode the socket is vhost_sock_dir/${name}, leave path out`);
      }
    }
  });
export type OvsDpdk = z.output<typeof OvsDpdk>;
