import {
  absent,
  bridgesOf,
  defineModule,
  linkConfigFiles,
  linkConfigWarnings,
  needBridge,
  noProbe,
  ovsDatabase,
  refuse,
  wantMap,
  wantUnlessDefault,
  type OvsBridge,
  type OvsDatabase,
} from '../../src/sdk/index.ts';
import { OvsPort, vlanProblem } from './params.ts';
import { readState, surroundings, type State, type Surroundings } from './read.ts';
import { portSteps, touched } from './steps.ts';

export const ovsPort = defineModule({
  name: 'ovs_port',
  summary: 'A port of an Open vSwitch bridge',
  params: OvsPort,
  examples: [
    { title: 'The uplink', params: { bridge: 'ovs-br0', name: 'eth1' } },
    {
      title: 'An internal port in a VLAN, with a fixed OpenFlow number',
      params: { bridge: 'ovs-br0', name: 'mgmt0', type: 'internal', tag: 10, ofport_request: 10, mtu_request: 1400 },
    },
    {
      title: 'A tunnel to another hypervisor',
      params: { bridge: 'ovs-br0', name: 'vx2', type: 'vxlan', options: { remote_ip: '10.0.1.2', key: 100 } },
    },
    {
      title: 'A trunk of some VLANs, with one untagged',
      params: { bridge: 'ovs-br0', name: 'eth1', trunks: ['10-19', 100], tag: 1, vlan_mode: 'native-untagged' },
    },
    {
      title: 'One end of a patch between two bridges',
      params: { bridge: 'ovs-br0', name: 'to-br1', type: 'patch', options: { peer: 'to-br0' } },
    },
    { title: 'No such port', params: { bridge: 'ovs-br0', name: 'eth1', state: 'absent' } },
  ],
  requires: 'openvswitch-switch (openvswitch on RHEL), running; the bridge',
  probes: (p) => {
    const link = p.state === 'present' && (p.type ?? 'system') === 'system';
    return {
      ovs: ovsDatabase,
      around: link ? surroundings(p.name) : noProbe<Surroundings>({ addresses: [], devices: [] }),
      files: link ? linkConfigFiles(p.name) : noProbe<readonly string[]>([]),
    };
  },
  state: (seen, p): State | null => {
    const bridges = bridgesOf(seen.ovs, p.state);
    const [found] = bridges.flatMap(({ name, ports }) =>
      ports.flatMap((port) => (port.name === p.name ? [{ bridge: name, port }] : [])),
    );
    // Elsewhere it is no business of a task that wants it not to be here.
    if (found === undefined || (p.state === 'absent' && found.bridge !== p.bridge)) return absent;
    const { port } = found;
    const [own, ...others] = port.interfaces;
    if (own?.name !== p.name || others.length > 0) {
      throw refuse(
        `${p.name} is a bond of ${port.interfaces.map(({ name }) => name).join(', ')}`,
        'use ovs_bond, or choose another name',
      );
    }
    return readState(found.bridge, port, own);
  },
  want: (p, now, seen) => {
    const bridges = bridgesOf(seen.ovs, p.state);
    if (p.name !== p.bridge && bridges.some((bridge) => bridge.name === p.name)) {
      throw refuse(`${p.name} is a bridge, not a port`, 'connect two bridges with ports of type patch');
    }
    if (p.state === 'absent') {
      if (now === null || p.name !== p.bridge) return null;
      throw refuse(
        `${p.name} is the bridge's own port`,
        `take the bridge away: ovs_bridge: { name: ${p.name}, state: absent }`,
      );
    }
    checkPlace(p, needBridge(bridges, p.bridge), bridges, now);
    checkType(p, seen.ovs);
    checkVlans(p, now);
    return {
      bridge: p.bridge,
      type: wantUnlessDefault(p.type === 'system' ? null : p.type, now?.type, null, null),
      options: wantMap(p.options, now?.options, p.replace),
      tag: p.tag,
      trunks: p.trunks === undefined ? undefined : (p.trunks ?? []),
      vlan_mode: p.vlan_mode,
      lacp: p.lacp,
      ofport_request: p.ofport_request,
      mtu_request: p.mtu_request,
      mac: p.mac,
      external_ids: wantMap(p.external_ids, now?.external_ids, p.replace),
      other_config: wantMap(p.other_config, now?.other_config, p.replace),
      interface_external_ids: wantMap(p.interface_external_ids, now?.interface_external_ids, p.replace),
      interface_other_config: wantMap(p.interface_other_config, now?.interface_other_config, p.replace),
      // What was asked for is one thing, what it has another; before it is there nothing is known of that.
      ofport: asked(p.ofport_request, now?.ofport),
      mtu: asked(p.mtu_request, now?.mtu),
      mac_in_use: asked(p.mac, now?.mac_in_use),
      error: null,
    };
  },
  steps: (from, to, p) => portSteps(p.name, from, to),
  compare: { trunks: 'set' },
  // Where nobody asks for one, Open vSwitch chooses the number and the address, and may have given the old ones away.
  oneWay: (path) => path === 'ofport' || path === 'mac_in_use',
  touches: (from, to, p) => touched(p.name, from, to),
  settle: { timeout: 10 },
  warnings: (p, now, seen) => {
    if (p.state === 'absent') return [];
    const { addresses, devices } = seen.around;
    const bridge = seen.ovs?.bridges.find((item) => item.name === p.bridge);
    const warnings = [...linkConfigWarnings(p.name, seen.files)];
    if (addresses.length > 0) {
      warnings.push(
        `${p.name} has ${addresses.join(', ')}: addresses on a port do not work, give them to ${p.bridge} with link`,
      );
    }
    const loop = bridge === undefined ? [] : otherUplinks(p.name, bridge, devices);
    if (loop.length > 0) {
      warnings.push(
        `${[...loop, p.name].join(' and ')} are both uplinks of ${p.bridge}, which has no spanning tree: a loop where they lead to one switch; use ovs_bond, or ovs_bridge: { name: ${p.bridge}, rstp: yes }`,
      );
    }
    const own = bridge?.ports.find((port) => port.name === p.name)?.interfaces[0];
    const peer = now?.options['peer'];
    if (typeof peer === 'string' && own?.error?.startsWith('No usable peer') === true) {
      warnings.push(`${p.name} carries nothing until its peer ${peer} is there`);
    }
    return warnings;
  },
  returns: (_, now) => ({ ofport: now?.ofport ?? null }),
});

