import {
  byRouteKey,
  defineModule,
  linkConfigFiles,
  linkConfigWarnings,
  noProbe,
  parseNetwork,
  refuse,
  routeKey,
  sh,
  withWords,
  type OwnRoute,
} from '../../src/sdk/index.ts';
import { LinkParams } from './params.ts';
import { linkProbe, readState, wantedRoute, type Seen, type State } from './read.ts';
import { linkSteps } from './steps.ts';

export const link = defineModule({
  name: 'link',
  summary: 'A network interface that exists: its state, addresses and routes',
  params: LinkParams,
  examples: [
    {
      title: 'Jumbo frames and an address for storage',
      params: { name: 'eth1', up: true, mtu: 9000, addresses: ['10.0.1.1/24'] },
    },
    {
      title: 'A route for tenants over the interface of a PCI device',
      params: { pci: '05:00.0', up: true, routes: [{ to: '10.8.0.0/16', via: '10.0.1.254', metric: 50 }] },
      needs: 'hardware',
    },
    { title: 'An interface into a bridge', params: { name: 'eth2', up: true, master: 'br0' } },
    { title: 'A virtual link away', params: { name: 'veth7', state: 'absent' } },
  ],
  requires: 'iproute2',
  probes: (p) => ({
    seen: linkProbe(p),
    files: p.name === undefined ? noProbe<readonly string[]>([]) : linkConfigFiles(p.name),
  }),
  state: ({ seen }, p): State | null => readState(p, seen),
  want: (p, now, { seen }) => {
    if (p.state === 'absent') {
      if (seen.link !== undefined && seen.link.kind === undefined) {
        throw refuse(
          `${seen.link.name} is no virtual link, it cannot be removed`,
          'set up: no in place of state: absent',
        );
      }
      return null;
    }
    if (seen.rivals.length > 0 && seen.link !== undefined) {
      throw refuse(
        `several links have the MAC address ${p.mac}: ${[...seen.rivals, seen.link.name].join(', ')}`,
        'give the name or the PCI address',
      );
    }
    if (p.mtu !== undefined) checkMtu(p.mtu, seen);
    const addresses = p.addresses === undefined ? [] : [...new Set(p.addresses)];
    const others = p.exact_addresses ? [] : (now?.addresses ?? []);
    const selects = p.name === undefined && p.pci === undefined && p.altname === undefined;
    return {
      up: p.up,
      mtu: p.mtu,
      mac: selects ? undefined : p.mac,
      master: p.master,
      alias: p.alias === '' ? null : p.alias,
      promisc: p.promisc,
      addresses:
        p.addresses === undefined && !p.exact_addresses
          ? undefined
          : [...new Set([...others, ...addresses])].toSorted(),
      routes: p.routes === undefined && !p.exact_routes ? undefined : wantedRoutes(p, now),
    };
  },
  steps: (from, to, p, seen) => {
    const words = new Map(seen?.seen.addresses.map((item) => [item.address, item.words]));
    return linkSteps((from ?? to)?.name ?? p.name ?? '', from, to, words);
  },
  compare: { addresses: 'set', routes: 'set' },
  touches: (from, to) => {
    const known: Partial<State> = from ?? {};
    if (to === null) return { links: linksOf(known), addresses: known.addresses ?? [] };
    const changes = (keys: readonly (keyof State)[]): boolean =>
      keys.some((key) => to[key] !== undefined && to[key] !== known[key]);
    const [was, will] = [known.addresses ?? [], to.addresses ?? known.addresses ?? []];
    const come = will.filter((address) => !was.includes(address));
    const addresses = [...was.filter((address) => !will.includes(address)), ...come];
    // The kernel adds a route to the network of each address.
    const routes = [...changedRoutes(known.routes ?? [], to.routes ?? known.routes ?? []), ...come.map(parseNetwork)];
    const links = changes(['mac', 'mtu', 'master']) || (known.up === true && !(to.up ?? true)) ? linksOf(known) : [];
    if (links.length + addresses.length + routes.length === 0) return 'none';
    return { links, addresses, routes, ...(!(to.up ?? true) ? { effect: 'cut' as const } : {}) };
  },
  boot: (p) => ({
    id: `${p.name ?? p.altname ?? p.pci ?? p.mac}`,
    state: null,
    anchor: p.name === undefined ? { unit: 'multi-user.target' } : { device: p.name },
    after: ['network-pre.target'],
    before: ['network.target'],
    keeps: (goal) => ({
      ...goal,
      ...(p.addresses === undefined ? {} : { addresses: [...new Set(p.addresses)].toSorted() }),
      ...(p.routes === undefined ? {} : { routes: wantedRoutes(p, null) }),
    }),
    // Each step sets what should be, whatever is there: it may run at any time.
    guard: { script: sh`false`, args: [] },
  }),
  warnings: (p, now, { files }) => [
    ...linkConfigWarnings(p.name ?? '', files),
    ...(p.state === 'absent' && now !== null ? [`${now.name} cannot be made again by an undo`] : []),
  ],
});

const linksOf = (state: Partial<State>): readonly string[] =>
  [state.name, state.master].filter((name) => typeof name === 'string');

function wantedRoutes(p: LinkParams, now: State | null): OwnRoute[] {
  const routes = (p.routes ?? []).map((route) => withWords(wantedRoute(route), now?.routes ?? []));
  const keys = new Set(routes.map(routeKey));
  const others = p.exact_routes ? [] : (now?.routes ?? []).filter((route) => !keys.has(routeKey(route)));
  return [...others, ...routes].toSorted(byRouteKey);
}

function changedRoutes(from: readonly OwnRoute[], to: readonly OwnRoute[]): readonly string[] {
  const text = (route: OwnRoute): string => JSON.stringify(route);
  const [was, will] = [new Set(from.map(text)), new Set(to.map(text))];
  const changed = [...from.filter((route) => !will.has(text(route))), ...to.filter((route) => !was.has(text(route)))];
  return [...new Set(changed.map((route) => route.to))];
}

/** Outer headers of a VXLAN over IPv4. */
const vxlanOverhead = 50;

function checkMtu(mtu: number, seen: Seen): void {
  const { link } = seen;
  if (link === undefined) return;
  if (link.minMtu !== undefined && mtu < link.minMtu) {
    throw refuse(`${link.name} takes no MTU below ${link.minMtu}`, 'raise mtu');
  }
  if (link.maxMtu !== undefined && link.maxMtu > 0 && mtu > link.maxMtu) {
    throw refuse(`${link.name} takes no MTU above ${link.maxMtu}`, 'lower mtu');
  }
  for (const other of seen.neighbours) {
    const room = (other.above ? other.kind : link.kind) === 'vxlan' ? vxlanOverhead : 0;
    if (other.above && other.kind === 'vxlan' && other.mtu + room > mtu) {
      throw refuse(
        `an MTU of ${mtu} for ${link.name} is too small: ${other.name} on it has ${other.mtu} and needs ${room} more`,
        `lower the MTU of ${other.name} first`,
      );
    }
    // A bridge is below none of its ports, a bond sets those of its own.
    const carried = !other.above && ['vlan', 'macvlan', 'macvtap', 'ipvlan', 'vxlan'].includes(link.kind ?? '');
    if (carried && mtu + room > other.mtu) {
      throw refuse(
        `an MTU of ${mtu} for ${link.name} is too large: ${other.name} below it has ${other.mtu}${room === 0 ? '' : `, of which the tunnel takes ${room}`}`,
        `raise the MTU of ${other.name} first`,
      );
    }
  }
}
