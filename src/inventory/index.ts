export { loadInventory } from './load.ts';
export type { Inventory } from './model.ts';
export { graphInventory, listInventory, showHost, limitInventory, showHosts } from './show.ts';
