import type { ActionDefinition } from './action.ts';
import type { ModuleDefinition } from './module.ts';

/* eslint-disable typescript/no-explicit-any -- the one place where the types of a module are worn off: a registry holds all kinds */
/** A resource module whose types are not known: as a registry holds it and the engine runs it. */
export type AnyResource = ModuleDefinition<any, any, any, any, any>;

/** Anything a task can name. */
export type AnyModule = AnyResource | ActionDefinition<any>;
/* eslint-enable typescript/no-explicit-any */
