import { bandwidthText, defineModule, missing, noProbe, refuse } from '../../src/sdk/index.ts';
import { checkGuest, checkSource } from './checks.ts';
import { LibvirtInterface, nameOf, sourceOf } from './params.ts';
import { domainProbe, sourceProbe, type SourceKind } from './probe.ts';
import { matching, readInterface, readLive, type Interface, type State } from './read.ts';
import { interfaceSteps, restartDifferences } from './steps.ts';

export const libvirtInterface = defineModule({
  name: 'libvirt_interface',
  summary: 'A network interface of a guest, while it runs and when it starts',
  unproved: 'virtqemud in place of libvirtd (RHEL 9)',
  params: LibvirtInterface,
  examples: [
    {
      title: 'On a bridge of Open vSwitch, with queues and limits',
      params: {
        domain: 'web1',
        mac: '52:54:00:6d:90:02',
        type: 'bridge',
        source: 'ovs-br0',
        virtualport: 'openvswitch',
        vlan: 100,
        driver: { name: 'vhost', queues: 2 },
        bandwidth: { inbound: { average: 1000, peak: 5000, burst: 1024 }, outbound: { average: 500 } },
      },
    },
    {
      title: 'In a network of libvirt, its link named for tc_htb',
      params: { domain: 'web1', mac: '52:54:00:6d:90:03', type: 'network', source: 'lab', target: 'web1-lab' },
    },
    {
      title: 'vhost-user towards DPDK, Open vSwitch being the client',
      params: {
        domain: 'fw1',
        mac: '52:54:00:6d:90:04',
        type: 'vhostuser',
        path: '/run/openvswitch/vhu-fw1',
        mode: 'server',
        driver: { queues: 2 },
      },
    },
    {
      title: 'A VF, with a VLAN that the guest does not see',
      params: { domain: 'hpc1', mac: '52:54:00:6d:90:05', type: 'hostdev', source: '0000:05:10.1', vlan: 100 },
      needs: 'vm',
    },
    {
      title: 'No longer, from the next start on',
      params: { domain: 'web1', mac: '52:54:00:6d:90:06', state: 'absent', apply: 'config' },
    },
  ],
  requires: 'libvirt-daemon-system and libvirt-clients',
  probes: (p) => {
    const { state, type } = p;
    const source = sourceOf(p);
    const asks = state === 'present' && type !== undefined && type !== 'vhostuser' && source !== undefined;
    return {
      domain: domainProbe(p.domain),
      source: asks ? sourceProbe(type, source) : noProbe<SourceKind | undefined>(undefined),
    };
  },
  state: ({ domain }, p): State | null => {
    if (domain === null) {
      if (p.state === 'absent') return null;
      throw missing(`there is no domain ${p.domain}`, 'define it first, with libvirt_domain');
    }
    const [config, live] = [matching(domain.config, p), matching(domain.live, p)];
    if (config.length > 1 || live.length > 1) {
      throw refuse(
        `${p.domain} has several interfaces with ${nameOf(p)}`,
        'give each of them a MAC address of its own first, with virsh edit',
      );
    }
    const kept = config[0] === undefined ? null : readInterface(config[0]);
    const runs = live[0] === undefined ? null : readLive(live[0], kept);
    return kept === null && runs === null ? null : { config: kept, live: runs };
  },
  want: (p, now, { domain, source }) => {
    if (domain === null) return null;
    if (p.apply === 'live' && !domain.running) {
      throw refuse(
        `${p.domain} does not run, so that there is nothing to change live`,
        'start it first, or use apply: config',
      );
    }
    const sides = { config: p.apply !== 'live', live: p.apply !== 'config' && domain.running };
    if (p.state === 'absent') {
      const config = sides.config ? null : now?.config;
      const live = sides.live ? null : now?.live;
      return (config ?? null) === null && (live ?? null) === null ? null : { config, live };
    }
    checkSource(p, source);
    const wantedOn = (side: Interface | null): Partial<Interface> => {
      const wanted = wantedInterface(p, side);
      checkGuest(p, domain.config, wanted, side);
      return wanted;
    };
    return {
      config: sides.config ? wantedOn(now?.config ?? null) : undefined,
      live: sides.live ? wantedOn(now?.live ?? null) : undefined,
    };
  },
  steps: (from, to, p, seen) => {
    const domain = seen?.domain;
    const found = { config: matching(domain?.config, p)[0], live: matching(domain?.live, p)[0] };
    return interfaceSteps(p, from, to, found);
  },
  pending: (now, want, p) => {
    if (!now?.live || !want?.live) return [];
    return restartDifferences(now.live, given(want.live)).map((key) => ({
      path: `live.${key}`,
      reason: `${p.domain} runs with its old ${key} until it is shut down and started again`,
      until: 'restart',
    }));
  },
  warnings: (p, now) => {
    const queues = p.driver?.queues ?? 1;
    if (p.state === 'absent') return [];
    return [
      ...(queues > 1 && now?.config?.queues !== queues
        ? [
            `the guest uses the ${queues} queues once it has been told to: ethtool -L IF combined ${queues} inside of it`,
          ]
        : []),
      ...(p.type === 'hostdev' ? [`${p.domain} cannot be migrated while it has a VF`] : []),
    ];
  },
});

const given = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

function wantedInterface(p: LibvirtInterface, now: Interface | null): Partial<Interface> {
  if (now === null && p.type === undefined) {
    throw refuse(`${p.domain} has no interface ${nameOf(p)}`, 'give type and source, and it is made');
  }
  const type = p.type ?? now?.type;
  const isNew = now === null;
  return given<{ [key in keyof Interface]: Interface[key] | undefined }>({
    mac: p.mac,
    type,
    source: sourceOf({ ...p, type: p.type ?? (type === 'hostdev' ? type : undefined) }),
    mode: p.mode ?? (isNew && type === 'direct' ? 'bridge' : isNew && type === 'vhostuser' ? 'server' : undefined),
    managed: p.managed ?? (isNew && type === 'hostdev' ? true : undefined),
    portgroup: p.portgroup,
    // Another bridge of another kind: what is not said is not there.
    virtualport: p.virtualport ?? (p.type === 'bridge' || p.virtualport === null ? null : undefined),
    model: p.model ?? (isNew && type !== 'hostdev' ? 'virtio' : undefined),
    driver: p.driver?.name,
    queues: p.driver?.queues,
    inbound: bandwidthText(p.bandwidth?.inbound),
    outbound: bandwidthText(p.bandwidth?.outbound),
    mtu: p.mtu,
    vlan: p.vlan === null ? [] : p.vlan,
    target: p.target,
    link: p.link,
  }) as Partial<Interface>;
}
