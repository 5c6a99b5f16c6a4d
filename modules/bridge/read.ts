import { z } from 'zod';
import {
  noSuchDevice,
  ownRoutes,
  parseAddresses,
  parseBridgeVlans,
  parseLinks,
  parseRoutes,
  probeScript,
  sh,
  toolText,
  unreadable,
  type InterfaceAddress,
  type Link,
  type OwnRoute,
  type PortVlan,
  type Probe,
  type ProbeOutput,
} from '../../src/sdk/index.ts';
import { vlanIds, type BridgeParams } from './params.ts';

/** Addresses and routes of one link. */
export type Layer3 = { addresses: string[]; routes: OwnRoute[] };

export type State = {
  up: boolean;
  stp: boolean;
  forward_delay: number;
  ageing_time: number;
  vlan_filtering: boolean;
  mcast_snooping: boolean;
  mac: string | null;
  mtu: number;
  ports: string[];
  /** Ports asked for that are in the bridge and set down: what passes through them is lost. */
  down: string[];
  /** `eth1 10 pvid untagged`. */
  vlans: string[];
  addresses: string[];
  routes: OwnRoute[];
  /** Of `move_ip_from`. */
  nic: Layer3;
};

export interface Seen {
  readonly link: Link | undefined;
  readonly nic: Link | undefined;
  readonly ip: Layer3;
  readonly nicIp: Layer3;
  /** What addresses of either have beside, as `ip addr add` takes it. */
  readonly words: ReadonlyMap<string, readonly string[]>;
  /** Addresses of the NIC that came by DHCP. */
  readonly leased: readonly string[];
  readonly ports: readonly string[];
  /** Ports asked for, with the bridge or bond that they are in. */
  readonly wanted: ReadonlyMap<string, { readonly master: string; readonly physical: boolean; readonly up: boolean }>;
  readonly vlans: readonly PortVlan[];
}

// "$1" the bridge, "$2" the link whose addresses move, the rest: ports asked for.
const look = sh`command -v ip >/dev/null || exit 127
for i in "$1" "$2"; do
  if [ -n "$i" ] && [ -e "/sys/class/net/$i" ]; then
    printf '%s\n' "ip $i $(ip -d -j addr show dev "$i")"
    printf '%s\n' "routes $i $(ip -j route show table all dev "$i")"
  fi
done
for i in "/sys/class/net/$1/brif"/*; do if [ -e "$i" ]; then echo "port \${i##*/}"; fi; done
shift 2
for i do
  [ -e "/sys/class/net/$i" ] || continue
  m=
  if [ -e "/sys/class/net/$i/master" ]; then m=$(readlink "/sys/class/net/$i/master"); fi
  if [ -e "/sys/class/net/$i/device" ]; then d=physical; else d=virtual; fi
  f=0
  read -r f <"/sys/class/net/$i/flags"
  echo "link $i $d $((f & 1)) \${m##*/}"
done`;

export const bridgeProbe = (p: BridgeParams): Probe<Omit<Seen, 'vlans'>> =>
  probeScript(look, [p.name, p.move_ip_from ?? '', ...(p.ports ?? [])], (output) => {
    const lines = toolText(output, 'ip -d -j addr show').split('\n');
    const part = (...words: string[]): ProbeOutput => {
      const start = `${words.join(' ')} `;
      return { ...output, stdout: lines.find((line) => line.startsWith(start))?.slice(start.length) ?? '' };
    };
    const layer3 = (name: string): Layer3 => ({
      addresses: lasting(parseAddresses(part('ip', name))),
      routes: ownRoutes(parseRoutes(part('routes', name))),
    });
    const nic = p.move_ip_from ?? '';
    return {
      link: parseLinks(part('ip', p.name))[0],
      nic: parseLinks(part('ip', nic))[0],
      ip: layer3(p.name),
      nicIp: layer3(nic),
      words: new Map(
        [p.name, nic].flatMap((name) => parseAddresses(part('ip', name)).map(({ address, words }) => [address, words])),
      ),
      leased: parseAddresses(part('ip', nic))
        .filter(({ dynamic }) => dynamic)
        .map(({ address }) => address),
      ports: lines.flatMap((line) => (line.startsWith('port ') ? [line.slice(5)] : [])).toSorted(),
      wanted: new Map(
        lines.flatMap((line): [string, { master: string; physical: boolean; up: boolean }][] => {
          const [word, name = '', kind, up, master = ''] = line.split(' ');
          return word === 'link' ? [[name, { master, physical: kind === 'physical', up: up === '1' }]] : [];
        }),
      ),
    };
  });

