import { defineModule, refuse, type Touches } from '../../src/sdk/index.ts';
import { authText, canonicalSource, readConfig, type AreaState, type InterfaceState, type State } from './config.ts';
import { Ospfd, parseArea } from './params.ts';
import { ospfProbe, type Seen } from './read.ts';
import { ospfSteps } from './steps.ts';

export const ospfd = defineModule({
  name: 'ospfd',
  summary: 'OSPF routing with the ospfd of FRR',
  unproved: 'Quagga, with one file or one file and unit for each daemon (RHEL 7)',
  params: Ospfd,
  examples: [
    {
      title: 'Two networks in the backbone',
      params: {
        router_id: '10.255.0.1',
        networks: [
          { prefix: '192.168.1.0/24', area: 0 },
          { prefix: '192.168.2.0/24', area: 0 },
        ],
      },
    },
    {
      title: 'Fast failover on a link between two routers, tenants announced but without neighbours',
      params: {
        router_id: '10.255.0.1',
        networks: [{ prefix: '10.0.1.0/24', area: 0 }],
        redistribute: ['connected'],
        passive_default: true,
        interfaces: { eth1: { passive: false, hello: 1, dead: 4, network_type: 'point-to-point' } },
      },
    },
    { title: 'No OSPF any more', params: { state: 'absent' } },
  ],
  requires:
    'frr (or quagga), with zebra; protocol 89 through the firewall, and net.ipv4.ip_forward to route for others',
  probes: (p) => ({ ospf: ospfProbe(p.daemon) }),
  state: ({ ospf }, p): State | null => {
    const read = readConfig(ospf.running ?? ospf.saved ?? '', p);
    const config = { ...read, interfaces: read.interfaces.map((item) => withoutDefault(item, ospf)) };
    const set = config.router || config.interfaces.some((item) => Object.values(item).some(isSet));
    if (p.state === 'absent' && !set && isSaved(ospf, p)) return null;
    return { enabled: ospf.enabled, running: ospf.running !== null, saved: isSaved(ospf, p), ...config };
  },
  want: (p, now, { ospf }) => {
    if (p.state === 'absent') {
      if (now === null || now.running) return null;
      throw refuse(
        `ospfd does not run, so nothing takes OSPF out of ${ospf.path}`,
        'start it first, or take "router ospf" out with block_in_file or line_in_file',
      );
    }
    const networks = p.networks?.map(({ prefix, area }) => `${prefix} area ${area}`).toSorted();
    const byInterface = Object.entries(p.interfaces).find(([, { area }]) => typeof area === 'number')?.[0];
    if (byInterface !== undefined && networks === undefined && now !== null && now.networks.length > 0) {
      throw refuse(
        `${ospf.path} has network statements, so the daemon takes no area for ${byInterface}`,
        'take them out with networks: []',
      );
    }
    return {
      enabled: true,
      running: true,
      saved: true,
      router: true,
      router_id: p.router_id,
      networks,
      redistribute: p.redistribute?.map(sourceText).toSorted(),
      passive_default: p.passive_default,
      log: p.log,
      areas: Object.entries(p.areas)
        .map(([id, area]) => ({ id: parseArea(id), ...area }))
        .toSorted((a, b) => a.id - b.id) as AreaState[],
      interfaces: Object.entries(p.interfaces)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { auth, ...rest }]) => ({
          ...withoutDefault({ name, ...rest }, ospf),
          ...(auth === undefined
            ? {}
            : {
                auth:
                  auth.key === undefined || auth.type === 'none' ? 'none' : authText(auth.type, auth.key, auth.key_id),
              }),
        })) as InterfaceState[],
    };
  },
  steps: (from, to, p, seen) => (seen === undefined ? [] : ospfSteps(from, to, p, seen.ospf)),
  compare: { networks: 'set', redistribute: 'set', areas: { keyed: 'id' }, interfaces: { keyed: 'name' } },
  // Routes that came by OSPF may go for as long as neighbours need; a default one may come.
  touches: (from, to): Touches | 'none' => {
    const routes = { routes: ['default'], protocols: ['ospf', 'zebra'] };
    if (to === null) return from?.router === true ? routes : 'none';
    return { ...routes, effect: 'flap' };
  },
  settle: { timeout: 15 },
  warnings: (p, _now, { ospf }) => {
    const warnings: string[] = [];
    if (p.state === 'present' && !ospf.forwarding)
      warnings.push(
        'this host does not forward packets, and the daemon keeps that at boot: set net.ipv4.ip_forward to 1 first',
      );
    if (ospf.kind === 'quagga') warnings.push('kvmnet has not been proved with Quagga: look at what it has done');
    return warnings;
  },
});

interface Named {
  readonly name: string;
  readonly network_type?: string | null | undefined;
}

/** The daemon does not write down what is the default of a link. */
function withoutDefault<T extends Named>(item: T, { pointToPoint }: Seen): T {
  const byDefault = pointToPoint.has(item.name) ? 'point-to-point' : 'broadcast';
  return item.network_type === byDefault ? { ...item, network_type: null } : item;
}

const sourceText = (source: NonNullable<Ospfd['redistribute']>[number]): string =>
  canonicalSource(
    [
      source.from,
      ...('metric' in source && source.metric !== undefined ? ['metric', source.metric] : []),
      ...('metric_type' in source && source.metric_type !== undefined ? ['metric-type', source.metric_type] : []),
      ...('route_map' in source && source.route_map !== undefined ? ['route-map', source.route_map] : []),
    ].join(' '),
  );

/** Whether the file says what runs. Of a daemon that does not run the file is all there is. */
function isSaved({ running, saved }: Seen, p: Ospfd): boolean {
  if (running === null) return saved !== null;
  return JSON.stringify(readConfig(saved ?? '', p)) === JSON.stringify(readConfig(running, p));
}

const isSet = (value: unknown): boolean => (value === true || value === false ? value : typeof value === 'number');
