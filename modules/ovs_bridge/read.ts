import {
  interfaceError,
  listColumn,
  mapColumn,
  mirrorState,
  portState,
  probeScript,
  sh,
  textColumn,
  type OvsBridge,
  type OvsColumns,
  type OvsMap,
  type OvsMirrorState,
  type OvsPortState,
  type Probe,
} from '../../src/sdk/index.ts';
import type { Move } from './move.ts';

/** A bridge in canonical form. */
export type State = {
  /** null: the default, which is `system`. */
  datapath_type: string | null;
  fail_mode: string | null;
  protocols: readonly (string | number)[];
  controllers: readonly Controller[];
  other_config: OvsMap;
  external_ids: OvsMap;
  stp: boolean;
  rstp: boolean;
  mcast_snooping: boolean;
  /** What is wrong with its local port. */
  error: string | null;
  /** Never wanted: what undo needs of a bridge that was taken away. */
  ports: { readonly [name: string]: OvsPortState };
  mirrors: readonly OvsMirrorState[];
  more: OvsColumns;
  /** Of `move_ip_from`; null where nothing moves. */
  move: Move | null;
  /** The link whose addresses move is a port. */
  port: boolean;
};
export type Controller = { readonly target: string; readonly [column: string]: OvsColumns[string] };

export function readState(bridge: OvsBridge, nic: string | undefined, move: Move | null): State {
  const { datapath_type, fail_mode, protocols, other_config, external_ids, ...rest } = bridge.config;
  const { stp_enable, rstp_enable, mcast_snooping_enable, ...more } = rest;
  const local = bridge.ports.find((port) => port.name === bridge.name)?.interfaces[0];
  return {
    datapath_type: datapath_type === '' ? null : textColumn(datapath_type),
    fail_mode: textColumn(fail_mode),
    protocols: listColumn(protocols),
    controllers: bridge.controllers.map(({ target, config }) => ({ target, ...config })),
    other_config: mapColumn(other_config),
    external_ids: mapColumn(external_ids),
    stp: stp_enable === true,
    rstp: rstp_enable === true,
    mcast_snooping: mcast_snooping_enable === true,
    error: local === undefined ? null : interfaceError(local),
    ports: Object.fromEntries(bridge.ports.map((port) => [port.name, portState(port)])),
    mirrors: bridge.mirrors.map(mirrorState),
    more,
    move,
    port: bridge.ports.some((port) => port.name === nic),
  };
}

/** Whether the kernel has an interface of that name. */
export const linkExists = (name: string): Probe<boolean> =>
  probeScript(sh`[ -e "/sys/class/net/$1" ]`, [name], ({ code }) => code === 0);
