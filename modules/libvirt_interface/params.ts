import { z } from 'zod';
import {
  bool,
  ifname,
  int,
  mtu,
  pciAddress,
  hostPath,
  unicastMac,
  virtBandwidth,
  virtName,
  virtVlan,
} from '../../src/sdk/index.ts';

const directModes = ['bridge', 'vepa', 'private', 'passthrough'] as const;
const socketModes = ['server', 'client'] as const;

export const LibvirtInterface = z
  .strictObject({
    domain: virtName('domain').describe('name of the guest'),
    mac: unicastMac().optional().describe('MAC address, which tells the interface from the others of the guest'),
    alias: z
      .string()
      .regex(/^ua-[A-Za-z0-9_-]+$/, {
        error: 'an alias of a user begins with "ua-", and has letters, digits, "_" and "-": libvirt keeps no others',
      })
      .optional()
      .describe('alias that tells the interface from the others, in place of mac'),
    type: z
      .enum(['bridge', 'network', 'hostdev', 'vhostuser', 'direct'])
      .optional()
      .describe('how it is connected; needed for a new one'),
    source: z
      .string()
      .min(1)
      .regex(/^(?!-)/, { error: 'begins with a dash, which virsh takes for an option' })
      .optional()
      .describe('bridge, network, link (direct), PCI address of a VF (hostdev), or socket (vhostuser)'),
    path: hostPath().optional().describe('socket of vhostuser; the same as source'),
    mode: z
      .enum([...directModes, ...socketModes])
      .optional()
      .describe(
        'direct: bridge, vepa, private or passthrough; vhostuser: server where Open vSwitch is the client (dpdkvhostuserclient), or client',
      ),
    managed: bool()
      .optional()
      .describe('hostdev: whether libvirt takes the VF from its driver and gives it back; default for a new one: yes'),
    portgroup: z.string().min(1).nullable().optional().describe('class of guests in the network (type: network)'),
    virtualport: z
      .enum(['openvswitch'])
      .nullable()
      .optional()
      .describe('openvswitch where the bridge is one of Open vSwitch'),
    model: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]*$/i, { error: 'expected a model of network card: virtio, e1000e, …' })
      .optional()
      .describe('network card that the guest sees; default for a new one: virtio'),
    driver: z
      .strictObject({
        name: z
          .enum(['vhost', 'qemu', 'vfio'])
          .nullable()
          .optional()
          .describe('vhost: in the kernel; qemu: in the process'),
        queues: int({ min: 1, max: 256, what: 'a number of queues' })
          .optional()
          .describe('queues, at most as many as vCPUs; the guest switches them on with ethtool -L IF combined N'),
      })
      .optional()
      .describe('what moves the frames'),
    bandwidth: virtBandwidth().optional().describe('limits in kilobytes a second'),
    mtu: mtu().nullable().optional().describe('bytes; null: that of the bridge'),
    vlan: virtVlan().nullable().optional().describe('VLAN, or those of a trunk; with Open vSwitch or a VF'),
    target: ifname()
      .refine((name) => !/^(vnet|macvtap|vif)\d/.test(name), {
        error: 'libvirt takes vnet and macvtap with a number for names of its own: choose another one',
      })
      .nullable()
      .optional()
      .describe('name of its link on the host; null: libvirt chooses (vnet0, …)'),
    link: z.enum(['up', 'down']).optional().describe('whether the guest sees a carrier'),
    apply: z
      .enum(['both', 'config', 'live'])
      .default('both')
      .describe('what is changed: the running guest, what it is started with next, or both'),
    state: z.enum(['present', 'absent']).default('present').describe('whether the guest has it'),
  })
  .superRefine((p, context) => {
    const complain = (path: keyof LibvirtInterface, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.mac === undefined && p.alias === undefined)
      complain('mac', 'give mac or alias: it tells the interface from the others');
    if (p.state === 'absent') return;
    if (p.source !== undefined && p.path !== undefined) complain('path', 'give source or path, not both');
    if (p.path !== undefined && p.type !== undefined && p.type !== 'vhostuser')
      complain('path', 'path is the socket of type: vhostuser');
    const source = sourceOf(p);
    if (p.type !== undefined && source === undefined) complain('source', `type: ${p.type} needs source`);
    if (p.type === 'hostdev' && source !== undefined) {
      for (const { message } of pciAddress().safeParse(source).error?.issues ?? []) complain('source', message);
    }
    if (p.type === 'vhostuser' && source?.startsWith('/') === false)
      complain('source', `the socket "${source}" needs its whole path`);
    const modes: readonly string[] = p.type === 'direct' ? directModes : p.type === 'vhostuser' ? socketModes : [];
    if (p.mode !== undefined && p.type !== undefined && !modes.includes(p.mode)) {
      complain(
        'mode',
        modes.length === 0 ? `type: ${p.type} has no mode` : `type: ${p.type} takes mode ${modes.join(', ')}`,
      );
    }
    if (p.type === 'hostdev') {
      const none = [
        ['bandwidth', 'limit a VF with sriov: max_tx_rate'],
        ['mtu', 'set it on the link of the VF in the guest'],
        ['driver', 'its queues are those of the VF'],
        ['model', 'the guest sees the VF itself'],
        ['virtualport', 'a VF is on no bridge'],
        ['target', 'a VF has no link on the host'],
      ] as const;
      for (const [key, remedy] of none) {
        if (p[key] !== undefined) complain(key, `type: hostdev has no ${key}: ${remedy}`);
      }
    } else if (p.managed !== undefined && p.type !== undefined) complain('managed', 'managed needs type: hostdev');
    if (p.type === 'vhostuser') {
      if (p.model !== undefined && p.model !== 'virtio') complain('model', 'type: vhostuser needs model: virtio');
      if (p.bandwidth !== undefined)
        complain('bandwidth', 'libvirt cannot limit vhostuser: limit the port in Open vSwitch');
      if (p.vlan !== undefined || p.virtualport !== undefined)
        complain('vlan', 'VLANs of vhostuser are those of its port: give them to ovs_port');
    }
    if (p.portgroup !== undefined && p.type !== undefined && p.type !== 'network')
      complain('portgroup', 'portgroup needs type: network');
    if (typeof p.bandwidth?.inbound?.floor === 'number' && p.type !== undefined && p.type !== 'network') {
      complain('bandwidth', 'floor needs type: network, whose own bandwidth it is taken from');
    }
    if ((p.driver?.queues ?? 1) > 1 && p.model !== undefined && p.model !== 'virtio') {
      complain('driver', `only virtio has several queues, not ${p.model}: model: virtio`);
    }
    if (p.type === 'bridge' && p.vlan !== undefined && p.vlan !== null && p.virtualport !== 'openvswitch') {
      complain(
        'vlan',
        'a Linux bridge takes no VLAN from libvirt: virtualport: openvswitch, or a bridge for each VLAN',
      );
    }
  });
export type LibvirtInterface = z.output<typeof LibvirtInterface>;

/** The source in canonical form. */
export function sourceOf(p: Pick<LibvirtInterface, 'type' | 'source' | 'path'>): string | undefined {
  const source = p.source ?? p.path;
  return p.type === 'hostdev' ? (pciAddress().safeParse(source).data ?? source) : source;
}

/** What tells it from the others: the parameters have one of them. */
export const nameOf = (p: Pick<LibvirtInterface, 'mac' | 'alias'>): string => String(p.mac ?? p.alias);
