export { loadInventory, type LoadOptions } from './load.ts';
export type { Group, Host, Inventory, SelectOptions, VarLayer } from './model.ts';
export { connectionOf, type BecomeVariables, type ConnectionVariables, type HostConnection } from './connection.ts';
export { graphInventory, listInventory, showHost, showHosts } from './show.ts';
