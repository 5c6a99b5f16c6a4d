import { z } from 'zod';
import {
  bool,
  cidr,
  ifname,
  int,
  ipAddress,
  ipFamily,
  isMulticast,
  mtu,
  network,
  pciAddress,
  unicastMac,
} from '../../src/sdk/index.ts';

const Table = z
  .union([z.string().regex(/^[A-Za-z0-9_.-]+$/, { error: 'a routing table is a name or a number' }), z.int().min(1)])
  .transform((table) => (['254', 'main'].includes(String(table)) ? 'main' : String(table)));

const RouteParams = z.strictObject({
  to: z
    .union([z.enum(['default', 'default6']), network()])
    .describe('network, or default (with via of IPv6, or as default6, that of IPv6)'),
  via: ipAddress().optional().describe('next hop; without one the network is on the link itself'),
  metric: int({ min: 0, max: 4_294_967_295, what: 'a metric' })
    .optional()
    .describe('the lowest wins; default 0, for IPv6 1024'),
  table: Table.default('main').describe('routing table, name or number'),
  source: ipAddress().optional().describe('address that packets are sent from'),
});

export const LinkParams = z
  .strictObject({
    name: ifname().optional().describe('name of the interface'),
    pci: pciAddress().optional().describe('in place of name: the interface of this PCI device'),
    altname: z.string().min(1).max(127).optional().describe('in place of name: an alternative name of the interface'),
    mac: unicastMac()
      .optional()
      .describe('MAC address that it gets; without name, pci and altname: the one that it is found by'),
    up: bool().optional().describe('whether it is up'),
    mtu: mtu().optional().describe('MTU in bytes'),
    addresses: z.array(cidr()).optional().describe('addresses that it has, with prefix length'),
    exact_addresses: bool().default(false).describe('take other addresses off, but those of DHCP and link-local ones'),
    routes: z.array(RouteParams).optional().describe('routes over this link'),
    exact_routes: bool()
      .default(false)
      .describe('take other routes over this link away that a person or a script has set'),
    master: ifname().nullable().optional().describe('bridge, bond or VRF that it is a port of; null: of none'),
    alias: z
      .string()
      .max(255)
      .regex(/^[^\n\0]*$/, { error: 'an alias is one line' })
      .optional()
      .describe('free text that ip link shows'),
    promisc: bool().optional().describe('take all packets'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('present: it must exist, this module makes none; absent: virtual links only'),
  })
  .superRefine((p, context) => {
    const complain = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const named = [p.name, p.pci, p.altname].filter((item) => item !== undefined);
    if (named.length > 1) complain(['name'], 'give one of name, pci and altname');
    if (named.length === 0 && p.mac === undefined) complain(['name'], 'give name, pci, altname or mac');
    if (p.state === 'absent' && p.pci !== undefined)
      complain(['pci'], 'a PCI device cannot be removed, only virtual links can');
    for (const [i, route] of (p.routes ?? []).entries()) {
      const family = routeFamily(route);
      if (route.via !== undefined && isMulticast(route.via))
        complain(['routes', i, 'via'], `${route.via} is a multicast address`);
      if (route.to !== 'default' && route.via !== undefined && ipFamily(route.via) !== family) {
        complain(['routes', i, 'via'], `${route.via} is of another family than ${route.to}`);
      }
    }
  });
export type LinkParams = z.output<typeof LinkParams>;
export type RouteParams = z.output<typeof RouteParams>;

export function routeFamily(route: Pick<RouteParams, 'to' | 'via'>): 4 | 6 {
  if (route.to === 'default6') return 6;
  if (route.to === 'default') return route.via === undefined ? 4 : ipFamily(route.via);
  return ipFamily(route.to);
}
