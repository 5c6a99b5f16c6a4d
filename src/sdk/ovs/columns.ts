import { ovsdbMap, ovsdbOptional, ovsdbSet, type OvsdbRow } from '../parsers/ovsdb.ts';

/** A column in canonical form: null is "not set", lists are sorted sets, maps hold text. */
/** Text by key; null: no such key. */
export type OvsMap = { readonly [key: string]: string | null };
export type OvsColumn = string | number | boolean | null | readonly (string | number)[] | OvsMap;
export type OvsColumns = { readonly [column: string]: OvsColumn };

/**
 * The columns that configure something, with what OVSDB has in them where nothing was set (ovs-vswitchd.conf.db(5)).
 * Those that only report (statistics, status) are none of ours, nor are columns younger than Open vSwitch 2.11.
 */
const tables = {
  Bridge: {
    datapath_type: '',
    fail_mode: null,
    protocols: [],
    other_config: {},
    external_ids: {},
    stp_enable: false,
    rstp_enable: false,
    mcast_snooping_enable: false,
    flood_vlans: [],
  },
  Port: {
    tag: null,
    trunks: [],
    cvlans: [],
    vlan_mode: null,
    lacp: null,
    bond_mode: null,
    bond_updelay: 0,
    bond_downdelay: 0,
    bond_fake_iface: false,
    fake_bridge: false,
    mac: null,
    qos: null,
    protected: false,
    other_config: {},
    external_ids: {},
  },
  Interface: {
    type: '',
    options: {},
    mtu_request: null,
    ofport_request: null,
    mac: null,
    bfd: {},
    lldp: {},
    ingress_policing_rate: 0,
    ingress_policing_burst: 0,
    other_config: {},
    external_ids: {},
  },
  Controller: {
    connection_mode: null,
    controller_burst_limit: null,
    controller_rate_limit: null,
    enable_async_messages: null,
    inactivity_probe: null,
    local_gateway: null,
    local_ip: null,
    local_netmask: null,
    max_backoff: null,
    other_config: {},
    external_ids: {},
  },
  Mirror: {
    select_all: false,
    select_vlan: [],
    output_vlan: null,
    snaplen: null,
    external_ids: {},
  },
} satisfies Record<string, OvsColumns>;

export type OvsTable = keyof typeof tables;

/** Columns of a new row. */
export const blankRow = (table: OvsTable): OvsColumns => tables[table];

export const configColumns = (table: OvsTable): readonly string[] => Object.keys(tables[table]);

/** What configures a row, of all its columns. */
export const readColumns = (table: OvsTable, row: OvsdbRow): OvsColumns =>
  Object.fromEntries(
    Object.entries<OvsColumn>(tables[table]).map(([column, blank]) => [column, readColumn(blank, row[column])]),
  );

function readColumn(blank: OvsColumn, value: OvsdbRow[string] | undefined): OvsColumn {
  if (Array.isArray(blank))
    return sortedSet(ovsdbSet(value).map((item) => (typeof item === 'number' ? item : String(item))));
  if (typeof blank === 'object' && blank !== null) return ovsdbMap(value);
  return ovsdbOptional(value) ?? blank;
}

/** A set in the order in which it is compared: numbers by value. */
export const sortedSet = <T extends string | number>(items: readonly T[]): readonly T[] =>
  [...new Set(items)].toSorted((a, b) => (a < b ? -1 : 1));

/** A column as what it can be: for states, whose fields have types. */
export const textColumn = (value: OvsColumn | undefined): string | null => (typeof value === 'string' ? value : null);
export const numberColumn = (value: OvsColumn | undefined): number | null => (typeof value === 'number' ? value : null);
export const listColumn = (value: OvsColumn | undefined): readonly (string | number)[] => (isList(value) ? value : []);
export const mapColumn = (value: OvsColumn | undefined): OvsMap => (isMap(value) ? value : {});

const isList = (value: OvsColumn | undefined): value is readonly (string | number)[] => Array.isArray(value);
export const isMap = (value: OvsColumn | undefined): value is OvsMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Only those columns that are spoken of. */
export const knownColumns = (columns: { readonly [column: string]: OvsColumn | undefined }): OvsColumns =>
  Object.fromEntries(
    Object.entries(columns).flatMap(([column, value]) => (value === undefined ? [] : [[column, value]])),
  );
