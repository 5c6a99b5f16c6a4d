import { missing } from '../errors.ts';
import { probe, type Probe, type ProbeOutput } from '../probe.ts';
import { ovsdbOptional, ovsdbSet, parseOvsdb, type OvsdbRow } from '../parsers/ovsdb.ts';
import { toolText } from '../parsers/tool-output.ts';
import { configColumns, readColumns, sortedSet, type OvsColumns, type OvsTable } from './columns.ts';

export interface OvsInterface {
  readonly name: string;
  readonly config: OvsColumns;
  /** Its OpenFlow number; -1: it could not be set up; null: ovs-vswitchd has not seen it yet. */
  readonly ofport: number | null;
  /** Bytes; null where it has none or nothing is known. */
  readonly mtu: number | null;
  readonly error: string | null;
  /** The MAC address that it has, lower case. */
  readonly macInUse: string | null;
}

export interface OvsPort {
  readonly name: string;
  readonly config: OvsColumns;
  /** Sorted by name; more than one in a bond. */
  readonly interfaces: readonly OvsInterface[];
}

export interface OvsController {
  readonly target: string;
  readonly connected: boolean;
  readonly config: OvsColumns;
}

export interface OvsMirror {
  readonly name: string;
  readonly config: OvsColumns;
  /** Names of ports, sorted. */
  readonly selectSrc: readonly string[];
  readonly selectDst: readonly string[];
  readonly output: string | null;
}

export interface OvsBridge {
  readonly name: string;
  readonly config: OvsColumns;
  readonly ports: readonly OvsPort[];
  readonly controllers: readonly OvsController[];
  readonly mirrors: readonly OvsMirror[];
}

export interface OvsDatabase {
  readonly bridges: readonly OvsBridge[];
  /** Kinds of interfaces that the running ovs-vswitchd knows; empty where it does not say. */
  readonly interfaceTypes: readonly string[];
}

const read: Readonly<Record<OvsTable, readonly string[]>> = {
  Bridge: ['name', 'ports', 'controller', 'mirrors'],
  Port: ['_uuid', 'name', 'interfaces'],
  Interface: ['_uuid', 'name', 'ofport', 'mtu', 'error', 'mac_in_use'],
  Controller: ['_uuid', 'target', 'is_connected'],
  Mirror: ['_uuid', 'name', 'select_src_port', 'select_dst_port', 'output_port'],
};
const tableNames = ['Bridge', 'Port', 'Interface', 'Controller', 'Mirror'] as const;

/**
 * All bridges of a host with what is on them, in one program; the same for all modules of Open vSwitch, so that a run asks
 * once. Null: Open vSwitch is not installed.
 */
export const ovsDatabase: Probe<OvsDatabase | null> = probe(
  [
    'ovs-vsctl',
    '--timeout=10',
    '--format=json',
    ...tableNames.flatMap((table) => [
      '--',
      `--columns=${[...read[table], ...configColumns(table)].join(',')}`,
      'list',
      table,
    ]),
    '--',
    '--columns=iface_types',
    'list',
    'Open_vSwitch',
  ],
  parseDatabase,
);

/** @throws KvmnetError `missing` where the database server does not run */
export function parseDatabase(output: ProbeOutput): OvsDatabase | null {
  if (output.code === 127) return null;
  checkRunning(output);
  const [bridges = [], ports = [], interfaces = [], controllers = [], mirrors = [], own = []] = parseOvsdb(output);
  const [openVswitch] = own;
  const byId = (rows: readonly OvsdbRow[]): ReadonlyMap<unknown, OvsdbRow> =>
    new Map(rows.map((row) => [row['_uuid'], row]));
  const tables = {
    ports: byId(ports),
    interfaces: byId(interfaces),
    controllers: byId(controllers),
    mirrors: byId(mirrors),
  };
  const rowsOf = (row: OvsdbRow, column: string, table: ReadonlyMap<unknown, OvsdbRow>): readonly OvsdbRow[] =>
    ovsdbSet(row[column])
      .map((id) => table.get(id))
      .filter((found) => found !== undefined);
  const names = (row: OvsdbRow, column: string): readonly string[] =>
    sortedSet(rowsOf(row, column, tables.ports).map(nameOf));
  return {
    bridges: sorted(
      bridges.map((bridge) => ({
        name: nameOf(bridge),
        config: readColumns('Bridge', bridge),
        ports: sorted(
          rowsOf(bridge, 'ports', tables.ports).map((port) => ({
            name: nameOf(port),
            config: readColumns('Port', port),
            interfaces: sorted(rowsOf(port, 'interfaces', tables.interfaces).map(readInterface)),
          })),
        ),
        controllers: rowsOf(bridge, 'controller', tables.controllers).map(readController).toSorted(byTarget),
        mirrors: sorted(
          rowsOf(bridge, 'mirrors', tables.mirrors).map((mirror) => ({
            name: nameOf(mirror),
            config: readColumns('Mirror', mirror),
            selectSrc: names(mirror, 'select_src_port'),
            selectDst: names(mirror, 'select_dst_port'),
            output: names(mirror, 'output_port')[0] ?? null,
          })),
        ),
      })),
    ),
    interfaceTypes: ovsdbSet(openVswitch?.['iface_types']).map(String),
  };
}

/** For other programs of Open vSwitch too. @throws KvmnetError */
export function checkRunning(output: ProbeOutput, command = 'ovs-vsctl list'): void {
  if (output.code !== 0 && /database connection failed|db\.sock/.test(output.stderr)) {
    throw missing(
      'Open vSwitch is not running',
      'start it: service: { name: openvswitch-switch, state: started } (openvswitch on RHEL)',
    );
  }
  toolText(output, command);
}

const readInterface = (row: OvsdbRow): OvsInterface => ({
  name: nameOf(row),
  config: readColumns('Interface', row),
  ofport: numberOf(row, 'ofport'),
  mtu: numberOf(row, 'mtu'),
  error: textOf(row, 'error'),
  macInUse: textOf(row, 'mac_in_use')?.toLowerCase() ?? null,
});

const readController = (row: OvsdbRow): OvsController => ({
  target: textOf(row, 'target') ?? '',
  connected: row['is_connected'] === true,
  config: readColumns('Controller', row),
});

const nameOf = (row: OvsdbRow): string => textOf(row, 'name') ?? '';
function textOf(row: OvsdbRow, column: string): string | null {
  const value = ovsdbOptional(row[column]);
  return value === null ? null : String(value);
}
function numberOf(row: OvsdbRow, column: string): number | null {
  const value = ovsdbOptional(row[column]);
  return typeof value === 'number' ? value : null;
}
const sorted = <T extends { readonly name: string }>(items: readonly T[]): readonly T[] =>
  items.toSorted((a, b) => (a.name < b.name ? -1 : 1));
const byTarget = (a: OvsController, b: OvsController): number => (a.target < b.target ? -1 : 1);
