import type { Route } from './parsers/ip-route.ts';

/**
 * A route over one link as a person or a script sets it, in canonical form; `via` null: on the link itself. Where it has
 * nothing beside, there are no `words`.
 */
export type OwnRoute = {
  to: string;
  family: 4 | 6;
  via: string | null;
  metric: number;
  table: string;
  source: string | null;
  /** Where it is none to a host: `local`, … */
  type?: string;
  /** Protocol, scope, metrics, … as `ip route add` takes them: a route that comes back is to be the one that it was. */
  words?: readonly string[];
};

/** Linux's default metrics. */
export const defaultMetric = (family: 4 | 6): number => (family === 6 ? 1024 : 0);

/**
 * Routes that are a person's or a script's, sorted. What the kernel, DHCP, router advertisements and routing daemons set
 * is theirs; so are routes over several links.
 */
export const ownRoutes = (routes: readonly Route[]): OwnRoute[] => routes.flatMap(readRoute).toSorted(byRouteKey);

/** Those that lead somewhere, or here. Refusals are over no link, though IPv6 shows them over `lo`. */
const types: ReadonlySet<string> = new Set(['unicast', 'local', 'broadcast', 'anycast', 'multicast']);

function readRoute(route: Route): OwnRoute[] {
  const ours = route.protocol === undefined || route.protocol === 'boot' || route.protocol === 'static';
  const { to, family, type, words } = route;
  if (!ours || !types.has(type) || route.table === 'local' || route.nexthops.length > 0 || route.expires) return [];
  // One with an encapsulation could not be made again as it is.
  if (words === undefined) return [];
  const beside = withoutDefaultScope(route, words);
  return [
    {
      to,
      family,
      via: route.via ?? null,
      metric: route.metric ?? defaultMetric(family),
      table: route.table,
      source: route.source ?? null,
      ...(type === 'unicast' ? {} : { type }),
      ...(beside.length === 0 ? {} : { words: beside }),
    },
  ];
}

/** What `ip` takes by itself where no scope is given (ip-route(8)) is nothing beside: a route that was asked for has none. */
function withoutDefaultScope({ family, type, via }: Route, words: readonly string[]): readonly string[] {
  if (family === 6) return words;
  const usual = type === 'local' ? 'host' : type !== 'unicast' || via === undefined ? 'link' : 'global';
  const at = words.indexOf('scope');
  const scope = at < 0 ? 'global' : words[at + 1];
  if (at < 0) return scope === usual ? words : [...words, 'scope', 'global'];
  return scope === usual ? words.toSpliced(at, 2) : words;
}

/** A route that is asked for, with what one that is there has beside. */
export function withWords(route: OwnRoute, now: readonly OwnRoute[]): OwnRoute {
  const key = routeKey(route);
  const same = now.find((other) => routeKey(other) === key && other.via === route.via && other.type === route.type);
  return same?.words === undefined ? route : { ...route, words: same.words };
}

/** What makes two routes the same entry of the kernel's table. */
export const routeKey = ({ family, table, to, metric, words = [] }: OwnRoute): string =>
  [family, table, to, metric, ...keyWords(words)].join(' ');
export const byRouteKey = (a: OwnRoute, b: OwnRoute): number => (routeKey(a) < routeKey(b) ? -1 : 1);

/** Those of the words that are part of the key. */
const keyWords = (words: readonly string[]): readonly string[] =>
  words.flatMap((word, i) => (word === 'tos' || word === 'from' ? words.slice(i, i + 2) : []));

/** The arguments of `ip` that set or remove a route over `dev`; also a line for `ip -batch`, which takes no `-6`. */
export const routeArguments = (verb: 'replace' | 'del', dev: string, route: OwnRoute): readonly string[] => [
  'route',
  verb,
  ...(route.type === undefined ? [] : [route.type]),
  // `default` alone would be that of IPv4.
  route.to === 'default' && route.family === 6 ? '::/0' : route.to,
  ...(route.via === null ? [] : ['via', ...otherFamily(route.via, route.family), route.via]),
  'dev',
  dev,
  'metric',
  String(route.metric),
  'table',
  route.table,
  ...(route.source === null || verb === 'del' ? [] : ['src', route.source]),
  ...(verb === 'del' ? keyWords(route.words ?? []) : (route.words ?? [])),
];

/** A next hop of the other family is to be called so. */
const otherFamily = (via: string, family: 4 | 6): readonly string[] => {
  const hop = via.includes(':') ? 6 : 4;
  return hop === family ? [] : [hop === 6 ? 'inet6' : 'inet'];
};
