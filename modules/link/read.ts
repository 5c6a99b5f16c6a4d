import {
  defaultMetric,
  missing,
  ownRoutes,
  type OwnRoute,
  parseAddresses,
  parseLinks,
  parseRoutes,
  probeScript,
  sh,
  toolText,
  type InterfaceAddress,
  type Link,
  type Probe,
  type ProbeOutput,
  type Route,
} from '../../src/sdk/index.ts';
import { routeFamily, type LinkParams, type RouteParams } from './params.ts';

export type State = {
  name: string;
  up: boolean;
  mtu: number;
  mac: string | null;
  master: string | null;
  alias: string | null;
  promisc: boolean;
  addresses: string[];
  routes: OwnRoute[];
};

/** A link above or below ours. */
export interface Neighbour {
  readonly above: boolean;
  readonly name: string;
  readonly mtu: number;
  readonly kind: string;
}

export interface Seen {
  readonly link: Link | undefined;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  /** Other interfaces that fit as well: by MAC address there may be several. */
  readonly rivals: readonly string[];
}

// "$1" name or altname, "$2" PCI address, "$3" MAC address: one of them.
const look = sh`command -v ip >/dev/null || exit 127
found=$1
if [ -n "$2" ]; then
  for i in "/sys/bus/pci/devices/$2/net"/* "/sys/bus/pci/devices/$2"/virtio*/net/*; do
    if [ -e "$i" ]; then found=\${i##*/}; break; fi
  done
elif [ -n "$3" ]; then
  for i in /sys/class/net/*; do
    # Bridges and VLANs take the address of a port: only links that have it of their own are meant, if there are some.
    if read -r a <"$i/address" && [ "$a" = "$3" ]; then
      if [ -e "$i/device" ] || [ -z "$found" ]; then
        if [ -n "$found" ]; then printf '%s\n' "rival $found"; fi
        found=\${i##*/}
      fi
    fi
  done 2>/dev/null
fi
[ -n "$found" ] || exit 0
shown=$(ip -d -j addr show dev "$found" 2>/dev/null) || exit 0
printf '%s\n' "link $shown"
name=\${shown#*'"ifname":"'}; name=\${name%%'"'*}
printf '%s\n' "routes $(ip -j route show table all dev "$name")"
for i in "/sys/class/net/$name"/upper_* "/sys/class/net/$name"/lower_*; do
  [ -e "$i/mtu" ] || continue
  read -r m <"$i/mtu"
  t=
  while read -r l; do case $l in DEVTYPE=*) t=\${l#*=};; esac; done <"$i/uevent"
  case \${i##*/} in upper_*) w=upper;; *) w=lower;; esac
  n=\${i##*/}
  echo "$w $m \${n#*_} $t"
done`;

export const linkProbe = (p: LinkParams): Probe<Seen> => {
  const name = p.name ?? p.altname ?? '';
  return probeScript(look, [name, p.pci ?? '', name === '' ? (p.mac ?? '') : ''], (output) => readSeen(output));
};

function readSeen(output: ProbeOutput): Seen {
  const lines = toolText(output, 'ip -d -j addr show').split('\n');
  const json = (word: string): ProbeOutput => ({
    ...output,
    stdout: lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? '',
  });
  return {
    link: parseLinks(json('link'))[0],
    addresses: parseAddresses(json('link')),
    routes: parseRoutes(json('routes')),
    neighbours: lines.flatMap((line): Neighbour[] => {
      const [, where, mtu, name, kind = ''] = /^(upper|lower) (\d+) (\S+) ?(\S*)$/.exec(line) ?? [];
      return name === undefined ? [] : [{ above: where === 'upper', name, mtu: Number(mtu), kind }];
    }),
    rivals: lines.flatMap((line) => (line.startsWith('rival ') ? [line.slice(6)] : [])),
  };
}

export function readState(p: LinkParams, seen: Seen): State | null {
  const { link } = seen;
  if (link === undefined) {
    if (p.state === 'absent') return null;
    const what =
      p.name ?? p.altname ?? (p.pci === undefined ? `with MAC address ${p.mac}` : `of the PCI device ${p.pci}`);
    throw missing(`the link ${what} does not exist`, 'make it first: bridge, vxlan and sriov do, or look at ip link');
  }
  return {
    name: link.name,
    up: link.up,
    mtu: link.mtu,
    mac: link.mac ?? null,
    master: link.master ?? null,
    alias: link.alias ?? null,
    promisc: link.flags.includes('PROMISC'),
    addresses: seen.addresses
      .filter(({ dynamic, scope, flags }) => !dynamic && scope !== 'link' && !flags.includes('temporary'))
      .map(({ address }) => address)
      .toSorted(),
    routes: ownRoutes(seen.routes),
  };
}

export function wantedRoute(route: RouteParams): OwnRoute {
  const family = routeFamily(route);
  const everything = route.to === 'default6' || route.to === '0.0.0.0/0' || route.to === '::/0';
  return {
    to: everything ? 'default' : route.to,
    family,
    via: route.via ?? null,
    metric: route.metric ?? defaultMetric(family),
    table: route.table,
    source: route.source ?? null,
  };
}
