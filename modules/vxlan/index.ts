import {
  defineModule,
  ipFamily,
  linkConfigFiles,
  linkConfigWarnings,
  missing,
  noProbe,
  noSuchDevice,
  parseAddresses,
  parseFdb,
  parseLinks,
  parseNetwork,
  probe,
  refuse,
  sh,
} from '../../src/sdk/index.ts';
import { carriedMtu, overhead } from './mtu.ts';
import { anyEnd, remotesOf, Vxlan } from './params.ts';
import { byMac, readState, socketOf, surroundings, underlayLinks, type State } from './read.ts';
import { excludes } from './twin.ts';
import { needsNew, vxlanSteps } from './steps.ts';

export const vxlan = defineModule({
  name: 'vxlan',
  summary: 'A VXLAN tunnel interface',
  params: Vxlan,
  examples: [
    {
      title: 'A tenant network between three hypervisors, without multicast',
      params: {
        name: 'vxlan100',
        vni: 100,
        local: '10.0.1.1',
        remotes: ['10.0.1.2', '10.0.1.3'],
        bridge: 'br-blue',
      },
    },
    {
      title: 'A multicast group on the storage link, with jumbo frames',
      params: { name: 'vxlan200', vni: 200, group: '239.1.1.1', dev: 'eth1', ttl: 8, mtu: 'auto' },
    },
    { title: 'No such tunnel', params: { name: 'vxlan100', state: 'absent' } },
  ],
  requires: 'iproute2, and the vxlan module of the kernel',
  probes: (p) => {
    const ends = [...(remotesOf(p) ?? []), ...(p.fdb ?? []).map((entry) => entry.dst)];
    const asks = p.state === 'present' && p.dev === undefined;
    return {
      vxlans: probe(['ip', '-d', '-j', 'link', 'show', 'type', 'vxlan'], parseLinks),
      fdb: probe(['bridge', '-j', 'fdb', 'show', 'dev', p.name], parseFdb),
      addresses:
        p.addresses === undefined
          ? noProbe([])
          : probe(['ip', '-j', 'addr', 'show', 'dev', p.name], (output) =>
              noSuchDevice(output) ? [] : parseAddresses(output),
            ),
      around: surroundings(p.bridge ?? ''),
      underlay: asks ? underlayLinks([...new Set(ends)], p.local) : noProbe<readonly string[]>([]),
      files: p.state === 'present' ? linkConfigFiles(p.name) : noProbe<readonly string[]>([]),
    };
  },
  state: (seen, p): State | null => {
    const link = seen.vxlans.find((item) => item.name === p.name);
    if (link !== undefined) return readState(link, seen.fdb, seen.addresses);
    if (!seen.around.mtus.has(p.name)) return null;
    throw refuse(`${p.name} exists and is no VXLAN`, 'choose another name, or remove that link first');
  },
  want: (p, now, seen) => {
    if (p.state === 'absent') return null;
    const { vni } = p;
    if (vni === undefined) throw refuse('a VXLAN needs a vni');
    const twin = seen.vxlans.find((link) => link.name !== p.name && excludes(socketOf(link), { ...p, vni }, now));
    if (twin !== undefined) {
      throw refuse(
        `${twin.name} already has VNI ${vni} on port ${p.dstport}`,
        `remove ${twin.name} first, or give this one another vni`,
      );
    }
    const { mtus, bridges } = seen.around;
    if (p.dev !== undefined && !mtus.has(p.dev)) throw missing(`the link ${p.dev} (dev) does not exist`);
    if (typeof p.bridge === 'string' && mtus.has(p.bridge) && !bridges.has(p.bridge)) {
      throw refuse(`${p.bridge} is no Linux bridge`, 'put a VXLAN into Open vSwitch with ovs_port, type: vxlan');
    }
    const moved = changesFamily(p, now);
    return {
      vni,
      dstport: p.dstport,
      // What is of the other family cannot stay.
      local: p.local === undefined && moved ? null : p.local,
      group: p.group ?? (now?.group === undefined || remotesOf(p) === undefined ? undefined : null),
      dev: p.dev,
      learning: p.learning,
      ttl: p.ttl,
      // That is how the kernel writes it.
      tos: p.tos === 1 ? 'inherit' : p.tos,
      df: p.df,
      ageing: p.ageing,
      mtu: wantedMtu(p, seen),
      up: p.up,
      bridge: p.bridge,
      // A group takes the place of single ends.
      remotes: remotesOf(p) ?? (p.group === undefined && !moved ? undefined : []),
      fdb: p.fdb?.map(({ mac, dst }) => ({ mac, dst })).toSorted(byMac) ?? (moved ? [] : undefined),
      addresses: p.addresses,
    };
  },
  steps: (from, to, p) => vxlanSteps(p.name, from, to),
  compare: { remotes: 'set', fdb: 'set', addresses: 'subset' },
  touches: (from, to, p) => {
    const bridges = [from?.bridge, to?.bridge].filter((name) => typeof name === 'string');
    if (from === null) {
      const routes = (to?.addresses ?? []).map(parseNetwork);
      return bridges.length + routes.length === 0 ? 'none' : { links: bridges, routes, effect: 'flap' };
    }
    const links = [p.name, ...bridges];
    // What was made a moment ago may not know of all its fields.
    const known: Partial<State> = from;
    const addresses = (known.addresses ?? []).filter((address) => to?.addresses?.includes(address) !== true);
    if (to === null) return { links, addresses };
    const routes = (to.addresses ?? []).filter((item) => known.addresses?.includes(item) !== true).map(parseNetwork);
    return { links, addresses, routes, ...(needsNew(from, to) ? { effect: 'flap' } : {}) };
  },
  boot: (p) => ({
    id: p.name,
    state: null,
    anchor: p.dev === undefined ? { unit: 'multi-user.target' } : { device: p.dev },
    after: ['network.target'],
    before: ['libvirtd.service', 'virtqemud.service', 'libvirt-guests.service'],
    guard: { script: sh`[ -e "/sys/class/net/$1" ]`, args: [p.name] },
  }),
  warnings: (p, now, seen) => {
    if (p.state === 'absent') return [];
    const warnings = [...linkConfigWarnings(p.name, seen.files)];
    const mtu = wantedMtu(p, seen) ?? now?.mtu;
    if (mtu === undefined) return warnings;
    const carried = carriedMtu(p, seen.underlay, seen.around.mtus);
    if (typeof p.mtu === 'number' && carried !== undefined && p.mtu > carried) {
      warnings.push(`an MTU of ${p.mtu} is more than the ${carried} that go through the tunnel in one piece`);
    }
    const larger = seen.around.ports.filter((name) => (seen.around.mtus.get(name) ?? 0) > mtu);
    if (larger.length > 0) {
      warnings.push(
        `frames above ${mtu} bytes of ${larger.join(', ')} are lost in the tunnel: set their MTU to ${mtu}`,
      );
    }
    return warnings;
  },
});

function wantedMtu(
  p: Vxlan,
  seen: { underlay: readonly string[]; around: { mtus: ReadonlyMap<string, number> } },
): number | undefined {
  const carried = carriedMtu(p, seen.underlay, seen.around.mtus);
  if (p.mtu === 'auto') return carried;
  if (p.dev !== undefined && carried !== undefined && p.mtu > carried) {
    throw refuse(
      `an MTU of ${p.mtu} is too large: ${p.dev} carries ${carried + overhead(p)}, the tunnel needs ${overhead(p)} of it`,
      `set mtu to auto or ${carried}, or raise the MTU of ${p.dev} first`,
    );
  }
  return p.mtu;
}

/** Whether the ends asked for are IPv6 and those of before IPv4, or the other way round. */
function changesFamily(p: Vxlan, now: State | null): boolean {
  const [end, before] = [anyEnd(p), anyEnd(now)];
  return end !== undefined && before !== undefined && ipFamily(end) !== ipFamily(before);
}
