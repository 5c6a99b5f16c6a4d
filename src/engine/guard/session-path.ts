import {
  bare,
  inNetwork,
  ovsDatabase,
  parseIptablesSave,
  probeScript,
  sh,
  type OvsDatabase,
  type Probe,
} from '../../sdk/index.ts';

/** What our own session passes on a host: if one of these goes, we are locked out. */
export interface SessionPath {
  /** Our address as the host sees it. */
  readonly client: string;
  /** The host's address that we are connected to. */
  readonly server: string;
  /** Next hop on the way back to us, where there is one. */
  readonly gateway: string | undefined;
  /** The interfaces that carry the session: the one with the address, the one of the route back, and all below them. */
  readonly links: readonly string[];
  /** Destination of the route back to us, `default` where there is none of its own. */
  readonly route: string;
  /** Whose route that is, as `ip route` calls them: `kernel`, `dhcp`, `ospf`; empty where it does not say. */
  readonly protocol: string;
  /** Whether we are root there: only root's changes can cut the line, and only root can arm an undo. */
  readonly root: boolean;
}

// sudo drops SSH_CONNECTION, so it is looked for in the environments of the processes above. What lies below a link is for us to
// find out; here are the facts: `lower_*` links (members of a bond or bridge, the carrier of a VLAN), and behind which port
// of a bridge the neighbour is to whom our packets go.
const readPath = sh`c=$SSH_CONNECTION p=$$
while [ -z "$c" ] && [ "$p" -gt 1 ]; do
  c=$(tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
  IFS= read -r s <"/proc/$p/stat" || break
  s=\${s##*) }; s=\${s#* }; p=\${s%% *}
done
[ -n "$c" ] || exit 0
set -- $c
printf 'connection %s %s\n' "$1" "$3"
if [ "$(id -u)" = 0 ]; then echo root; fi
case $1 in *:*) f=-6;; *) f=-4;; esac
r=$(ip $f -o route get "$1" 2>/dev/null)
d= n=$1
case $r in *' dev '*) d=\${r#* dev }; d=\${d%% *}; printf 'carrier %s\n' "$d";; esac
case $r in *' via '*) n=\${r#* via }; n=\${n#inet6 }; n=\${n%% *}; printf 'gateway %s\n' "$n";; esac
ip $f -o route show match "$1" 2>/dev/null | while read -r to rest; do
  q=; case " $rest" in *' proto '*) q=\${rest#*proto }; q=\${q%% *};; esac; printf 'route %s %s\n' "$to" "$q"
done
ip -o addr show to "$3" 2>/dev/null | while read -r i l rest; do printf 'carrier %s\n' "\${l%%@*}"; done
for l in /sys/class/net/*; do
  if [ -e "$l/master" ]; then m=$(readlink "$l/master"); printf 'master %s %s\n' "\${l##*/}" "\${m##*/}"; fi
  for o in "$l"/lower_*; do if [ -e "$o" ]; then printf 'lower %s %s\n' "\${l##*/}" "\${o##*/lower_}"; fi; done
done
[ -n "$d" ] || exit 0
m=$(ip $f neigh show to "$n" dev "$d" 2>/dev/null); case $m in *lladdr*) m=\${m#*lladdr }; m=\${m%% *};; *) exit 0;; esac
bridge fdb show 2>/dev/null | while read -r a w l rest; do
  if [ "$a" = "$m" ]; then printf 'behind %s\n' "$l"; fi
done
command -v ovs-appctl >/dev/null || exit 0
ovs-vsctl --timeout=3 list-br 2>/dev/null | while read -r b; do
  ovs-appctl --timeout=3 fdb/show "$b" 2>/dev/null | while read -r port vlan a rest; do
    if [ "$a" = "$m" ]; then printf 'ovs-behind %s %s\n' "$b" "$port"; fi
  done
done`;

/** What a host says of the way that our session takes. */
export interface PathFacts {
  readonly client: string;
  readonly server: string;
  readonly gateway: string | undefined;
  readonly root: boolean;
  /** Links with our address or the route back. */
  readonly carriers: readonly string[];
  /** Destination and protocol of each route that fits. */
  readonly routes: readonly (readonly [string, string])[];
  readonly masters: ReadonlyMap<string, string>;
  readonly lowers: ReadonlyMap<string, readonly string[]>;
  /** Ports of Linux bridges behind which the neighbour is. */
  readonly behind: readonly string[];
  /** The same of Open vSwitch, by bridge: OpenFlow numbers. */
  readonly ovsBehind: ReadonlyMap<string, readonly number[]>;
}

/** Null where there is no such way: a local connection. */
const pathFacts: Probe<PathFacts | null> = probeScript(readPath, [], ({ stdout }) => {
  const lines = stdout.split('\n').map((line) => line.split(' '));
  const values = (key: string): readonly (readonly string[])[] =>
    lines.filter(([name]) => name === key).map(([, ...rest]) => rest);
  const [client, server] = values('connection')[0] ?? [];
  if (client === undefined || server === undefined) return null;
  const grouped = (key: string): ReadonlyMap<string, readonly string[]> => {
    const groups = new Map<string, string[]>();
    for (const [name = '', value = ''] of values(key)) groups.set(name, [...(groups.get(name) ?? []), value]);
    return groups;
  };
  return {
    client,
    server,
    gateway: values('gateway')[0]?.[0],
    root: values('root').length > 0,
    carriers: values('carrier').flat(),
    routes: values('route').map(([to = '', protocol = '']) => [to, protocol]),
    masters: new Map(values('master').map(([link = '', master = '']) => [link, master])),
    lowers: grouped('lower'),
    behind: values('behind').flat(),
    ovsBehind: new Map([...grouped('ovs-behind')].map(([bridge, ports]) => [bridge, ports.map(Number)])),
  };
});

