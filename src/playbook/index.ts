export { loadPlaybook } from './load.ts';
export type * from './model.ts';
