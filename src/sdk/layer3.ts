import { ownRoutes, routeKey, byRouteKey, type OwnRoute } from './own-route.ts';
import { parseAddresses } from './parsers/ip-address.ts';
import { parseLinks } from './parsers/ip-link.ts';
import { parseRoutes } from './parsers/ip-route.ts';
import { toolText } from './parsers/tool-output.ts';
import { probeScript, type Probe, type ProbeOutput } from './probe.ts';
import { sh } from './script.ts';

/** Addresses and routes of one link, in canonical form. Link-local addresses stay with their link. */
export type Layer3 = { addresses: string[]; routes: OwnRoute[] };

/** What is known of a link that gives its addresses away, or gets them. */
export interface Layer3Seen extends Layer3 {
  readonly exists: boolean;
  readonly up: boolean;
  readonly mac: string | undefined;
  /** What its addresses have beside, as `ip addr add` takes it. */
  readonly words: ReadonlyMap<string, readonly string[]>;
  /** Addresses that came by DHCP. */
  readonly leased: readonly string[];
}

const look = sh`command -v ip >/dev/null || exit 127
for i do
  if [ -n "$i" ] && [ -e "/sys/class/net/$i" ]; then
    printf '%s\n' "ip $i $(ip -d -j addr show dev "$i")"
    printf '%s\n' "routes $i $(ip -j route show table all dev "$i")"
  fi
done`;

/** Addresses and routes of some links, by name. */
export const layer3 = (...names: readonly string[]): Probe<ReadonlyMap<string, Layer3Seen>> =>
  probeScript(look, names, (output) => {
    const lines = toolText(output, 'ip -d -j addr show').split('\n');
    const part = (...words: string[]): ProbeOutput => {
      const start = `${words.join(' ')} `;
      return { ...output, stdout: lines.find((line) => line.startsWith(start))?.slice(start.length) ?? '' };
    };
    return new Map(
      names.map((name) => {
        const [link] = parseLinks(part('ip', name));
        const addresses = parseAddresses(part('ip', name));
        const lasting = addresses.filter(({ scope, flags }) => scope !== 'link' && !flags.includes('temporary'));
        return [
          name,
          {
            exists: link !== undefined,
            up: link?.up ?? false,
            mac: link?.mac,
            addresses: lasting.map(({ address }) => address).toSorted(),
            routes: [...ownRoutes(parseRoutes(part('routes', name)))],
            words: new Map(addresses.map(({ address, words }) => [address, words])),
            leased: addresses.filter(({ dynamic }) => dynamic).map(({ address }) => address),
          },
        ];
      }),
    );
  });

/** Own routes with others that take their place where they are the same entry. */
export function mergeRoutes(own: readonly OwnRoute[], more: readonly OwnRoute[]): OwnRoute[] {
  const keys = new Set(more.map(routeKey));
  return [...own.filter((route) => !keys.has(routeKey(route))), ...more].toSorted(byRouteKey);
}
