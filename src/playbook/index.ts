export { loadPlaybook } from './load.ts';
export type { LoadOptions, ModuleLookup, ModuleSchema } from './options.ts';
export { validateParams } from './validate-params.ts';
export type * from './model.ts';
