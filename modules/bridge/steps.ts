import { exec, routeArguments, routeKey, sh, snippet, type OwnRoute, type Step } from '../../src/sdk/index.ts';
import type { Layer3, State } from './read.ts';

type Goal = Partial<State>;
const nothing: Layer3 = { addresses: [], routes: [] };

// At boot somebody else who needs it, a VXLAN, may have made it a moment earlier.
// Made with its MAC address, where one is wanted: udev gives others one of its own a moment later (MACAddressPolicy=, systemd.link(5)).
const makeBridge = sh`[ -e "/sys/class/net/$1/bridge" ] || ip link add name "$1" \${2:+address "$2"} type bridge`;

// A batch whose lines may be said again, for what the kernel takes only after a moment.
const patiently = sh`lines=$(cat) try=0
until said=$(printf '%s\n' "$lines" | ip -batch - 2>&1); do
  try=$((try+1))
  [ "$try" -le "$1" ] || { printf '%s\n' "$said" >&2; exit 1; }
  sleep 0.2 2>/dev/null || sleep 1
done`;

/** In fifths of a second. */
const patience = {
  // A virtual function (igbvf) takes VLANs, and with them a bridge that filters, a moment after it was first set up.
  filteredPorts: 50,
  // Whoever manages the link (systemd-networkd) sets it up anew as it leaves the bridge: for a moment its address may be gone.
  routes: 20,
};

interface Known {
  /** Ports that go down when they leave. */
  readonly idle: ReadonlySet<string>;
  /** What addresses have beside, as `ip addr add` takes it. */
  readonly words: ReadonlyMap<string, readonly string[]>;
}

/**
 * From any state of the bridge to any other.
 * @param nic - the link that addresses move from or back to
 */
export function bridgeSteps(
  name: string,
  nic: string | undefined,
  from: Goal | null,
  to: Goal | null,
  known: Known = { idle: new Set(), words: new Map() },
): readonly Step[] {
  if (to === null) return from === null ? [] : removal(name, nic, from, known);
  const made = from === null ? [snippet(makeBridge, typeof to.mac === 'string' ? [name, to.mac] : [name])] : [];
  const was = from ?? {};
  return [
    ...made,
    ...options(name, was, to),
    ...batch(nic, name, was, to, { created: from === null, ...known }),
    ...portsUpAndDown(was, to),
    ...vlans(name, was, to),
    ...(to.up === undefined || to.up === was.up
      ? []
      : [exec(['ip', 'link', 'set', 'dev', name, to.up ? 'up' : 'down'])]),
  ];
}

// A bridge that gets its addresses from a port gives them back before it goes.
function removal(name: string, nic: string | undefined, from: Goal, known: Known): readonly Step[] {
  const moved = nic !== undefined && (from.nic?.addresses ?? []).length === 0;
  const back: Goal = {
    ...from,
    ports: [],
    addresses: [],
    routes: [],
    nic: { addresses: from.addresses ?? [], routes: from.routes ?? [] },
  };
  return [
    ...(moved ? batch(nic, name, from, back, { created: false, ...known }) : []),
    exec(['ip', 'link', 'del', 'dev', name]),
    ...(from.ports ?? [])
      .filter((port) => known.idle.has(port))
      .map((port) => exec(['ip', 'link', 'set', 'dev', port, 'down'])),
  ];
}

/** Ports that stay, and that somebody has set down or that were down before. */
function portsUpAndDown(from: Goal, to: Goal): readonly Step[] {
  const [was, goal] = [from.down ?? [], to.down ?? from.down ?? []];
  const stays = (port: string): boolean => (to.ports ?? from.ports ?? []).includes(port);
  const set = (state: 'up' | 'down') => (port: string) => exec(['ip', 'link', 'set', 'dev', port, state]);
  return [
    ...was.filter((port) => stays(port) && !goal.includes(port)).map(set('up')),
    ...goal.filter((port) => stays(port) && !was.includes(port)).map(set('down')),
  ];
}

const differs = (from: Goal, to: Goal, key: keyof State): boolean => to[key] !== undefined && to[key] !== from[key];

function options(name: string, from: Goal, to: Goal): readonly Step[] {
  const words: string[] = [];
  const flag = (key: 'stp' | 'vlan_filtering' | 'mcast_snooping', option: string): void => {
    if (differs(from, to, key)) words.push(option, to[key] === true ? '1' : '0');
  };
  const time = (key: 'forward_delay' | 'ageing_time'): void => {
    const seconds = to[key];
    if (seconds !== undefined && seconds !== from[key]) words.push(key, String(Math.round(seconds * 100)));
  };
  // The kernel looks at the delay before it switches the protocol off, and takes none below 2 seconds with it.
  const off = from.stp === true && to.stp === false;
  if (!off) flag('stp', 'stp_state');
  time('forward_delay');
  time('ageing_time');
  // A new bridge does not filter, and a kernel that cannot does not take a 0 either.
  if (from.vlan_filtering !== undefined || to.vlan_filtering === true) flag('vlan_filtering', 'vlan_filtering');
  flag('mcast_snooping', 'mcast_snooping');
  const set = (...more: string[]): Step => exec(['ip', 'link', 'set', 'dev', name, ...more]);
  return [
    ...(off ? [set('type', 'bridge', 'stp_state', '0')] : []),
    ...(words.length === 0 ? [] : [set('type', 'bridge', ...words)]),
    ...(differs(from, to, 'mac') && typeof to.mac === 'string' ? [set('address', to.mac)] : []),
    ...(differs(from, to, 'mtu') ? [set('mtu', String(to.mtu))] : []),
  ];
}

