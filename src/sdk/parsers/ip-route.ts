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
  readonly family: 4 | 6;
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
  /** It goes by itself (router advertisements). */
  readonly expires: boolean;
  /** What it has beside, as `ip route add` takes it; undefined: what JSON does not tell unambiguously (encapsulation). */
  readonly words: readonly string[] | undefined;
}

const Via = z.object({ family: z.string().optional(), host: z.string() });

/** Times are in milliseconds, marks have no value. */
const Metrics = z.record(z.string(), z.union([z.number(), z.string(), z.null()]));
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
  tos: z.string().optional(),
  from: z.string().optional(),
  flow: z.object({ from: z.string().optional(), to: z.string() }).optional(),
  pref: z.string().optional(),
  encap: z.unknown().optional(),
  expires: z.int().optional(),
  metrics: z.array(Metrics).default([]),
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
    family: familyOf(raw),
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
    expires: raw.expires !== undefined,
    words: raw.encap === undefined ? wordsOf(raw) : undefined,
  }));

type RawRoute = z.output<typeof RawRoute>;

const gateway = (raw: Pick<RawRoute, 'gateway' | 'via'>): string | undefined => {
  const address = raw.gateway ?? raw.via?.host;
  return address === undefined ? undefined : parseAddress(address);
};

/** A default route says nothing of its family but by what only IPv6 has, or by its next hop: `via` is one of the other family. */
function familyOf({ dst, pref, gateway: hop, via }: RawRoute): 4 | 6 {
  if (dst !== 'default') return dst.includes(':') ? 6 : 4;
  return pref !== undefined || hop?.includes(':') === true || via?.family === 'inet' ? 6 : 4;
}

// Words that iproute2 reads otherwise than it writes them in JSON.
const times: ReadonlySet<string> = new Set(['rtt', 'rttvar', 'rto_min']);
const features: ReadonlySet<string> = new Set(['ecn', 'tcp_usec_ts']);

const wordsOf = ({ tos, from, protocol, scope, flags, flow, metrics, pref }: RawRoute): readonly string[] => [
  ...(tos === undefined ? [] : ['tos', tos]),
  ...(from === undefined ? [] : ['from', from]),
  ...(protocol === undefined || protocol === 'boot' ? [] : ['proto', protocol]),
  ...(scope === undefined || scope === 'global' ? [] : ['scope', scope]),
  ...(flags.includes('onlink') ? ['onlink'] : []),
  ...(flow === undefined ? [] : ['realm', flow.from === undefined ? flow.to : `${flow.from}/${flow.to}`]),
  ...metrics.flatMap((list) => Object.entries(list)).flatMap(([name, value]) => metricWords(name, value)),
  ...(pref === undefined || pref === 'medium' ? [] : ['pref', pref]),
];

function metricWords(name: string, value: string | number | null): readonly string[] {
  if (features.has(name)) return ['features', name];
  if (name === 'congestion') return ['congctl', String(value)];
  return value === null ? [name] : [name, `${value}${times.has(name) ? 'ms' : ''}`];
}
