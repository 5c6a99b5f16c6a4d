export { loadInventory, type LoadOptions } from './load.ts';
export { whereSet } from './host-layers.ts';
export type { Group, Host, Inventory, SelectOptions, VarLayer } from './model.ts';
export { connectionOf, type BecomeVariables, type HostConnection } from './connection.ts';
export type { ConnectionVariables } from './connection-values.ts';
export { graphInventory, listInventory, showHost, showHosts } from './show.ts';
