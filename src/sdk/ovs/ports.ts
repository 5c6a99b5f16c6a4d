import { blankRow, type OvsColumns } from './columns.ts';
import { changeColumns, createColumns, type OvsCommand } from './commands.ts';
import type { OvsInterface, OvsMirror, OvsPort } from './database.ts';

/** A port as a state keeps it: all it takes to make it anew. */
export type OvsPortState = {
  readonly columns: OvsColumns;
  readonly interfaces: { readonly [name: string]: OvsColumns };
};

export const portState = (port: OvsPort): OvsPortState => ({
  columns: port.config,
  interfaces: Object.fromEntries(port.interfaces.map(({ name, config }) => [name, config])),
});

/** Makes a port; `id` tells its symbols apart from those of other ports in the same transaction. */
export function addPort(bridge: string, name: string, port: OvsPortState, id = ''): readonly OvsCommand[] {
  const interfaces = Object.entries(port.interfaces);
  if (interfaces.length === 1 && interfaces[0]?.[0] === name) {
    return [
      ['add-port', bridge, name],
      ...changeColumns('Port', name, blankRow('Port'), port.columns),
      ...changeColumns('Interface', name, blankRow('Interface'), interfaces[0][1]),
    ];
  }
  const symbols = interfaces.map((_, i) => `@i${id}_${i}`);
  return [
    ...interfaces.map(([member, columns], i) => [
      `--id=${symbols[i]}`,
      'create',
      'Interface',
      ...createColumns({ name: member, ...columns }),
    ]),
    [
      `--id=@p${id}`,
      'create',
      'Port',
      ...createColumns({ name, ...port.columns }),
      `interfaces=[${symbols.join(',')}]`,
    ],
    ['add', 'Bridge', bridge, 'ports', `@p${id}`],
  ];
}

/** Changes a port that stays on its bridge, with the same interfaces. */
export const changePort = (name: string, from: OvsPortState, to: OvsPortState): readonly OvsCommand[] => [
  ...changeColumns('Port', name, from.columns, to.columns),
  ...Object.entries(to.interfaces).flatMap(([member, columns]) =>
    changeColumns('Interface', member, from.interfaces[member] ?? {}, columns),
  ),
];

/** A mirror as a state keeps it. */
export type OvsMirrorState = {
  readonly name: string;
  readonly columns: OvsColumns;
  readonly select_src_port: readonly string[];
  readonly select_dst_port: readonly string[];
  readonly output_port: string | null;
};

export const mirrorState = (mirror: OvsMirror): OvsMirrorState => ({
  name: mirror.name,
  columns: mirror.config,
  select_src_port: mirror.selectSrc,
  select_dst_port: mirror.selectDst,
  output_port: mirror.output,
});

/** Makes a mirror; ports are found by name within the transaction. */
export function addMirror(bridge: string, mirror: OvsMirrorState, id = ''): readonly OvsCommand[] {
  const output = mirror.output_port === null ? [] : [mirror.output_port];
  const ports = [...new Set([...mirror.select_src_port, ...mirror.select_dst_port, ...output])];
  const symbol = (port: string): string => `@m${id}_${ports.indexOf(port)}`;
  const list = (column: string, names: readonly string[]): readonly string[] =>
    names.length === 0 ? [] : [`${column}=[${names.map(symbol).join(',')}]`];
  return [
    ...ports.map((port) => [`--id=${symbol(port)}`, 'get', 'Port', port]),
    [
      `--id=@m${id}`,
      'create',
      'Mirror',
      ...createColumns({ name: mirror.name, ...mirror.columns }),
      ...list('select_src_port', mirror.select_src_port),
      ...list('select_dst_port', mirror.select_dst_port),
      ...list('output_port', output),
    ],
    ['add', 'Bridge', bridge, 'mirrors', `@m${id}`],
  ];
}

/** Why an interface does not work, or null. The first end of a pair of patch ports waits for the other. */
export function interfaceError({ error, ofport }: OvsInterface): string | null {
  if (error !== null) return error.startsWith('No usable peer') ? null : error;
  if (ofport === null) return 'ovs-vswitchd has not set it up: is it running?';
  return ofport < 0 ? 'ovs-vswitchd could not set it up: see its log' : null;
}
