import {
  formatCpuList,
  interfaceError,
  mapColumn,
  numberColumn,
  parseCpuMask,
  parseCpus,
  portState,
  sha256Of,
  textColumn,
  type OvsDatabase,
  type OvsPort,
  type OvsPortState,
} from '../../src/sdk/index.ts';
import type { Machine, Settings } from './look.ts';

export type DpdkPort = {
  readonly bridge: string;
  readonly type: string | null;
  /** PCI address or virtual device; the socket in client mode. */
  readonly device: string | null;
  readonly n_rxq: string | null;
  readonly pmd_rxq_affinity: string | null;
  readonly mtu: number | null;
  readonly error: string | null;
  /** Never wanted: what undo needs. */
  readonly row: OvsPortState;
};

export type State = {
  /** null: Open vSwitch starts without DPDK. */
  init: string | null;
  socket_mem: readonly number[] | null;
  cores: string | null;
  pmd_cores: string | null;
  hugepage_dir: string | null;
  vhost_sock_dir: string | null;
  extra: string | null;
  initialized: boolean;
  /** Settings that ovs-vswitchd reads at its start are others than those it started with. */
  restart_due: boolean;
  ports: { readonly [name: string]: DpdkPort | null };
  /** Never wanted: all interfaces, over which a restart passes. */
  links: readonly string[];
};
export type Goal = Partial<Omit<State, 'ports'>> & { ports?: { readonly [name: string]: Partial<DpdkPort> | null } };

/** In external_ids: process of ovs-vswitchd and what it started with, while that is not what is set. */
export const mark = 'kvmnet-dpdk-started';

export function readState(settings: Settings, ovs: OvsDatabase, host: Machine, names: readonly string[]): State {
  const { config } = settings;
  const own = {
    init: config['dpdk-init'] === undefined || config['dpdk-init'] === 'false' ? null : config['dpdk-init'],
    socket_mem: memory(config['dpdk-socket-mem']),
    cores: mask(config['dpdk-lcore-mask']),
    pmd_cores: mask(config['pmd-cpu-mask']),
    hugepage_dir: config['dpdk-hugepage-dir'] ?? null,
    vhost_sock_dir: config['vhost-sock-dir'] ?? null,
    extra: config['dpdk-extra'] ?? null,
  };
  const [pid, started] = (settings.marks[mark] ?? '').split(':');
  return {
    ...own,
    initialized: settings.initialized,
    restart_due: pid !== '' && pid === host.pid && started !== startHash(own),
    ports: Object.fromEntries(
      ovs.bridges.flatMap((bridge) =>
        bridge.ports.filter(({ name }) => names.includes(name)).map((port) => [port.name, readPort(bridge.name, port)]),
      ),
    ),
    links: ovs.bridges.flatMap((bridge) => bridge.ports.flatMap((port) => port.interfaces.map(({ name }) => name))),
  };
}

/** Of the settings that ovs-vswitchd reads at its start. `true` and `try` start alike. */
export const startHash = ({
  init,
  socket_mem: memory,
  cores,
  hugepage_dir: pages,
  vhost_sock_dir: sockets,
  extra,
}: Goal): string =>
  sha256Of(
    JSON.stringify([
      (init ?? null) !== null,
      memory ?? null,
      cores ?? null,
      pages ?? null,
      sockets ?? null,
      extra ?? null,
    ]),
  ).slice(0, 16);

function readPort(bridge: string, port: OvsPort): DpdkPort {
  const [own] = port.interfaces;
  const options = mapColumn(own?.config['options']);
  return {
    bridge,
    type: textColumn(own?.config['type']),
    device: options['dpdk-devargs'] ?? options['vhost-server-path'] ?? null,
    n_rxq: options['n_rxq'] ?? null,
    pmd_rxq_affinity: mapColumn(own?.config['other_config'])['pmd-rxq-affinity'] ?? null,
    mtu: numberColumn(own?.config['mtu_request']),
    error: port.interfaces.slice(0, 1).map(interfaceError)[0] ?? null,
    row: portState(port),
  };
}

/** `1024,0` and `1024` are the same. */
export function memory(text: string | undefined): readonly number[] | null {
  if (text === undefined || text.trim() === '') return null;
  return trimmed(text.split(',').map((part) => Number(part.trim()) || 0));
}
export const trimmed = (list: readonly number[]): readonly number[] =>
  list.slice(0, list.findLastIndex((mb) => mb !== 0) + 1);

const mask = (text: string | undefined): string | null => {
  if (text === undefined || text.trim() === '') return null;
  try {
    return formatCpuList(parseCpuMask(text));
  } catch {
    // Not ours to judge: it is shown, and replaced where something else is wanted.
    return text;
  }
};

export const cpusOf = (list: string | null | undefined): readonly number[] =>
  typeof list === 'string' ? parseCpus(list) : [];
