import { exec, routeArguments, routeKey, sh, snippet, type OwnRoute, type Step } from '../../src/sdk/index.ts';
import type { State } from './read.ts';

type Goal = Partial<State>;

// Many drivers change their address only while they are down.
const setMac = sh`ip link set dev "$1" address "$2" 2>/dev/null || {
  ip link set dev "$1" down && ip link set dev "$1" address "$2" && ip link set dev "$1" up
}`;

/** What addresses have beside, as `ip addr add` takes it. */
type Words = ReadonlyMap<string, readonly string[]>;

/**
 * From any state to any other; `from` null: nothing is known of it but that it exists, as after a boot.
 * @param words - of addresses that were there: one that comes back is to be the one that it was
 */
export function linkSteps(name: string, from: Goal | null, to: Goal | null, words: Words = new Map()): readonly Step[] {
  if (to === null) return from === null ? [] : [exec(['ip', 'link', 'del', 'dev', name])];
  const was: Goal = from ?? { addresses: [], routes: [] };
  const differs = (key: keyof State): boolean => to[key] !== undefined && to[key] !== was[key];
  const set = (...words: string[]): Step => exec(['ip', 'link', 'set', 'dev', name, ...words]);
  const steps: Step[] = [];
  if (differs('alias')) steps.push(set('alias', to.alias ?? ''));
  if (differs('mac') && typeof to.mac === 'string') steps.push(snippet(setMac, [name, to.mac]));
  if (differs('mtu')) steps.push(set('mtu', String(to.mtu)));
  if (differs('promisc')) steps.push(set('promisc', to.promisc === true ? 'on' : 'off'));
  if (differs('master')) steps.push(typeof to.master === 'string' ? set('master', to.master) : set('nomaster'));
  if (differs('up') && to.up === true) steps.push(set('up'));
  // Going down took routes and IPv6 addresses away; coming up, all of them are set anew.
  const fresh = to.up === true && was.up !== true;
  const { gone, come } = to.up === false ? { gone: [], come: [] } : routes(name, was, to, fresh);
  return [
    ...steps,
    // Before the addresses, the last of which takes routes along: one that is gone cannot be taken away.
    ...gone,
    ...addresses(name, was, to, { fresh, words }),
    ...come,
    // Last: it takes IPv6 addresses away, and one that is gone cannot be taken away.
    ...(differs('up') && to.up === false ? [set('down')] : []),
  ];
}

function addresses(
  name: string,
  from: Goal,
  to: Goal,
  { fresh, words }: { readonly fresh: boolean; readonly words: Words },
): readonly Step[] {
  const was = from.addresses ?? [];
  const wanted = to.addresses ?? was;
  const come = fresh ? wanted : wanted.filter((address) => !was.includes(address));
  const gone = was.filter((address) => !wanted.includes(address));
  return [
    // New ones first: the last address of a network takes the routes over it along.
    ...come.map((address) => exec(['ip', 'addr', 'replace', address, ...(words.get(address) ?? []), 'dev', name])),
    ...gone.map((address) => exec(['ip', 'addr', 'del', address, 'dev', name])),
  ];
}

function routes(
  name: string,
  from: Goal,
  to: Goal,
  fresh: boolean,
): { readonly gone: readonly Step[]; readonly come: readonly Step[] } {
  const was = from.routes ?? [];
  const wanted = to.routes ?? was;
  const same = (a: OwnRoute) => (b: OwnRoute) => JSON.stringify(a) === JSON.stringify(b);
  const come = fresh ? wanted : wanted.filter((route) => !was.some(same(route)));
  const keys = new Set(wanted.map(routeKey));
  const gone = was.filter((route) => !keys.has(routeKey(route)));
  const set = (verb: 'replace' | 'del') => (route: OwnRoute) => exec(['ip', ...routeArguments(verb, name, route)]);
  return { gone: gone.map(set('del')), come: come.map(set('replace')) };
}