const asked = <T>(given: T | null | undefined, now: T | null | undefined): T | undefined =>
  (now ?? null) === null ? undefined : (given ?? undefined);

/** @throws KvmnetError `refused` */
function checkPlace(p: OvsPort, bridge: OvsBridge, bridges: readonly OvsBridge[], now: State | null): void {
  const ports = bridges.flatMap((item) => item.ports);
  const bond = ports.find((port) => port.name !== p.name && port.interfaces.some(({ name }) => name === p.name));
  if (bond !== undefined) {
    throw refuse(
      `${p.name} is a member of the bond ${bond.name}`,
      `take it out there first: ovs_bond: { name: ${bond.name}, … }`,
    );
  }
  if (p.name === p.bridge && now?.bridge !== p.bridge) throw refuse(`${p.name} cannot be a port of itself`);
  const twin = bridge.ports
    .flatMap((port) => port.interfaces)
    .find(
      ({ name, config }) =>
        name !== p.name && typeof p.ofport_request === 'number' && config['ofport_request'] === p.ofport_request,
    );
  if (twin !== undefined) {
    throw refuse(
      `${twin.name} already asks for the OpenFlow port ${p.ofport_request}`,
      'choose another ofport_request',
    );
  }
}

/** @throws KvmnetError `refused` */
function checkType(p: OvsPort, ovs: OvsDatabase | null): void {
  const types = ovs?.interfaceTypes;
  if (typeof p.type !== 'string' || types === undefined || types.length === 0 || types.includes(p.type)) return;
  const dpdk = p.type.startsWith('dpdk');
  throw refuse(
    `Open vSwitch on this host has no ports of type ${p.type}`,
    dpdk ? 'initialise DPDK first: ovs_dpdk: { init: true }' : `it has ${types.join(', ')}`,
  );
}

/** What is given, over what is there. @throws KvmnetError `refused` */
function checkVlans(p: OvsPort, now: State | null): void {
  const problem = vlanProblem({
    tag: p.tag === undefined ? now?.tag : p.tag,
    trunks: p.trunks === undefined ? now?.trunks : p.trunks,
    vlan_mode: p.vlan_mode === undefined ? now?.vlan_mode : p.vlan_mode,
  });
  const given = p.tag !== undefined || p.trunks !== undefined || p.vlan_mode !== undefined;
  if (problem !== undefined && given)
    throw refuse(`${p.name}: ${problem}`, 'set what is there to null to take it away');
}

/** Other devices of their own that are plain ports of a bridge without a spanning tree. */
function otherUplinks(name: string, bridge: OvsBridge, devices: readonly string[]): readonly string[] {
  const { stp_enable: stp, rstp_enable: rstp } = bridge.config;
  if (stp === true || rstp === true || !devices.includes(name)) return [];
  return bridge.ports.map((port) => port.name).filter((port) => port !== name && devices.includes(port));
}
