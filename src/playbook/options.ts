import type { z } from 'zod';
import type { Vault } from '../lang/index.ts';

/** What the loader needs to know of a module: the engine's registry gives more. */
export interface ModuleSchema {
  readonly name: string;
  readonly params: z.ZodType;
  /** The parameter that a bare value stands for. */
  readonly shortForm?: string | undefined;
  /** Parameters that hold CEL. */
  readonly expressions?: readonly string[] | undefined;
}

export interface ModuleLookup {
  names(): readonly string[];
  get(name: string): Promise<ModuleSchema | undefined>;
}

export interface LoadOptions {
  readonly modules: ModuleLookup;
  /** Opens encrypted files and `!vault` values; without it they are mistakes. */
  readonly vault?: Vault | undefined;
  /** Folders in which roles are looked for after `roles/` beside the playbook. */
  readonly rolesPath?: readonly string[] | undefined;
}
