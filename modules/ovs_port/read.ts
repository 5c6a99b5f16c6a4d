import {
  interfaceError,
  knownColumns,
  listColumn,
  mapColumn,
  numberColumn,
  parseAddresses,
  probeScript,
  sh,
  textColumn,
  type OvsColumns,
  type OvsInterface,
  type OvsMap,
  type OvsPort,
  type OvsPortState,
  type Probe,
} from '../../src/sdk/index.ts';

/** A port with one interface in canonical form. */
export type State = {
  bridge: string;
  /** null: the default, which is `system`. */
  type: string | null;
  options: OvsMap;
  tag: number | null;
  trunks: readonly (string | number)[];
  vlan_mode: string | null;
  lacp: string | null;
  ofport_request: number | null;
  mtu_request: number | null;
  mac: string | null;
  external_ids: OvsMap;
  other_config: OvsMap;
  interface_external_ids: OvsMap;
  interface_other_config: OvsMap;
  /** The OpenFlow number that it has. */
  ofport: number | null;
  /** The MTU that it has. */
  mtu: number | null;
  mac_in_use: string | null;
  error: string | null;
  /** Never wanted: other columns, which undo brings back. */
  more: { readonly port: OvsColumns; readonly interface: OvsColumns };
};

export function readState(bridge: string, port: OvsPort, own: OvsInterface): State {
  const { tag, trunks, vlan_mode, lacp, external_ids, other_config, ...rest } = port.config;
  const {
    type,
    options,
    ofport_request,
    mtu_request,
    mac,
    external_ids: interfaceIds,
    other_config: interfaceConfig,
    ...more
  } = own.config;
  return {
    bridge,
    type: type === '' || type === 'system' ? null : textColumn(type),
    options: mapColumn(options),
    tag: numberColumn(tag),
    trunks: listColumn(trunks),
    vlan_mode: textColumn(vlan_mode),
    lacp: textColumn(lacp),
    ofport_request: numberColumn(ofport_request),
    mtu_request: numberColumn(mtu_request),
    mac: textColumn(mac)?.toLowerCase() ?? null,
    external_ids: mapColumn(external_ids),
    other_config: mapColumn(other_config),
    interface_external_ids: mapColumn(interfaceIds),
    interface_other_config: mapColumn(interfaceConfig),
    ofport: own.ofport,
    mtu: own.mtu,
    mac_in_use: own.macInUse,
    error: interfaceError(own),
    more: { port: rest, interface: more },
  };
}

/** As rows of the database; what a state does not speak of is not among them. */
export function rowsOf(name: string, state: Partial<State>): OvsPortState {
  const columns = {
    ...state.more?.port,
    tag: state.tag,
    trunks: state.trunks,
    vlan_mode: state.vlan_mode,
    lacp: state.lacp,
    external_ids: state.external_ids,
    other_config: state.other_config,
  };
  const own = {
    ...state.more?.interface,
    type: state.type === null ? '' : state.type,
    options: state.options,
    ofport_request: state.ofport_request,
    mtu_request: state.mtu_request,
    mac: state.mac,
    external_ids: state.interface_external_ids,
    other_config: state.interface_other_config,
  };
  return { columns: knownColumns(columns), interfaces: { [name]: knownColumns(own) } };
}

/** What the kernel knows of the link that becomes a port. */
export interface Surroundings {
  /** Addresses on it: they stop working in a bridge. */
  readonly addresses: readonly string[];
  /** Links that are devices of their own, not virtual ones. */
  readonly devices: readonly string[];
}

const lookAround = sh`cd /sys/class/net || exit
for d in */device; do if [ -e "$d" ]; then echo "device \${d%/device}"; fi; done
if [ -e "$1" ]; then ip -j addr show dev "$1"; fi`;

export const surroundings = (name: string): Probe<Surroundings> =>
  probeScript(lookAround, [name], (output) => {
    const lines = output.stdout.split('\n');
    const json = lines.filter((line) => line.startsWith('[')).join('');
    const addresses = json === '' ? [] : parseAddresses({ ...output, stdout: json, code: 0 });
    return {
      addresses: addresses.filter(({ scope }) => scope !== 'link').map(({ address }) => address),
      devices: lines.flatMap((line) => /^device (.+)$/.exec(line)?.[1] ?? []),
    };
  });
