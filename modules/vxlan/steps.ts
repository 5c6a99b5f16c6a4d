import { exec, ipFamily, sh, snippet, type Step } from '../../src/sdk/index.ts';
import { anyEnd } from './params.ts';
import type { State } from './read.ts';

/** What steps may be given: a state, or as much as is known of one that is or was to be made. */
type Goal = Partial<State>;

const zeroMac = '00:00:00:00:00:00';
/** On a bridge that was made for a VXLAN: nobody else will miss it. */
const mark = 'made by kvmnet for vxlan';

/** The way from any state of the VXLAN `name` to any other. */
export function vxlanSteps(name: string, from: Goal | null, to: Goal | null): readonly Step[] {
  if (to === null) return from === null ? [] : [removeLink(name), ...dropBridge(from.bridge)];
  if (from === null) return create(name, to);
  if (needsNew(from, to)) return [removeLink(name), ...create(name, to), ...leftBridge(from, to)];
  return change(name, from, to);
}

const removeLink = (name: string): Step => exec(['ip', 'link', 'del', 'dev', name]);

/** What the kernel does not change in place: "Cannot change VNI", "Cannot change port", "cannot change TTL_INHERIT flag". */
export function needsNew(from: Goal, to: Goal): boolean {
  if (differs(from, to, 'vni') || differs(from, to, 'dstport')) return true;
  // iproute2 wants `dev` with it and old kernels do not join the new group.
  if (differs(from, to, 'group')) return true;
  if (to.ttl !== undefined && (from.ttl === 'inherit') !== (to.ttl === 'inherit')) return true;
  if (typeof from.dev === 'string' && to.dev === null) return true;
  // One without any end was made for IPv4, as far as can be seen.
  const [old = 4, wanted] = [familyOf(from), familyOf(to)];
  return wanted !== undefined && old !== wanted;
}

const familyOf = (state: Goal): 4 | 6 | undefined => {
  const end = anyEnd(state);
  return end === undefined ? undefined : ipFamily(end);
};

const differs = (from: Goal, to: Goal, key: keyof State): boolean => to[key] !== undefined && to[key] !== from[key];

function create(name: string, to: Goal): readonly Step[] {
  const empty: Goal = { remotes: [], fdb: [], addresses: [], bridge: null, up: false };
  // Made again it keeps its address, which neighbours remember; a new one gets one from the kernel.
  const mac = to.mac === undefined ? [] : ['address', to.mac];
  const kind = ['type', 'vxlan', 'id', String(to.vni), 'dstport', String(to.dstport)];
  const head = ['ip', 'link', 'add', 'name', name, ...mac, ...kind];
  const group = to.group === null || to.group === undefined ? [] : ['group', to.group];
  const dev = to.dev === null || to.dev === undefined ? [] : ['dev', to.dev];
  // Without a word about IPv6 it would take no IPv6 ends.
  const any = familyOf(to) === 6 && group.length === 0 ? ['local', '::'] : [];
  const local = to.local === null || to.local === undefined ? any : ['local', to.local];
  const add = exec([...head, ...group, ...dev, ...local, ...options(empty, to)]);
  return [add, ...settings(name, empty, to)];
}

function change(name: string, from: Goal, to: Goal): readonly Step[] {
  const dev = differs(from, to, 'dev') && typeof to.dev === 'string' ? ['dev', to.dev] : [];
  const local = differs(from, to, 'local') ? ['local', to.local ?? anyAddress(from)] : [];
  const changed = [...dev, ...local, ...options(from, to)];
  const set = changed.length === 0 ? [] : [exec(['ip', 'link', 'set', 'dev', name, 'type', 'vxlan', ...changed])];
  return [...set, ...settings(name, from, to), ...leftBridge(from, to)];
}

const anyAddress = (from: Goal): string => (familyOf(from) === 6 ? '::' : '0.0.0.0');

// ip reads a TOS as hexadecimal, with or without 0x before it.
const tosText = (tos: Goal['tos']): string => (typeof tos === 'number' ? `0x${tos.toString(16)}` : String(tos));

