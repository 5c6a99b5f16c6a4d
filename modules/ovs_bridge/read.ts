import {
  interfaceError,
  mirrorState,
  portState,
  probeScript,
  sh,
  type OvsBridge,
  type OvsColumns,
  type OvsMirrorState,
  type OvsPortState,
  type Probe,
} from '../../src/sdk/index.ts';

/** A bridge in canonical form. */
export type State = {
  /** null: the default, which is `system`. */
  datapath_type: string | null;
  fail_mode: string | null;
  protocols: readonly (string | number)[];
  controllers: readonly Controller[];
  other_config: { readonly [key: string]: string | null };
  external_ids: { readonly [key: string]: string | null };
  stp: boolean;
  rstp: boolean;
  mcast_snooping: boolean;
  /** What is wrong with its local port. */
  error: string | null;
  /** Never wanted: what undo needs of a bridge that was taken away. */
  ports: { readonly [name: string]: OvsPortState };
  mirrors: { readonly [name: string]: OvsMirrorState };
  more: OvsColumns;
};
export type Controller = { readonly target: string; readonly [column: string]: OvsColumns[string] };

export function readState(bridge: OvsBridge): State {
  const { datapath_type, fail_mode, protocols, other_config, external_ids, ...rest } = bridge.config;
  const { stp_enable, rstp_enable, mcast_snooping_enable, ...more } = rest;
  const local = bridge.ports.find((port) => port.name === bridge.name)?.interfaces[0];
  return {
    datapath_type: datapath_type === '' ? null : textOf(datapath_type),
    fail_mode: textOf(fail_mode),
    protocols: Array.isArray(protocols) ? protocols : [],
    controllers: bridge.controllers.map(({ target, config }) => ({ target, ...config })),
    other_config: mapOf(other_config),
    external_ids: mapOf(external_ids),
    stp: stp_enable === true,
    rstp: rstp_enable === true,
    mcast_snooping: mcast_snooping_enable === true,
    error: local === undefined ? null : interfaceError(local),
    ports: Object.fromEntries(bridge.ports.map((port) => [port.name, portState(port)])),
    mirrors: Object.fromEntries(bridge.mirrors.map((mirror) => [mirror.name, mirrorState(mirror)])),
    more,
  };
}

const textOf = (value: OvsColumns[string] | undefined): string | null => (typeof value === 'string' ? value : null);
const mapOf = (value: OvsColumns[string] | undefined): { readonly [key: string]: string | null } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: string | null })
    : {};

/** Whether the kernel has an interface of that name. */
export const linkExists = (name: string): Probe<boolean> =>
  probeScript(sh`[ -e "/sys/class/net/$1" ]`, [name], ({ code }) => code === 0);
