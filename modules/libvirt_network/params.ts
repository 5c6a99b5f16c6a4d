import { z } from 'zod';
import {
  bool,
  cidr,
  ifname,
  inNetwork,
  int,
  ipAddress,
  ipFamily,
  mtu,
  pciAddress,
  unicastMac,
  virtBandwidth,
  virtName,
  virtVlan,
} from '../../src/sdk/index.ts';

const ownBridge = ['none', 'nat', 'route', 'open'] as const;

const virtualport = () => z.enum(['openvswitch', 'midonet']).nullable().optional();

/** Whether libvirt starts such a network with an address only. */
export const needsAddress = (forward: string): boolean => ['nat', 'route', 'open'].includes(forward);

export const LibvirtNetwork = z
  .strictObject({
    name: virtName('network').describe('name of the network'),
    forward: z
      .enum([...ownBridge, 'bridge', 'hostdev', 'private', 'vepa', 'passthrough'])
      .optional()
      .describe('where frames go; none: isolated; bridge: a bridge that is there; hostdev: VFs. Default: none'),
    dev: ifname()
      .nullable()
      .optional()
      .describe(
        'link that nat and route are bound to, or that the guests share (forward: private, vepa, passthrough, bridge)',
      ),
    bridge: ifname().optional().describe('name of the bridge; libvirt makes it unless forward is bridge'),
    stp: bool().optional().describe('spanning tree on a bridge that libvirt makes; default of libvirt: yes'),
    delay: int({ min: 0, max: 30, what: 'a delay in seconds' })
      .optional()
      .describe('forward delay of the bridge in seconds; default of libvirt: 0'),
    mtu: mtu().nullable().optional().describe('bytes; null: what libvirt takes by itself'),
    domain: z.string().min(1).nullable().optional().describe('DNS domain of the guests'),
    addresses: z.array(cidr()).optional().describe('addresses of the bridge, with prefix length; others are taken out'),
    dhcp_ranges: z
      .array(
        z.strictObject({ start: ipAddress().describe('first address'), end: ipAddress().describe('last address') }),
      )
      .optional()
      .describe('addresses that DHCP gives out; others are taken out'),
    dhcp_hosts: z
      .array(
        z.strictObject({
          ip: ipAddress().describe('address it gets'),
          mac: unicastMac().optional().describe('address of its interface; IPv4 only'),
          name: z.string().min(1).optional().describe('name of the guest'),
        }),
      )
      .optional()
      .describe('guests with fixed addresses; others are taken out; changed while the network runs'),
    virtualport: virtualport().describe('openvswitch where the bridge is one of Open vSwitch'),
    vlan: virtVlan()
      .nullable()
      .optional()
      .describe('VLAN of all guests, or those of a trunk; with Open vSwitch or VFs'),
    portgroups: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe('name of the class of guests'),
          default: bool().default(false).describe('taken where a guest names none'),
          virtualport: virtualport().describe('as of the network'),
          vlan: virtVlan().optional().describe('VLAN of these guests, or those of a trunk'),
        }),
      )
      .optional()
      .describe('classes of guests; others are taken out; changed while the network runs'),
    pf: ifname().nullable().optional().describe('physical function whose VFs the guests get (forward: hostdev)'),
    vfs: z.array(pciAddress()).optional().describe('the VFs, by PCI address, in place of pf (forward: hostdev)'),
    bandwidth: virtBandwidth().optional().describe('of all guests together, in kilobytes a second'),
    autostart: bool().default(true).describe('whether it starts with the host'),
    restart: z
      .enum(['never', 'if_required'])
      .default('never')
      .describe('whether to restart a running network for what cannot be changed in it; that cuts its guests off'),
    state: z.enum(['active', 'inactive', 'absent']).default('active').describe('whether it runs, or exists at all'),
  })
  .superRefine((p, context) => {
    const complain = (path: keyof LibvirtNetwork, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.state === 'absent') return;
    const forward = p.forward ?? 'none';
    const makes = ownBridge.some((mode) => mode === forward);
    if (forward === 'hostdev') {
      if (typeof p.pf !== 'string' && (p.vfs ?? []).length === 0)
        complain('pf', 'forward: hostdev needs pf, or vfs by PCI address');
      if (p.bandwidth !== undefined)
        complain('bandwidth', 'VFs have no bandwidth in libvirt: give max_tx_rate to sriov');
    } else if (typeof p.pf === 'string' || (p.vfs ?? []).length > 0) {
      complain('pf', 'pf and vfs need forward: hostdev');
    }
    if (typeof p.pf === 'string' && (p.vfs ?? []).length > 0) complain('vfs', 'give pf or vfs, not both');
    if (forward === 'bridge' && p.bridge === undefined && typeof p.dev !== 'string') {
      complain('bridge', 'forward: bridge needs the name of a bridge that is there, or dev');
    }
    for (const key of ['addresses', 'dhcp_ranges', 'dhcp_hosts', 'stp', 'delay', 'domain'] as const) {
      if (!makes && p[key] !== undefined)
        complain(key, `${key} needs a bridge that libvirt makes: forward none, nat, route or open`);
    }
    if (p.forward !== undefined && !makes && forward !== 'bridge' && p.bridge !== undefined) {
      complain('bridge', `a network with forward: ${forward} has no bridge`);
    }
    if (needsAddress(forward) && p.addresses?.length === 0) {
      complain('addresses', `forward: ${forward} needs an address`);
    }
    for (const { start, end } of p.dhcp_ranges ?? []) {
      const inside = p.addresses?.some((net) => inNetwork(start, net) && inNetwork(end, net));
      if (inside !== true) complain('dhcp_ranges', `${start} to ${end} lies in none of addresses`);
    }
    for (const { ip, mac, name } of p.dhcp_hosts ?? []) {
      if (p.addresses?.some((net) => inNetwork(ip, net)) !== true)
        complain('dhcp_hosts', `${ip} lies in none of addresses`);
      if (mac === undefined && name === undefined) complain('dhcp_hosts', `${ip} needs mac or name`);
      if (mac !== undefined && ipFamily(ip) === 6)
        complain('dhcp_hosts', `${ip}: IPv6 knows guests by name, not by mac`);
    }
    for (const [key, names] of [
      ['dhcp_hosts', (p.dhcp_hosts ?? []).map(({ ip }) => ip)],
      ['portgroups', (p.portgroups ?? []).map(({ name }) => name)],
    ] as const) {
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      if (twice !== undefined) complain(key, `${twice} is there twice`);
    }
    if ((p.portgroups ?? []).filter((group) => group.default).length > 1) {
      complain('portgroups', 'only one of them can be the default');
    }
  });
export type LibvirtNetwork = z.output<typeof LibvirtNetwork>;
