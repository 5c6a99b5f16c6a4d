import { z } from 'zod';
import { bool, cidr, ifname, int, mtu, unicastMac, vlanId } from '../../src/sdk/index.ts';

const range = /^(\d{1,4})-(\d{1,4})$/;
const PortVlans = z.strictObject({
  port: ifname().describe('port, or the bridge itself'),
  vlan: z
    .union([vlanId(), z.string().regex(range, { error: 'a VLAN id or a range of them, "10-20"' })])
    .describe('VLAN id from 1 to 4094, or a range, "10-20"'),
  pvid: bool().default(false).describe('untagged frames that come in belong to it'),
  untagged: bool().default(false).describe('its frames go out without a tag'),
});

export const BridgeParams = z
  .strictObject({
    name: ifname().describe('name of the bridge'),
    ports: z.array(ifname()).optional().describe('links that are its ports; others stay'),
    purge_ports: bool()
      .default(false)
      .describe('take other ports out, but vnet and tap links, which belong to virtual machines'),
    stp: bool().optional().describe('spanning tree protocol'),
    forward_delay: int({ min: 0, max: 30, what: 'a forward delay in seconds' })
      .optional()
      .describe('seconds until a new port forwards frames, 2 to 30 with stp; default of the kernel: 15'),
    ageing_time: int({ min: 0, max: 1_000_000 })
      .optional()
      .describe('seconds that a learned address lives; default of the kernel: 300'),
    vlan_filtering: bool().optional().describe('keep VLANs apart'),
    vlans: z.array(PortVlans).optional().describe('VLANs of ports; those of ports that are not named here stay'),
    mcast_snooping: bool().optional().describe('send multicast only where it is asked for'),
    mac: unicastMac()
      .optional()
      .describe('MAC address; with move_ip_from by default that of the link, as DHCP and switches know it'),
    mtu: mtu().optional().describe('MTU in bytes; default: the least of its ports'),
    addresses: z.array(cidr()).optional().describe('addresses that it has; others stay'),
    move_ip_from: ifname().optional().describe('port whose addresses and routes go to the bridge, in one go'),
    up: bool().default(true).describe('whether it is up'),
    state: z.enum(['present', 'absent']).default('present').describe('whether it exists'),
  })
  .superRefine((p, context) => {
    const complain = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (p.ports?.includes(p.name) === true) complain(['ports'], `${p.name} cannot be its own port`);
    if (p.move_ip_from !== undefined && p.ports?.includes(p.move_ip_from) !== true) {
      complain(['move_ip_from'], `${p.move_ip_from} has to be one of ports`);
    }
    if (p.stp === true && p.forward_delay !== undefined && p.forward_delay < 2) {
      complain(['forward_delay'], 'with stp the forward delay is at least 2 seconds');
    }
    const known = new Set([...(p.ports ?? []), p.name]);
    for (const [i, item] of (p.vlans ?? []).entries()) {
      const vids = vlanIds(item.vlan);
      if (vids.length === 0) complain(['vlans', i, 'vlan'], `${item.vlan} is no range of VLAN ids from 1 to 4094`);
      if (item.pvid && vids.length > 1) complain(['vlans', i, 'pvid'], 'only one VLAN can be the pvid of a port');
      if (p.ports !== undefined && !known.has(item.port))
        complain(['vlans', i, 'port'], `${item.port} is not among ports`);
    }
  });
export type BridgeParams = z.output<typeof BridgeParams>;

/** The VLAN ids of `10` or `10-20`; none where that is no range. */
export function vlanIds(vlan: number | string): readonly number[] {
  const [, from, to] = range.exec(String(vlan)) ?? [];
  if (from === undefined || to === undefined) return [Number(vlan)];
  const [first, last] = [Number(from), Number(to)];
  if (first < 1 || last > 4094 || last < first) return [];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
