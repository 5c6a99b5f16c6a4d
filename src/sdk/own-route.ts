import type { Route } from './parsers/ip-route.ts';

/** A route over one link as a person or a script sets it, in canonical form; `via` null: on the link itself. */
export type OwnRoute = {
  to: string;
  family: 4 | 6;
  via: string | null;
  metric: number;
  table: string;
  source: string | null;
};

/** Linux's default metrics. */
export const defaultMetric = (family: 4 | 6): number => (family === 6 ? 1024 : 0);

/**
 * Routes that are a person's or a script's, sorted. What the kernel, DHCP, router advertisements and routing daemons set
 * is theirs; so are routes over several links.
 */
export const ownRoutes = (routes: readonly Route[]): OwnRoute[] => routes.flatMap(readRoute).toSorted(byRouteKey);

function readRoute(route: Route): OwnRoute[] {
  const ours = route.protocol === undefined || route.protocol === 'boot' || route.protocol === 'static';
  if (!ours || route.type !== 'unicast' || route.table === 'local' || route.nexthops.length > 0) return [];
  // A default route says nothing of its family but by its next hop, or by the metric that IPv6 has in any case.
  const six = route.to.includes(':') || route.via?.includes(':') === true || route.metric === defaultMetric(6);
  const family = six ? 6 : 4;
  return [
    {
      to: route.to,
      family,
      via: route.via ?? null,
      metric: route.metric ?? defaultMetric(family),
      table: route.table,
      source: route.source ?? null,
    },
  ];
}

/** What makes two routes the same entry of the kernel's table. */
export const routeKey = (route: OwnRoute): string => `${route.family} ${route.table} ${route.to} ${route.metric}`;
export const byRouteKey = (a: OwnRoute, b: OwnRoute): number => (routeKey(a) < routeKey(b) ? -1 : 1);

/** The arguments of `ip` that set or remove a route over `dev`; also a line for `ip -batch`, which takes no `-6`. */
export const routeArguments = (verb: 'replace' | 'del', dev: string, route: OwnRoute): readonly string[] => [
  'route',
  verb,
  // `default` alone would be that of IPv4.
  route.to === 'default' && route.family === 6 ? '::/0' : route.to,
  ...(route.via === null ? [] : ['via', route.via]),
  'dev',
  dev,
  'metric',
  String(route.metric),
  'table',
  route.table,
  ...(route.source === null || verb === 'del' ? [] : ['src', route.source]),
];
