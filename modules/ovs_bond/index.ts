import {
  absent,
  bridgesOf,
  defineModule,
  needBridge,
  ovsDatabase,
  refuse,
  wantMap,
  wantUnlessDefault,
  type OvsBridge,
  type OvsDatabase,
} from '../../src/sdk/index.ts';
import { OvsBond } from './params.ts';
import { readState, type State } from './read.ts';
import { bondSteps, touched } from './steps.ts';

export const ovsBond = defineModule({
  name: 'ovs_bond',
  summary: 'A bond of links on an Open vSwitch bridge',
  params: OvsBond,
  examples: [
    {
      title: 'Two uplinks, one at a time',
      params: { bridge: 'ovs-br0', name: 'bond0', interfaces: ['eth1', 'eth2'], bond_mode: 'active-backup' },
    },
    {
      title: 'Both at once, with a switch that speaks LACP',
      params: {
        bridge: 'ovs-br0',
        name: 'bond0',
        interfaces: ['eth1', 'eth2'],
        bond_mode: 'balance-tcp',
        lacp: 'active',
        bond_updelay: 200,
        other_config: { 'lacp-time': 'fast' },
      },
    },
    {
      title: 'Two DPDK ports',
      params: {
        bridge: 'br-dpdk',
        name: 'bond1',
        interfaces: [
          { name: 'dpdk0', type: 'dpdk', options: { 'dpdk-devargs': '0000:05:00.0' } },
          { name: 'dpdk1', type: 'dpdk', options: { 'dpdk-devargs': '0000:05:00.1' } },
        ],
      },
      needs: 'hardware',
    },
    { title: 'No such bond', params: { bridge: 'ovs-br0', name: 'bond0', state: 'absent' } },
  ],
  requires: 'openvswitch-switch (openvswitch on RHEL), running; the bridge',
  probes: () => ({ ovs: ovsDatabase }),
  state: (seen, p): State | null => {
    const bridges = bridgesOf(seen.ovs, p.state);
    const on = bridges.find((bridge) => bridge.ports.some((port) => port.name === p.name));
    const port = on?.ports.find((item) => item.name === p.name);
    // Elsewhere it is no business of a task that wants it not to be here.
    if (on === undefined || port === undefined || (p.state === 'absent' && on.name !== p.bridge)) return absent;
    if (port.interfaces.some(({ name }) => name === p.name)) {
      throw refuse(`${p.name} is a port with one interface, no bond`, 'use ovs_port, or choose another name');
    }
    return readState(on.name, port);
  },
  want: (p, now, seen) => {
    if (p.state === 'absent') return null;
    const bridges = bridgesOf(seen.ovs, p.state);
    needBridge(bridges, p.bridge);
    const { interfaces = [] } = p;
    checkMembers(p.name, interfaces, bridges, seen.ovs);
    const mode = p.bond_mode === undefined ? now?.bond_mode : p.bond_mode;
    const lacp = p.lacp === undefined ? now?.lacp : p.lacp;
    if (mode === 'balance-tcp' && (lacp ?? 'off') === 'off') {
      throw refuse(`${p.name} has bond_mode balance-tcp, which works with LACP only`, 'set lacp to active or passive');
    }
    return {
      bridge: p.bridge,
      interfaces: interfaces.map((member) => {
        const old = now?.interfaces.find(({ name }) => name === member.name);
        const fields = {
          name: member.name,
          type: member.type === 'system' ? null : member.type,
          options: wantMap(member.options, old?.options, p.replace),
          mtu_request: member.mtu_request,
        };
        // A list is given whole, so that each item is; a field that is not spoken of is not in it.
        return Object.fromEntries(
          Object.entries(fields).filter(([, value]) => value !== undefined),
        ) as State['interfaces'][number];
      }),
      bond_mode: wantUnlessDefault(p.bond_mode, now?.bond_mode, 'active-backup', null),
      lacp: wantUnlessDefault(p.lacp, now?.lacp, 'off', null),
      bond_updelay: p.bond_updelay === null ? 0 : p.bond_updelay,
      bond_downdelay: p.bond_downdelay === null ? 0 : p.bond_downdelay,
      tag: p.tag,
      trunks: p.trunks === undefined ? undefined : (p.trunks ?? []),
      vlan_mode: p.vlan_mode,
      other_config: wantMap(p.other_config, now?.other_config, p.replace),
      external_ids: wantMap(p.external_ids, now?.external_ids, p.replace),
      error: null,
    };
  },
  steps: (from, to, p) => bondSteps(p.name, from, to),
  compare: { interfaces: { keyed: 'name' }, trunks: 'set' },
  touches: (from, to, p) => touched(p.name, from, to),
  settle: { timeout: 10 },
});

/** @throws KvmnetError `refused` where a member is elsewhere, or of a kind that this host does not have */
function checkMembers(
  bond: string,
  members: NonNullable<OvsBond['interfaces']>,
  bridges: readonly OvsBridge[],
  ovs: OvsDatabase | null,
): void {
  const ports = bridges.flatMap((bridge) => bridge.ports.map((port) => ({ bridge: bridge.name, port })));
  for (const { name, type } of members) {
    const other = ports.find(({ port }) => port.name !== bond && port.interfaces.some((item) => item.name === name));
    if (other !== undefined) {
      const single = other.port.name === name;
      throw refuse(
        `${name} is ${single ? 'a port' : `a member of ${other.port.name}`} on ${other.bridge}`,
        single
          ? `take it away first: ovs_port: { bridge: ${other.bridge}, name: ${name}, state: absent }`
          : 'an interface is in one bond only: take it out there first',
      );
    }
    const types = ovs?.interfaceTypes;
    if (typeof type === 'string' && types !== undefined && types.length > 0 && !types.includes(type)) {
      throw refuse(
        `Open vSwitch on this host has no interfaces of type ${type}`,
        type.startsWith('dpdk') ? 'initialise DPDK first: ovs_dpdk: { init: true }' : `it has ${types.join(', ')}`,
      );
    }
  }
}