function options(from: Goal, to: Goal): readonly string[] {
  const words = (['ttl', 'tos', 'df', 'ageing'] as const).flatMap((key) =>
    differs(from, to, key) ? [key, key === 'tos' ? tosText(to.tos) : String(to[key])] : [],
  );
  return differs(from, to, 'learning') ? [...words, to.learning === true ? 'learning' : 'nolearning'] : words;
}

function settings(name: string, from: Goal, to: Goal): readonly Step[] {
  const steps: Step[] = [];
  if (differs(from, to, 'mtu')) steps.push(exec(['ip', 'link', 'set', 'dev', name, 'mtu', String(to.mtu)]));
  if (differs(from, to, 'bridge')) steps.push(...setBridge(name, to.bridge ?? null));
  steps.push(...forwarding(name, from, to), ...addressSteps(name, from, to));
  if (differs(from, to, 'up')) steps.push(exec(['ip', 'link', 'set', 'dev', name, to.up === true ? 'up' : 'down']));
  // IPv6 addresses go when a link goes down.
  return steps;
}

const makeBridge = sh`[ -e "/sys/class/net/$1" ] || {
  ip link add name "$1" type bridge && ip link set dev "$1" alias "$2" && ip link set dev "$1" up
}`;

function setBridge(name: string, bridge: string | null): readonly Step[] {
  if (bridge === null) return [exec(['ip', 'link', 'set', 'dev', name, 'nomaster'])];
  return [snippet(makeBridge, [bridge, mark]), exec(['ip', 'link', 'set', 'dev', name, 'master', bridge])];
}

const takeBridge = sh`a=
read -r a <"/sys/class/net/$1/ifalias" 2>/dev/null
[ "$a" = "$2" ] || exit 0
for p in "/sys/class/net/$1/brif"/*; do [ ! -e "$p" ] || exit 0; done
ip link del dev "$1"`;

const dropBridge = (bridge: string | null | undefined): readonly Step[] =>
  typeof bridge !== 'string' ? [] : [snippet(takeBridge, [bridge, mark])];
const leftBridge = (from: Goal, to: Goal): readonly Step[] =>
  differs(from, to, 'bridge') ? dropBridge(from.bridge) : [];

function forwarding(name: string, from: Goal, to: Goal): readonly Step[] {
  const was = entriesOf(from);
  // What is not spoken of stays.
  const wanted = entriesOf({ remotes: to.remotes ?? from.remotes ?? [], fdb: to.fdb ?? from.fdb ?? [] });
  const gone = was.filter((entry) => !wanted.includes(entry));
  const come = wanted.filter((entry) => !was.includes(entry));
  const via = from.dev ?? to.dev ?? null;
  // The kernel tells entries with a link apart from those without; which it was does not matter, so both go.
  const del = gone.flatMap((entry) => [
    `fdb del ${entry.replace(' ', ` dev ${name} dst `)} self\n`,
    ...(via === null ? [] : [`fdb del ${entry.replace(' ', ` dev ${name} dst `)} via ${via} self\n`]),
  ]);
  const add = come.map((entry) => `fdb append ${entry.replace(' ', ` dev ${name} dst `)} self permanent\n`);
  return [
    ...(del.length === 0 ? [] : [exec(['bridge', '-force', '-batch', '-'], { stdin: del.join(''), ok: [1] })]),
    ...(add.length === 0 ? [] : [exec(['bridge', '-batch', '-'], { stdin: add.join('') })]),
  ];
}

const entriesOf = (state: Goal): readonly string[] => [
  ...(state.remotes ?? []).map((dst) => `${zeroMac} ${dst}`),
  ...(state.fdb ?? []).map(({ mac, dst }) => `${mac} ${dst}`),
];

function addressSteps(name: string, from: Goal, to: Goal): readonly Step[] {
  const wanted = to.addresses ?? from.addresses ?? [];
  const was = from.addresses ?? [];
  const words = (verb: string, address: string): Step => exec(['ip', 'addr', verb, address, 'dev', name]);
  return [
    ...was.filter((address) => !wanted.includes(address)).map((address) => words('del', address)),
    ...wanted.filter((address) => !was.includes(address)).map((address) => words('replace', address)),
  ];
}