/** VLANs of all ports; iproute2 cannot be asked for those of one bridge. */
export const parseVlans = (output: ProbeOutput): readonly PortVlan[] =>
  noSuchDevice(output) ? [] : parseBridgeVlans(output);

// Link-local addresses stay with their link; what came by DHCP counts, as the bridge has to carry it.
const lasting = (addresses: readonly InterfaceAddress[]): string[] =>
  addresses
    .filter(({ scope, flags }) => scope !== 'link' && !flags.includes('temporary'))
    .map(({ address }) => address)
    .toSorted();

const Flag = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);
const Info = z.object({
  stp_state: z.int().transform((value) => value > 0),
  // Hundredths of a second.
  forward_delay: z.number(),
  ageing_time: z.number(),
  vlan_filtering: Flag.default(false),
  mcast_snooping: Flag.default(false),
  topology_change: Flag.default(false),
});

const readInfo = (link: Link): z.output<typeof Info> => {
  const info = Info.safeParse(link.data);
  if (!info.success) throw unreadable('ip -d -j link show type bridge', link.name, JSON.stringify(link.data));
  return info.data;
};

/**
 * Whether the bridge hides its ageing time: while the spanning tree changes, the kernel works with twice the forward delay, and
 * shows what it was told again when that is over (net/bridge/br_stp.c, __br_set_topology_change).
 */
export function hidesAgeing(link: Link | undefined): boolean {
  if (link?.kind !== 'bridge') return false;
  const { topology_change: changes, ageing_time: ageing, forward_delay: delay } = readInfo(link);
  return changes && ageing === 2 * delay;
}

export function readState(link: Link, seen: Seen, p: BridgeParams): State {
  const info = readInfo(link);
  return {
    up: link.up,
    stp: info.stp_state,
    forward_delay: info.forward_delay / 100,
    ageing_time: (hidesAgeing(link) ? p.ageing_time : undefined) ?? info.ageing_time / 100,
    vlan_filtering: info.vlan_filtering,
    mcast_snooping: info.mcast_snooping,
    mac: link.mac ?? null,
    mtu: link.mtu,
    ports: [...seen.ports],
    down: [...seen.wanted].flatMap(([port, { master, up }]) => (master === link.name && !up ? [port] : [])).toSorted(),
    vlans: vlanTexts(seen.vlans.filter(({ dev }) => dev === link.name || seen.ports.includes(dev))),
    addresses: [...seen.ip.addresses],
    routes: [...seen.ip.routes],
    nic: seen.nicIp,
  };
}

const vlanTexts = (vlans: readonly PortVlan[]): string[] =>
  vlans
    .flatMap((item) =>
      vlanIds(`${item.from}-${item.to}`).map((vid) => vlanText(item.dev, vid, item.pvid, item.untagged)),
    )
    .toSorted();

const vlanText = (port: string, vid: number, pvid: boolean, untagged: boolean): string =>
  `${port} ${vid}${pvid ? ' pvid' : ''}${untagged ? ' untagged' : ''}`;

/** What is wanted of the VLANs: those of ports that are not named stay as they are. */
export function wantedVlans(p: BridgeParams, now: readonly string[]): string[] | undefined {
  if (p.vlans === undefined) return undefined;
  const named = new Set(p.vlans.map(({ port }) => port));
  const others = now.filter((text) => !named.has(text.slice(0, text.indexOf(' '))));
  const own = p.vlans.flatMap((item) =>
    vlanIds(item.vlan).map((vid) => vlanText(item.port, vid, item.pvid, item.untagged)),
  );
  return [...new Set([...others, ...own])].toSorted();
}
