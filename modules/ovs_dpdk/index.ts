import {
  bridgesOf,
  defineModule,
  missing,
  needBridge,
  ovsDatabase,
  refuse,
  type OvsBridge,
  type Pending,
  type Want,
} from '../../src/sdk/index.ts';
import { machine, settings } from './look.ts';
import { OvsDpdk } from './params.ts';
import { pciOf, preflight } from './preflight.ts';
import { readState, trimmed, type DpdkPort, type State } from './state.ts';
import { dpdkSteps, needsRestart } from './steps.ts';

export const ovsDpdk = defineModule({
  name: 'ovs_dpdk',
  summary: 'Open vSwitch with DPDK: its start, its cores and memory, physical and vhost-user ports',
  unproved: 'ports of physical cards, several NUMA nodes, Open vSwitch as user openvswitch (RHEL family)',
  params: OvsDpdk,
  examples: [
    {
      title: 'Two NUMA nodes, two polling cores, one physical port',
      params: {
        init: true,
        socket_mem: [1024, 1024],
        pmd_cores: '2-3',
        restart: 'if_required',
        ports: [{ bridge: 'br0', name: 'dpdk0', devargs: '0000:05:00.0', n_rxq: 2 }],
      },
      needs: 'hardware',
    },
    {
      title: 'Virtual machines by vhost-user, whose sockets QEMU makes',
      params: {
        init: 'try',
        socket_mem: [512],
        lcore_mask: '0x1',
        restart: 'if_required',
        vhost: [{ bridge: 'br0', name: 'vhost-web1', path: '/var/run/openvswitch/vhost-web1.sock' }],
      },
      needs: 'vm',
    },
    { title: 'Without DPDK', params: { state: 'absent', restart: 'if_required' }, needs: 'vm' },
  ],
  requires: 'openvswitch-switch-dpdk (openvswitch on RHEL); huge pages; devices bound to vfio-pci',
  probes: (p) => ({
    settings,
    ovs: ovsDatabase,
    machine: machine(p.ports.flatMap(({ devargs }) => pciOf(devargs) ?? [])),
  }),
  state: (seen, p): State | null => {
    if (seen.settings === null || seen.ovs === null) {
      if (p.state === 'absent') return null;
      throw missing(
        'ovs-vsctl is not installed',
        'install it: package: { name: openvswitch-switch-dpdk } (openvswitch on RHEL)',
      );
    }
    return readState(
      seen.settings,
      seen.ovs,
      seen.machine,
      [...p.ports, ...p.vhost].map(({ name }) => name),
    );
  },
  want: (p, now, seen): Want<State> | null => {
    if (now === null) return null;
    const names = [...p.ports, ...p.vhost].map(({ name }) => name);
    if (p.state === 'absent') {
      const gone = Object.fromEntries(names.flatMap((name) => (now.ports[name] === undefined ? [] : [[name, null]])));
      return { ...nothing, initialized: false, restart_due: false, ports: gone };
    }
    const wanted = {
      init: p.init === undefined ? undefined : p.init === false ? null : String(p.init),
      socket_mem: p.socket_mem === undefined ? undefined : p.socket_mem === null ? null : trimmed(p.socket_mem),
      cores: p.cores === undefined ? p.lcore_mask : p.cores,
      pmd_cores: p.pmd_cores === undefined ? p.pmd_cpu_mask : p.pmd_cores,
      hugepage_dir: p.hugepage_dir,
      vhost_sock_dir: p.vhost_sock_dir,
      extra: p.extra,
    };
    const known = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const goal: State = { ...now, ...known };
    if (goal.init !== null) preflight(p, seen.machine, now, goal);
    const bridges = bridgesOf(seen.ovs, p.state);
    const ports = Object.fromEntries([...p.ports.map(physical), ...p.vhost.map(virtual)]);
    for (const [name, port] of Object.entries(ports)) checkPort(name, port, bridges, goal);
    return {
      ...wanted,
      initialized: wanted.init === undefined ? undefined : wanted.init !== null,
      restart_due: false,
      ports: names.length === 0 || waits(p, now, goal) ? undefined : ports,
    };
  },
  steps: (from, to, p) => (from === null || to === null ? [] : dpdkSteps(from, to, p)),
  pending: (now, want, p): readonly Pending[] => {
    if (now === null || want === null || p.restart === 'if_required') return [];
    const reason = 'ovs-vswitchd reads settings of DPDK at its start only: restart it, or allow restart: if_required';
    const different = want.initialized !== undefined && want.initialized !== now.initialized;
    return [
      ...(different ? [{ path: 'initialized', reason, until: 'restart' as const }] : []),
      ...(now.restart_due ? [{ path: 'restart_due', reason, until: 'restart' as const }] : []),
    ];
  },
  touches: (from, to, p) => {
    if (from === null || to === null || dpdkSteps(from, to, p).length === 0) return 'none';
    const restarts = p.restart === 'if_required' && (from.restart_due || needsRestart(from, to));
    const ports = [...new Set([...Object.keys(from.ports), ...Object.keys(to.ports)])];
    return restarts ? { links: [...new Set([...from.links, ...ports])], effect: 'flap' } : { links: ports };
  },
  settle: { timeout: 30 },
  warnings: (p, now, seen) => {
    if (p.state === 'absent' || now === null) return [];
    const waiting = waits(p, now, {
      ...now,
      init: p.init === undefined ? now.init : p.init === false ? null : String(p.init),
    });
    const names = [...p.ports, ...p.vhost].map(({ name }) => name);
    const taken = p.ports.flatMap(({ devargs }) => seen.machine.devices.get(pciOf(devargs) ?? '')?.links ?? []);
    const old = p.vhost.filter(({ mode }) => mode === 'server').map(({ name }) => name);
    return [
      ...(waiting && names.length > 0 ? [`${names.join(', ')} will be made once DPDK runs`] : []),
      ...(taken.length > 0 ? [`${taken.join(', ')} will carry nothing for this host itself any more`] : []),
      ...(old.length > 0
        ? [`${old.join(', ')}: in server mode virtual machines must restart with Open vSwitch; use mode: client`]
        : []),
    ];
  },
});