/**
 * Ports and addresses in one program, so that a session that runs over them lives on: a port that has addresses cannot use
 * them any more, while the bridge has them already.
 */
function batch(
  nic: string | undefined,
  name: string,
  from: Goal,
  to: Goal,
  { created, idle, words }: Known & { readonly created: boolean },
): readonly Step[] {
  const lines: string[] = [];
  const [ports, wanted] = [from.ports ?? [], to.ports ?? from.ports ?? []];
  const own = change(from, to);
  const other = change(from.nic ?? nothing, to.nic ?? from.nic ?? nothing);
  // What a new bridge gets has been the link's, as far as it is known.
  const moved = new Set([...own.gone, ...other.gone, ...(created && nic !== undefined ? own.come : [])]);
  for (const address of own.come) lines.push(addition(address, name, moved, words));
  // Back at the link: it leaves the bridge before it gets its addresses.
  for (const port of ports)
    if (!wanted.includes(port)) lines.push(`link set dev ${port} nomaster${idle.has(port) ? ' down' : ''}`);
  for (const port of wanted) {
    if (ports.includes(port)) continue;
    // A virtual function that was never up (igbvf, 6.1) takes no VLANs, and the kernel no such port into a bridge that filters.
    if (to.vlan_filtering === true) lines.push(`link set dev ${port} up`);
    lines.push(`link set dev ${port} master ${name} up`);
  }
  if (nic !== undefined) for (const address of other.come) lines.push(addition(address, nic, moved, words));
  if (own.come.length > 0 || own.routesCome.length > 0) lines.push(`link set dev ${name} up`);
  if (nic !== undefined) for (const address of other.gone) lines.push(`addr del ${address} dev ${nic}`);
  for (const address of own.gone) lines.push(`addr del ${address} dev ${name}`);
  const routes = own.routesCome.map((route) => routeArguments('replace', name, route).join(' '));
  if (nic !== undefined)
    routes.push(...other.routesCome.map((route) => routeArguments('replace', nic, route).join(' ')));
  // Those over a link whose address went have gone along.
  const rest = own.routesGone.map((route) => routeArguments('del', name, route).join(' '));
  // After a boot, whoever manages the link may have given it the addresses that the bridge has now.
  if (created && nic !== undefined)
    rest.push(...(to.addresses ?? []).map((address) => `addr del ${address} dev ${nic}`));
  const joining = to.vlan_filtering === true && wanted.some((port) => !ports.includes(port));
  const stdin = (texts: readonly string[]) => ({ stdin: texts.map((line) => `${line}\n`).join('') });
  const first = joining
    ? snippet(patiently, [`${patience.filteredPorts}`], stdin(lines))
    : exec(['ip', '-batch', '-'], stdin(lines));
  return [
    ...(lines.length === 0 ? [] : [first]),
    ...(routes.length === 0 ? [] : [snippet(patiently, [`${patience.routes}`], stdin(routes))]),
    ...(rest.length === 0 ? [] : [exec(['ip', '-force', '-batch', '-'], { ...stdin(rest), ok: [1] })]),
  ];
}

// An address that moves is nobody else's: asking first would make it useless for a second, and the session with it.
const addition = (address: string, link: string, moved: ReadonlySet<string>, known: Known['words']): string => {
  const words = moved.has(address) ? (known.get(address) ?? []).filter((word) => word !== 'nodad') : [];
  return [
    `addr replace ${address}`,
    ...words,
    `dev ${link}`,
    ...(address.includes(':') && moved.has(address) ? ['nodad'] : []),
  ].join(' ');
};

function change(from: Partial<Layer3>, to: Partial<Layer3>) {
  const [was, wanted] = [from.addresses ?? [], to.addresses ?? from.addresses ?? []];
  const [routes, wantedRoutes] = [from.routes ?? [], to.routes ?? from.routes ?? []];
  const texts = routes.map((route) => JSON.stringify(route));
  const keys = new Set(wantedRoutes.map(routeKey));
  return {
    come: wanted.filter((address) => !was.includes(address)),
    gone: was.filter((address) => !wanted.includes(address)),
    routesCome: wantedRoutes.filter((route) => !texts.includes(JSON.stringify(route))),
    routesGone: routes.filter((route: OwnRoute) => !keys.has(routeKey(route))),
  };
}

function vlans(name: string, from: Goal, to: Goal): readonly Step[] {
  const was = from.vlans ?? [];
  const wanted = to.vlans ?? was;
  // A port that leaves or joins the bridge has other VLANs by then; what is to be gone may be gone.
  const key = (text: string): string => text.split(' ').slice(0, 2).join(' ');
  const keys = new Set(wanted.map(key));
  const line = (verb: string, text: string): string => {
    const [port = '', vid = '', ...flags] = text.split(' ');
    return [
      `vlan ${verb} dev ${port} vid ${vid}`,
      ...(verb === 'add' ? flags : []),
      ...(port === name ? ['self'] : []),
    ].join(' ');
  };
  const gone = was.filter((text) => !keys.has(key(text))).map((text) => line('del', text));
  const come = wanted.filter((text) => !was.includes(text)).map((text) => line('add', text));
  return [
    ...(gone.length === 0
      ? []
      : [exec(['bridge', '-force', '-batch', '-'], { stdin: `${gone.join('\n')}\n`, ok: [1] })]),
    ...(come.length === 0 ? [] : [exec(['bridge', '-batch', '-'], { stdin: `${come.join('\n')}\n` })]),
  ];
}
