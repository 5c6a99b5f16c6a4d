import { z } from 'zod';
import type { ProbeOutput } from '../probe.ts';
import { parseCidr } from '../schemas/ip.ts';
import { toolJson } from './tool-output.ts';

/** An address of an interface as `ip -j addr show` tells it. */
export interface InterfaceAddress {
  readonly dev: string;
  /** With prefix length, canonical. */
  readonly address: string;
  /** The other end of a point-to-point address, with prefix length. */
  readonly peer: string | undefined;
  readonly scope: string;
  readonly label: string | undefined;
  /** It goes by itself (DHCP, router advertisements). */
  readonly dynamic: boolean;
  readonly flags: readonly ('secondary' | 'tentative' | 'dadfailed' | 'deprecated' | 'temporary')[];
  /** What it has beside, as `ip addr add` takes it: an address that comes back is to be the one that it was. */
  readonly words: readonly string[];
}

const marks = ['secondary', 'tentative', 'dadfailed', 'deprecated', 'temporary'] as const;
const settings = ['home', 'mngtmpaddr', 'nodad', 'noprefixroute', 'autojoin'] as const;
const Mark = z.boolean().default(false);
const RawAddress = z.object({
  family: z.string(),
  local: z.string(),
  address: z.string().optional(),
  prefixlen: z.int(),
  scope: z.string().default('global'),
  label: z.string().optional(),
  dynamic: Mark,
  home: Mark,
  mngtmpaddr: Mark,
  nodad: Mark,
  noprefixroute: Mark,
  autojoin: Mark,
  broadcast: z.string().optional(),
  metric: z.int().optional(),
  valid_life_time: z.int().optional(),
  secondary: Mark,
  tentative: Mark,
  dadfailed: Mark,
  deprecated: Mark,
  temporary: Mark,
});
const forever = 4_294_967_295;

const Interfaces = z.array(
  z.object({ ifname: z.string().optional(), addr_info: z.array(z.union([RawAddress, z.object({})])).default([]) }),
);

/** Reads `ip -j addr show`. */
export const parseAddresses = (output: ProbeOutput): readonly InterfaceAddress[] =>
  toolJson(output, 'ip -j addr show', Interfaces).flatMap(({ ifname, addr_info: list }) =>
    list.flatMap((raw) => {
      if (ifname === undefined || !('local' in raw)) return [];
      return [
        {
          dev: ifname,
          // Point-to-point: `local` is ours, `address` the peer's.
          address: parseCidr(`${raw.local}/${raw.address === undefined ? raw.prefixlen : hostBits(raw.local)}`),
          peer: raw.address === undefined ? undefined : parseCidr(`${raw.address}/${raw.prefixlen}`),
          scope: raw.scope,
          label: raw.label,
          dynamic: raw.dynamic || (raw.valid_life_time ?? forever) !== forever,
          flags: marks.filter((mark) => raw[mark]),
          words: [
            ...(raw.address === undefined ? [] : ['peer', `${raw.address}/${raw.prefixlen}`]),
            ...(raw.broadcast === undefined ? [] : ['broadcast', raw.broadcast]),
            ...(raw.scope === 'global' ? [] : ['scope', raw.scope]),
            ...(raw.metric === undefined ? [] : ['metric', String(raw.metric)]),
            ...settings.filter((setting) => raw[setting]),
          ],
        },
      ];
    }),
  );

const hostBits = (address: string): number => (address.includes(':') ? 128 : 32);
