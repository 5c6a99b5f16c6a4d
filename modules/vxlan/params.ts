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
  port,
  unicastMac,
  vni,
} from '../../src/sdk/index.ts';

const ttl = z.union([
  z.literal('inherit'),
  z.literal('auto').transform(() => 0),
  int({ min: 0, max: 255, what: 'a TTL' }),
]);

export const Vxlan = z
  .strictObject({
    name: ifname().describe('name of the interface'),
    vni: vni().optional().describe('VXLAN network identifier, 0 to 16777215; needed unless state is absent'),
    local: ipAddress().nullable().optional().describe('address of this host that the tunnel is sent from'),
    remotes: z
      .array(ipAddress())
      .optional()
      .describe('addresses of all other ends; broadcast goes to each of them, others are taken out'),
    remote: ipAddress().optional().describe('short form of remotes for one other end'),
    group: ipAddress().optional().describe('multicast group that connects the ends, in place of remotes; needs dev'),
    dev: ifname().optional().describe('link that the tunnel is bound to; default: as the routes say'),
    dstport: port().default(4789).describe('UDP port; 4789 is the standard, the kernel alone would take 8472'),
    mtu: z
      .union([z.literal('auto'), mtu()])
      .default('auto')
      .describe('bytes; auto: what the links towards the other ends carry, less 50 (IPv4) or 70 (IPv6)'),
    learning: bool().optional().describe('learn addresses from what arrives; default of the kernel: yes'),
    ttl: ttl.optional().describe('TTL of the outer packets, 0 to 255, auto, or inherit'),
    tos: z
      .union([z.literal('inherit'), int({ min: 0, max: 255, what: 'a TOS byte' })])
      .optional()
      .describe('TOS of the outer packets, or inherit'),
    df: z.enum(['unset', 'set', 'inherit']).optional().describe('the do-not-fragment flag of the outer packets'),
    // The kernel takes 0 as its default of 300 (drivers/net/vxlan, FDB_AGE_DEFAULT): whoever writes it means something else.
    ageing: int({ min: 1, max: 4_294_967_295, what: 'seconds (0 would not mean "for ever" to the kernel, but 300)' })
      .optional()
      .describe('seconds that a learned address lives'),
    fdb: z
      .array(
        z.strictObject({
          mac: unicastMac().describe('address of a machine behind the other end'),
          dst: ipAddress().describe('address of the other end'),
        }),
      )
      .optional()
      .describe('fixed forwarding entries; other fixed entries are taken out'),
    bridge: ifname()
      .nullable()
      .optional()
      .describe('Linux bridge to put it in; made where there is none, and taken away with the last VXLAN in it'),
    addresses: z.array(cidr()).optional().describe('addresses it has; others are left alone'),
    up: bool().default(true).describe('whether it is up'),
    state: z.enum(['present', 'absent']).default('present').describe('whether it exists'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.state === 'absent') return;
    if (p.vni === undefined) complain('vni', 'a VXLAN needs a vni');
    if (p.remote !== undefined && p.remotes !== undefined) complain('remote', 'give remote or remotes, not both');
    const remotes = remotesOf(p) ?? [];
    if (p.group !== undefined) {
      if (!isMulticast(p.group)) complain('group', `${p.group} is no multicast address: give it as one of remotes`);
      if (p.dev === undefined) complain('dev', 'a multicast group needs dev: the link on which it is joined');
      if (remotes.length > 0) complain('group', 'give group or remotes, not both');
    }
    const multicast = remotes.find(isMulticast);
    if (multicast !== undefined) complain('remotes', `${multicast} is a multicast address: give it as group`);
    if (typeof p.local === 'string' && remotes.includes(p.local)) {
      complain('remotes', `${p.local} is this host itself (local): leave it out of remotes`);
    }
    const ends = [p.local, p.group, ...remotes, ...(p.fdb ?? []).map((entry) => entry.dst)];
    const families = new Set(ends.flatMap((end) => (typeof end === 'string' ? [ipFamily(end)] : [])));
    if (families.size > 1) complain('remotes', 'IPv4 and IPv6 ends are mixed: a VXLAN has one family');
    if (typeof p.bridge === 'string' && (p.addresses ?? []).length > 0) {
      complain('addresses', `a port of a bridge has no addresses: give them to ${p.bridge}`);
    }
    if (p.bridge === p.name || p.dev === p.name) complain('name', `${p.name} cannot lie on itself`);
  });
export type Vxlan = z.output<typeof Vxlan>;

interface Ends {
  readonly local?: string | null | undefined;
  readonly group?: string | null | undefined;
  readonly remote?: string | undefined;
  readonly remotes?: readonly string[] | undefined;
  readonly fdb?: readonly { readonly dst: string }[] | undefined;
}

/** One of the addresses that a tunnel works with, which are all of one family. */
export const anyEnd = (ends: Ends | null): string | undefined =>
  ends?.local ?? ends?.group ?? ends?.remotes?.[0] ?? ends?.remote ?? ends?.fdb?.[0]?.dst;

/** The other ends, sorted; undefined where nothing is said about them. */
export function remotesOf(p: Pick<Vxlan, 'remote' | 'remotes'>): string[] | undefined {
  const all = p.remotes ?? (p.remote === undefined ? undefined : [p.remote]);
  return all === undefined ? undefined : [...new Set(all)].toSorted();
}
