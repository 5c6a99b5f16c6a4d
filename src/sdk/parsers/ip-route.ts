import { z } from 'zod';
import type { ProbeOutput } from '../probe.ts';
import { parseAddress, parseNetwork } from '../schemas/ip.ts';
import { toolJson } from './tool-output.ts';

export interface NextHop {
  readonly via: string | undefined;
  readonly dev: string | undefined;
  readonly weight: number;
}

/** A route as `ip -j route show` tells it. */
export interface Route {
  /** Canonical network; `0.0.0.0/0` and `::/0` are written `default`. */
  readonly to: string;
  readonly type: string;
  readonly dev: string | undefined;
  readonly via: string | undefined;
  readonly metric: number | undefined;
  /** `main`, `local` or a number as text. */
  readonly table: string;
  readonly protocol: string | undefined;
  readonly scope: string | undefined;
  /** Preferred source address. */
  readonly source: string | undefined;
  readonly flags: readonly string[];
  readonly nexthops: readonly NextHop[];
}

const Via = z.object({ host: z.string() });
const RawRoute = z.object({
  dst: z.string(),
  type: z.string().default('unicast'),
  dev: z.string().optional(),
  gateway: z.string().optional(),
  via: Via.optional(),
  metric: z.int().optional(),
  table: z.string().default('main'),
  protocol: z.string().optional(),
  scope: z.string().optional(),
  prefsrc: z.string().optional(),
  flags: z.array(z.string()).default([]),
  nexthops: z
    .array(
      z.object({
        gateway: z.string().optional(),
        via: Via.optional(),
        dev: z.string().optional(),
        weight: z.int().default(1),
      }),
    )
    .default([]),
});

/** Reads `ip -j route show` (any table) and `ip -j route get`. */
export const parseRoutes = (output: ProbeOutput): readonly Route[] =>
  toolJson(output, 'ip -j route', z.array(RawRoute)).map((raw) => ({
    to: raw.dst === 'default' ? 'default' : parseNetwork(raw.dst),
    type: raw.type,
    dev: raw.dev,
    via: gateway(raw),
    metric: raw.metric,
    table: raw.table,
    protocol: raw.protocol,
    scope: raw.scope,
    source: raw.prefsrc,
    flags: raw.flags,
    nexthops: raw.nexthops.map((hop) => ({ via: gateway(hop), dev: hop.dev, weight: hop.weight })),
  }));

const gateway = (raw: { gateway?: string | undefined; via?: { host: string } | undefined }): string | undefined => {
  const address = raw.gateway ?? raw.via?.host;
  return address === undefined ? undefined : parseAddress(address);
};
