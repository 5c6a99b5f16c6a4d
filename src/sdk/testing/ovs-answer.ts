import type { Json } from '../../util/json.ts';

/** Columns of a row as OVSDB writes them: text, numbers, flags, `["set", […]]`, `["map", […]]`. */
type Columns = Readonly<Record<string, Json>>;
interface Port {
  readonly columns?: Columns;
  readonly interfaces: Readonly<Record<string, Columns>>;
}
interface Bridge {
  readonly columns?: Columns;
  readonly ports: Readonly<Record<string, Port>>;
}

/**
 * What `ovs-vsctl` answers on a host with these bridges, as lines; a column that nobody gives is not told.
 * @param types - kinds of interfaces that it knows; by default it does not say
 */
export function ovsAnswer(bridges: Readonly<Record<string, Bridge>>, types: readonly string[] = []): readonly string[] {
  const named = (rows: readonly (readonly [string, Columns])[]): readonly Columns[] =>
    rows.map(([name, columns]) => ({ _uuid: ['uuid', name], name, ...columns }));
  const set = (names: readonly string[]): Json => ['set', names.map((name) => ['uuid', name])];
  const ports = Object.values(bridges).flatMap((bridge) => Object.entries(bridge.ports));
  return [
    table(
      named(Object.entries(bridges).map(([name, it]) => [name, { ...it.columns, ports: set(Object.keys(it.ports)) }])),
    ),
    table(named(ports.map(([name, it]) => [name, { ...it.columns, interfaces: set(Object.keys(it.interfaces)) }]))),
    table(named(ports.flatMap(([, it]) => Object.entries(it.interfaces)))),
    table([]),
    table([]),
    table([{ iface_types: ['set', [...types]] }]),
    '',
  ];
}

function table(rows: readonly Columns[]): string {
  const headings = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  // What one row has and another has not is a column that is not set.
  const data = rows.map((row) => headings.map((heading): Json => row[heading] ?? ['set', []]));
  return JSON.stringify({ headings, data });
}