const nothing = {
  init: null,
  socket_mem: null,
  cores: null,
  pmd_cores: null,
  hugepage_dir: null,
  vhost_sock_dir: null,
  extra: null,
};

/** Ports of DPDK can be made only where it runs, or will run before they are made. */
const waits = (p: OvsDpdk, now: State, goal: Pick<State, 'init'>): boolean =>
  !now.initialized && goal.init !== null && p.restart === 'never';

type Wanted = Want<DpdkPort> & { readonly bridge: string };

const physical = (port: OvsDpdk['ports'][number]): [string, Wanted] => [
  port.name,
  {
    bridge: port.bridge,
    type: 'dpdk',
    device: port.devargs,
    n_rxq: typeof port.n_rxq === 'number' ? String(port.n_rxq) : port.n_rxq,
    pmd_rxq_affinity: port.pmd_rxq_affinity,
    mtu: port.mtu,
    error: null,
  },
];

const virtual = (port: OvsDpdk['vhost'][number]): [string, Wanted] => [
  port.name,
  {
    bridge: port.bridge,
    type: port.mode === 'client' ? 'dpdkvhostuserclient' : 'dpdkvhostuser',
    device: port.path ?? null,
    error: null,
  },
];

/** @throws KvmnetError */
function checkPort(name: string, port: Wanted, bridges: readonly OvsBridge[], goal: State): void {
  const bridge = needBridge(bridges, port.bridge);
  if (bridge.config['datapath_type'] !== 'netdev') {
    throw refuse(
      `${bridge.name} has its datapath in the kernel, where DPDK has no ports`,
      `make it so: ovs_bridge: { name: ${bridge.name}, datapath_type: netdev }`,
    );
  }
  const bond = bridges
    .flatMap((item) => item.ports)
    .find((item) => item.name !== name && item.interfaces.some((own) => own.name === name));
  if (bond !== undefined)
    throw refuse(`${name} is a member of the bond ${bond.name}`, 'a bond has its members in ovs_bond');
  if (goal.init === null && !goal.initialized)
    throw refuse(`${name} needs DPDK, and Open vSwitch starts without it`, 'give init: true');
}
