import {
  exec,
  linkConfigWarnings,
  mergeRoutes,
  missing,
  refuse,
  routeArguments,
  routeKey,
  type Layer3,
  type Layer3Seen,
  type OvsBridge,
  type OwnRoute,
  type Step,
} from '../../src/sdk/index.ts';

/** What goes from a link to the bridge that it becomes a port of. */
export type Move = {
  up: boolean;
  addresses: string[];
  routes: OwnRoute[];
  /** Of the link. */
  nic: Layer3;
};

/** What addresses have beside, as `ip addr add` takes it. */
export type Words = ReadonlyMap<string, readonly string[]>;

type Seen = ReadonlyMap<string, Layer3Seen>;

export const readMove = (seen: Seen, name: string, nic: string): Move => {
  const [bridge, link] = [seen.get(name), seen.get(nic)];
  return {
    up: bridge?.up ?? false,
    addresses: bridge?.addresses ?? [],
    routes: bridge?.routes ?? [],
    nic: { addresses: link?.addresses ?? [], routes: link?.routes ?? [] },
  };
};

/** @throws KvmnetError where the link is not there, or somebody else's */
export function wantMove(seen: Seen, name: string, nic: string, bridges: readonly OvsBridge[]): Move {
  if (seen.get(nic)?.exists !== true) {
    throw missing(`the link ${nic} (move_ip_from) does not exist`, 'check its name with ip link');
  }
  const other = bridges.find((bridge) => bridge.name !== name && bridge.ports.some((port) => port.name === nic));
  if (other !== undefined) {
    throw refuse(
      `${nic} is a port of ${other.name}`,
      `take it away there first: ovs_port: { bridge: ${other.name}, name: ${nic}, state: absent }`,
    );
  }
  const now = readMove(seen, name, nic);
  return {
    up: true,
    addresses: [...new Set([...now.addresses, ...now.nic.addresses])].toSorted(),
    routes: mergeRoutes(now.routes, now.nic.routes),
    nic: { addresses: [], routes: [] },
  };
}

export const wordsOf = (seen: Seen): Words => new Map([...seen.values()].flatMap(({ words }) => [...words]));

export const moveWarnings = (seen: Seen, nic: string, files: readonly string[]): readonly string[] => [
  ...linkConfigWarnings(nic, files),
  ...(seen.get(nic)?.leased ?? []).map(
    (address) => `${address} of ${nic} came by DHCP: let the client ask for it over the bridge from now on`,
  ),
];

/**
 * Addresses and routes from one to the other, in one program. What is not there any more is no fault: whoever manages the
 * link may have taken its addresses off already, or at boot given them back to it.
 */
export function moveSteps(name: string, nic: string, from: Move, to: Move, words: Words): readonly Step[] {
  const [own, other] = [change(from, to), change(from.nic, to.nic)];
  const add = (link: string) => (address: string) => {
    const more = (words.get(address) ?? []).filter((word) => word !== 'nodad');
    // It is nobody else's: asking first would make it useless for a second, and the session over it.
    return ['addr replace', address, ...more, 'dev', link, ...(address.includes(':') ? ['nodad'] : [])].join(' ');
  };
  const come = [
    ...own.come.map(add(name)),
    ...(to.up && (!from.up || own.come.length > 0) ? [`link set dev ${name} up`] : []),
    ...other.come.map(add(nic)),
  ];
  const gone = [
    ...own.gone.map((address) => `addr del ${address} dev ${name}`),
    ...[...new Set([...other.gone, ...to.addresses])]
      .filter((address) => !to.nic.addresses.includes(address))
      .map((address) => `addr del ${address} dev ${nic}`),
    ...own.routesGone.map((route) => routeArguments('del', name, route).join(' ')),
    ...other.routesGone.map((route) => routeArguments('del', nic, route).join(' ')),
  ];
  const routes = [
    ...own.routesCome.map((route) => routeArguments('replace', name, route).join(' ')),
    ...other.routesCome.map((route) => routeArguments('replace', nic, route).join(' ')),
  ];
  const moves = come.length + routes.length + own.gone.length + other.gone.length > 0;
  return moves ? [...batch(come, false), ...batch(gone, true), ...batch(routes, false)] : [];
}

const batch = (lines: readonly string[], tolerant: boolean): readonly Step[] =>
  lines.length === 0
    ? []
    : [
        exec(['ip', ...(tolerant ? ['-force'] : []), '-batch', '-'], {
          stdin: lines.map((line) => `${line}\n`).join(''),
          ...(tolerant ? { ok: [1] } : {}),
        }),
      ];

function change(from: Layer3, to: Layer3) {
  const texts = from.routes.map((route) => JSON.stringify(route));
  const keys = new Set(to.routes.map(routeKey));
  return {
    come: to.addresses.filter((address) => !from.addresses.includes(address)),
    gone: from.addresses.filter((address) => !to.addresses.includes(address)),
    routesCome: to.routes.filter((route) => !texts.includes(JSON.stringify(route))),
    routesGone: from.routes.filter((route) => !keys.has(routeKey(route))),
  };
}
