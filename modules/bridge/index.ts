import {
  defineModule,
  linkConfigFiles,
  linkConfigWarnings,
  mergeRoutes,
  missing,
  noProbe,
  parseNetwork,
  probe,
  refuse,
  sh,
} from '../../src/sdk/index.ts';
import { BridgeParams } from './params.ts';
import { bridgeProbe, hidesAgeing, parseVlans, readState, wantedVlans, type State } from './read.ts';
import { bridgeSteps } from './steps.ts';

export const bridge = defineModule({
  name: 'bridge',
  summary: 'A Linux bridge with its ports',
  params: BridgeParams,
  examples: [
    {
      title: 'A bridge for virtual machines',
      params: { name: 'br-blue', ports: ['eth2'], stp: false, forward_delay: 2 },
    },
    {
      title: 'The uplink into a bridge, with the addresses that it has; the session over it lives on',
      params: { name: 'br0', ports: ['eth0'], move_ip_from: 'eth0' },
    },
    {
      title: 'A bridge that keeps VLANs apart',
      params: {
        name: 'br-vlan',
        ports: ['eth1'],
        vlan_filtering: true,
        vlans: [
          { port: 'eth1', vlan: '10-20' },
          { port: 'eth1', vlan: 1, pvid: true, untagged: true },
        ],
      },
      needs: 'vm',
    },
  ],
  requires: 'iproute2',
  probes: (p) => ({
    links: bridgeProbe(p),
    vlans:
      p.vlans === undefined && p.vlan_filtering === undefined
        ? noProbe([])
        : probe(['bridge', '-j', 'vlan', 'show'], parseVlans),
    files: linkConfigFiles(p.name),
    nicFiles: p.move_ip_from === undefined ? noProbe<readonly string[]>([]) : linkConfigFiles(p.move_ip_from),
  }),
  state: (seen, p): State | null => {
    const { link } = seen.links;
    if (link === undefined) return null;
    if (link.kind !== 'bridge') {
      throw refuse(
        `${p.name} exists and is no Linux bridge`,
        'choose another name; bridges of Open vSwitch are made by ovs_bridge',
      );
    }
    return readState(link, { ...seen.links, vlans: seen.vlans }, p);
  },
  want: (p, now, { links: seen }) => {
    if (p.state === 'absent') return null;
    for (const port of p.ports ?? []) {
      const found = seen.wanted.get(port);
      if (found === undefined) throw missing(`the link ${port} (ports) does not exist`, 'check its name with ip link');
      const { master } = found;
      if (master !== '' && master !== p.name) {
        throw refuse(`${port} is a port of ${master}`, `take it out first: link: { name: ${port}, master: null }`);
      }
    }
    const moves = p.move_ip_from !== undefined;
    const addresses = [...(moves ? seen.nicIp.addresses : []), ...(p.addresses ?? [])];
    return {
      up: p.up,
      stp: p.stp,
      forward_delay: p.forward_delay,
      ageing_time: p.ageing_time,
      vlan_filtering: p.vlan_filtering,
      mcast_snooping: p.mcast_snooping,
      mac: p.mac ?? (moves ? seen.nic?.mac : undefined),
      mtu: p.mtu,
      ports: wantedPorts(p, now?.ports ?? []),
      down: p.ports === undefined ? undefined : [],
      vlans: wantedVlans(p, now?.vlans ?? []),
      addresses:
        p.addresses === undefined && !moves
          ? undefined
          : [...new Set([...(now?.addresses ?? []), ...addresses])].toSorted(),
      routes: moves ? mergeRoutes(now?.routes ?? [], seen.nicIp.routes) : undefined,
      nic: moves ? { addresses: [], routes: [] } : undefined,
    };
  },
  steps: (from, to, p, seen) => {
    // A port comes up with the bridge; where it was down before, an undo has it so again.
    const idle = new Set((p.ports ?? []).filter((port) => seen?.links.wanted.get(port)?.up === false));
    // What it hides is written again with the rest.
    const { ageing_time: _hidden, ...shown }: Partial<State> = from ?? {};
    const hidden = p.ageing_time !== undefined && hidesAgeing(seen?.links.link);
    const known = from !== null && hidden ? shown : from;
    return bridgeSteps(p.name, p.move_ip_from, known, to, { idle, words: seen?.links.words ?? new Map() });
  },
  compare: {
    ports: 'set',
    down: 'set',
    vlans: 'set',
    addresses: 'set',
    routes: 'set',
    nic: { addresses: 'set', routes: 'set' },
  },
  touches: (from, to, p) => {
    const known: Partial<State> = from ?? {};
    const goal: Partial<State> = to ?? {};
    const [was, will] = [known.ports ?? [], to === null ? [] : (goal.ports ?? known.ports ?? [])];
    const moving = [...was.filter((port) => !will.includes(port)), ...will.filter((port) => !was.includes(port))];
    if (to === null) return { links: [p.name, ...moving], addresses: known.addresses ?? [] };
    const own = (['stp', 'vlan_filtering', 'mac', 'mtu', 'up'] as const).some(
      (key) => from !== null && goal[key] !== undefined && goal[key] !== known[key],
    );
    const vlans =
      from !== null && goal.vlans !== undefined && JSON.stringify(goal.vlans) !== JSON.stringify(known.vlans);
    const nic = (known.nic?.addresses ?? []).filter((address) => goal.nic?.addresses.includes(address) === false);
    const links = [...moving, ...(own || vlans ? [p.name] : [])];
    const come = (goal.addresses ?? []).filter((address) => known.addresses?.includes(address) !== true);
    if (links.length + nic.length + come.length === 0) return 'none';
    // Until the bridge forwards, for as long as the forward delay, nothing passes. The kernel adds a route for each address.
    return { links, addresses: [...nic, ...come], routes: come.map(parseNetwork), effect: 'flap' };
  },
  boot: (p) => ({
    id: p.name,
    state: null,
    anchor: { unit: 'multi-user.target' },
    after: ['network-pre.target'],
    before: ['network.target', 'libvirtd.service', 'virtqemud.service'],
    // Ports may still be on their way (virtual functions, cards whose drivers take long): the bridge does not stand without them.
    guard: {
      script: sh`try=0
for port; do
  until [ -e "/sys/class/net/$port" ]; do
    try=$((try+1))
    [ "$try" -le 150 ] || exit 1
    sleep 0.2 2>/dev/null || sleep 1
  done
done
exit 1`,
      args: [...new Set(p.ports)].toSorted(),
    },
    // Ports and VLANs of others come back, or not, by those who have put them there.
    keeps: (goal) => ({
      ...goal,
      ports: [...new Set(p.ports)].toSorted(),
      vlans: wantedVlans(p, []) ?? [],
      ...(p.move_ip_from === undefined ? { addresses: [...new Set(p.addresses)].toSorted() } : {}),
    }),
  }),
  warnings: (p, now, seen) => {
    if (p.state === 'absent') return [];
    const warnings = [
      ...linkConfigWarnings(p.name, seen.files),
      ...linkConfigWarnings(p.move_ip_from ?? '', seen.nicFiles),
    ];
    if (p.ageing_time !== undefined && hidesAgeing(seen.links.link)) {
      warnings.push(
        `the spanning tree of ${p.name} changes, and until it is settled nobody can see its ageing_time: look again in a minute`,
      );
    }
    for (const address of seen.links.leased) {
      warnings.push(
        `${address} of ${p.move_ip_from} came by DHCP: let the client ask for it over ${p.name} from now on`,
      );
    }
    const physical = (p.ports ?? []).filter((port) => seen.links.wanted.get(port)?.physical === true);
    if (physical.length > 1 && !(p.stp ?? now?.stp ?? false)) {
      warnings.push(
        `${physical.join(' and ')} in one bridge without stp: if they go to the same network, it is a loop`,
      );
    }
    return warnings;
  },
});

/** Links of virtual machines come and go by themselves. */
const ofMachines = /^(vnet|tap)\d+$/;

function wantedPorts(p: BridgeParams, now: readonly string[]): string[] | undefined {
  if (p.ports === undefined) return p.purge_ports ? now.filter((port) => ofMachines.test(port)) : undefined;
  const kept = now.filter((port) => !p.purge_ports || ofMachines.test(port));
  return [...new Set([...kept, ...p.ports])].toSorted();
}
