export { loadInventory } from './load.ts';
export type { Inventory } from './model.ts';
export { graphInventory, limitInventory, listInventory, showHost, showHosts } from './show.ts';
