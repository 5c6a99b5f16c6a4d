import { bandwidthText, defineModule, missing, noProbe, parseNetwork, refuse } from '../../src/sdk/index.ts';
import { LibvirtNetwork, needsAddress } from './params.ts';
import { networkProbe, sourcesProbe, type SourceKind } from './probe.ts';
import { readNetwork, type Network, type State } from './read.ts';
import { fixedDifferences, networkSteps, stale } from './steps.ts';

export const libvirtNetwork = defineModule({
  name: 'libvirt_network',
  summary: 'A network of libvirt: isolated, routed, on a bridge, or a pool of VFs',
  unproved: 'virtnetworkd in place of libvirtd (RHEL 9); networks of virtual functions',
  params: LibvirtNetwork,
  examples: [
    {
      title: 'Guests on a bridge of Open vSwitch, by class',
      params: {
        name: 'tenants',
        forward: 'bridge',
        bridge: 'ovs-br0',
        virtualport: 'openvswitch',
        portgroups: [
          { name: 'blue', vlan: 100, default: true },
          { name: 'uplink', vlan: [100, 200] },
        ],
      },
    },
    {
      title: 'A network of its own, without a way out',
      params: { name: 'lab', bridge: 'virbr-lab', stp: false, mtu: 9000 },
    },
    {
      title: 'Addresses by DHCP and a way out by NAT',
      params: {
        name: 'mgmt',
        forward: 'nat',
        bridge: 'virbr-mgmt',
        addresses: ['10.77.0.1/24'],
        dhcp_ranges: [{ start: '10.77.0.100', end: '10.77.0.200' }],
        dhcp_hosts: [{ ip: '10.77.0.10', mac: '52:54:00:6d:90:02', name: 'web1' }],
      },
    },
    {
      title: 'A pool of the VFs of a card',
      params: { name: 'vfs', forward: 'hostdev', pf: 'eth0' },
      needs: 'vm',
    },
    { title: 'No default network', params: { name: 'default', state: 'absent' } },
  ],
  requires: 'libvirt-daemon-system; dnsmasq-base for networks with addresses',
  probes: (p) => ({
    network: networkProbe(p.name),
    sources:
      p.state === 'absent'
        ? noProbe<ReadonlyMap<string, SourceKind>>(new Map())
        : sourcesProbe(usesBridge(p) ? [p.bridge] : [], p.vfs ?? []),
  }),
  state: ({ network }): State | null =>
    network === null
      ? null
      : {
          active: network.active,
          autostart: network.autostart,
          persistent: network.persistent,
          config: readNetwork(network.config),
          live: network.live === null ? null : readNetwork(network.live),
        },
  want: (p, now, { sources }) => {
    if (p.state === 'absent') return null;
    checkSources(p, sources);
    const config = wantedNetwork(p, now?.config);
    if (needsAddress(config.forward ?? 'none') && (config.addresses ?? now?.config.addresses ?? []).length === 0) {
      throw refuse(`forward: ${config.forward} needs an address, and ${p.name} has none`, 'give it one in addresses');
    }
    const runs = p.state === 'active';
    return {
      active: runs,
      autostart: p.autostart,
      persistent: true,
      config,
      live: runs && now?.live ? config : undefined,
    };
  },
  steps: (from, to, p, seen) => networkSteps(p.name, from, to, p.restart === 'if_required', seen?.network),
  compare: { config: lists(), live: lists() },
  pending: (now, want, p) => {
    if (!now?.live || !want?.live || p.restart === 'if_required') return [];
    return fixedDifferences(now.live, want.live).map((key) => ({
      path: `live.${key}`,
      reason: `the network ${p.name} runs with its old ${key} until it is restarted, which cuts its guests off (restart: if_required)`,
      until: 'restart',
    }));
  },
  touches: (from, to, p) => {
    const bridge = from?.live?.bridge;
    const come = to?.active === true && from?.active !== true ? (to.config?.addresses ?? []) : [];
    // The kernel adds a route to the network of each address.
    if (come.length > 0) return { addresses: come, routes: come.map(parseNetwork) };
    if (!from?.active || typeof bridge !== 'string' || from.live?.forward === 'bridge') return 'none';
    if (!to?.active) return { links: [bridge], effect: 'cut' };
    return p.restart === 'if_required' && stale(from, to) ? { links: [bridge], effect: 'cut' } : 'none';
  },
  warnings: (p, now) => {
    if (p.state !== 'active' || p.restart !== 'if_required' || !now?.live) return [];
    const keys = fixedDifferences(now.live, wantedNetwork(p, now.config));
    return keys.length === 0
      ? []
      : [
          `${p.name} is restarted for ${keys.join(', ')}: guests on it need their interface plugged in again, or a restart`,
        ];
  },
});

type Bridged = LibvirtNetwork & { readonly bridge: string };
const usesBridge = (p: LibvirtNetwork): p is Bridged => p.forward === 'bridge' && p.bridge !== undefined;

function lists() {
  return {
    addresses: 'set',
    dhcp_ranges: 'set',
    dhcp_hosts: { keyed: 'ip' },
    portgroups: { keyed: 'name' },
    vfs: 'set',
  } as const;
}

function wantedNetwork(p: LibvirtNetwork, now: Network | undefined): Partial<Network> {
  const forward = p.forward ?? now?.forward ?? 'none';
  const given: { [key in keyof Network]?: Network[key] | undefined } = {
    forward,
    dev: p.dev,
    bridge: p.bridge,
    stp: p.stp,
    delay: p.delay,
    mtu: p.mtu,
    domain: p.domain,
    addresses: p.addresses,
    dhcp_ranges: p.dhcp_ranges,
    dhcp_hosts: p.dhcp_hosts?.map(({ ip, mac, name }) => ({ ip, mac: mac ?? null, name: name ?? null })),
    virtualport: p.virtualport,
    vlan: p.vlan === null ? [] : p.vlan,
    portgroups: p.portgroups?.map((group) => ({
      name: group.name,
      default: group.default,
      virtualport: group.virtualport ?? null,
      vlan: group.vlan ?? [],
    })),
    pf: (p.vfs ?? []).length > 0 ? null : p.pf,
    vfs: typeof p.pf === 'string' ? [] : p.vfs,
    inbound: bandwidthText(p.bandwidth?.inbound),
    outbound: bandwidthText(p.bandwidth?.outbound),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function checkSources(p: LibvirtNetwork, sources: ReadonlyMap<string, SourceKind>): void {
  if (usesBridge(p)) {
    const kind = sources.get(p.bridge);
    if (kind === 'none') {
      throw missing(
        `the bridge ${p.bridge} does not exist`,
        'make it first, with bridge or ovs_bridge; or leave out forward, and libvirt makes one',
      );
    }
    if (kind === 'link' && typeof p.virtualport !== 'string') {
      throw refuse(`${p.bridge} is no Linux bridge`, 'where it is one of Open vSwitch, add virtualport: openvswitch');
    }
    if (kind === 'bridge' && p.virtualport === 'openvswitch') {
      throw refuse(`${p.bridge} is a Linux bridge, none of Open vSwitch`, 'leave out virtualport');
    }
  }
  for (const address of p.vfs ?? []) {
    const kind = sources.get(address);
    if (kind === 'none') throw missing(`there is no PCI device ${address}`, 'make the VFs first, with sriov');
    if (kind === 'pf')
      throw refuse(`${address} is no virtual function`, 'give the addresses of VFs, or the card itself as pf');
  }
}