/** Chains that others jump to from those that packets of our session pass, `filter/ufw-user-input`. */
const chainProbe = (tool: 'iptables' | 'ip6tables'): Probe<readonly string[]> => ({
  run: { argv: [`${tool}-save`] },
  parse: (output) => {
    if (output.code !== 0) return [];
    return [...parseIptablesSave(output.stdout)].flatMap(([table, chains]) => {
      const passed = new Set(passedChains);
      for (const name of passed) {
        for (const rule of chains.get(name)?.rules ?? []) {
          const target = / -[jg] (\S+)/.exec(` ${rule}`)?.[1];
          if (target !== undefined && chains.has(target)) passed.add(target);
        }
      }
      return [...passed].map((name) => `${table}/${name}`);
    });
  },
});

/** Chains that packets of our session always pass, in each table that has them. */
export const passedChains: readonly string[] = ['INPUT', 'OUTPUT', 'PREROUTING', 'POSTROUTING'];

/** Open vSwitch where it runs: where it does not, nothing goes through it. */
const runningOvs: Probe<OvsDatabase | null> = {
  run: ovsDatabase.run,
  parse: (output) => {
    if (output.code !== 0) return null;
    try {
      return ovsDatabase.parse(output);
    } catch {
      return null;
    }
  },
};

/** All that is asked of a host to know our way. */
export const pathProbes = {
  facts: pathFacts,
  ovs: runningOvs,
};
export const chainProbes = { ipv4: chainProbe('iptables'), ipv6: chainProbe('ip6tables') };

/** The way of our session, from what the host says. */
export function sessionPath(facts: PathFacts | null, ovs: OvsDatabase | null): SessionPath | null {
  if (facts === null) return null;
  const { client, server, gateway, root, carriers, masters } = facts;
  // An address on a port counts for what the port belongs to: a VRF.
  const links = new Set(carriers.flatMap((link) => [link, masters.get(link) ?? link]));
  for (const link of links) for (const below of belowOf(link, facts, ovs)) links.add(below);
  const [best] = facts.routes.toSorted(([a], [b]) => prefixLength(b) - prefixLength(a));
  const [route, protocol] = best ?? ['default', ''];
  return { client, server, gateway, root, links: [...links], route, protocol };
}

/** What carries the frames of a link; of the ports of a bridge only the one that leads to us, where that is known. */
function belowOf(link: string, { lowers, behind, ovsBehind }: PathFacts, ovs: OvsDatabase | null): readonly string[] {
  const below = lowers.get(link) ?? [];
  const towardsUs = below.filter((port) => behind.includes(port));
  const found = towardsUs.length > 0 ? towardsUs : below;
  const bridges = ovs?.bridges ?? [];
  const on = bridges.find(({ name, ports }) => name === link || ports.some((port) => isOwn(port, link)));
  const end = bridges.find(({ ports }) => ports.some((port) => peersOf(port).includes(link)));
  const bridge = on ?? end;
  if (bridge === undefined) return found;
  const interfaces = bridge.ports.flatMap((port) => port.interfaces);
  const numbers = ovsBehind.get(bridge.name) ?? [];
  const known = interfaces.filter(({ ofport }) => ofport !== null && numbers.includes(ofport));
  const bond = bridge.ports.find((port) => port.interfaces.some((item) => known.includes(item)));
  const carrying = known.length > 0 ? (bond?.interfaces ?? known) : interfaces;
  const others = carrying.flatMap(({ name, config }) => {
    const peer = mapValue(config['options'], 'peer');
    return peer === undefined ? [name] : [name, peer];
  });
  return [...found, bridge.name, ...others];
}

type Port = OvsDatabase['bridges'][number]['ports'][number];

/** An interface that Open vSwitch makes for the host itself: what is sent there goes through the bridge. */
const isOwn = (port: Port, link: string): boolean =>
  port.interfaces.some(({ name, config }) => name === link && config['type'] === 'internal');

const peersOf = (port: Port): readonly string[] =>
  port.interfaces.flatMap(({ name, config }) => (config['type'] === 'patch' ? [name] : []));

const mapValue = (column: unknown, key: string): string | undefined => {
  const value = typeof column === 'object' && column !== null ? (column as Record<string, unknown>)[key] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** Of a route's destination: -1 for one that takes everything. */
const prefixLength = (to: string): number => {
  if (to === 'default') return -1;
  const length = to.split('/')[1];
  return length === undefined ? (to.includes(':') ? 128 : 32) : Number(length);
};

/** Whether a route to there would take the packets that go back to us now. */
export function takesOver(to: string, { client, route }: SessionPath): boolean {
  if (to === 'default') return route === 'default';
  try {
    return inNetwork(bare(client), to) && prefixLength(to) >= prefixLength(route);
  } catch {
    // Not an address: a name of somebody else's.
    return to === route;
  }
}
