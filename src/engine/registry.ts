import { readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { bool, type AnyModule, type AnyResource } from '../sdk/index.ts';
import { KvmnetError } from '../util/errors.ts';

/** All modules that tasks can name: kvmnet's own and those beside the playbook. Each is loaded when it is first used. */
export interface Registry {
  names(): readonly string[];
  get(name: string): Promise<AnyModule | undefined>;
}

/** Where kvmnet's own modules are: TypeScript in the source tree, JavaScript in what is installed. */
const builtinFolder = fileURLToPath(new URL('../../modules', import.meta.url));

/**
 * @param folders - `modules` folders of the user's; one of their modules replaces one of kvmnet's with the same name
 * @throws KvmnetError from `get` where a module of the user's cannot be loaded
 */
export function createRegistry(folders: readonly string[] = []): Registry {
  const files = new Map<string, string>([builtinFolder, ...folders].flatMap(moduleFiles));
  const loaded = new Map<string, Promise<AnyModule>>();
  return {
    names: () => [...files.keys()].toSorted(),
    get(name) {
      const file = files.get(name);
      if (file === undefined) return Promise.resolve(undefined);
      const known = loaded.get(name);
      if (known !== undefined) return known;
      const module = load(name, file);
      loaded.set(name, module);
      return module;
    },
  };
}

/** Modules of a folder: `NAME.ts`, or `NAME/index.ts`. */
function moduleFiles(folder: string): (readonly [name: string, file: string])[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): (readonly [string, string])[] => {
    if (entry.isDirectory()) {
      const file = ['index.ts', 'index.js']
        .map((name) => join(folder, entry.name, name))
        .find((path) => existsSync(path));
      return file === undefined ? [] : [[entry.name, file]];
    }
    const name = /^([a-z][a-z0-9_]*)\.(?:ts|js)$/.exec(entry.name)?.[1];
    return name === undefined ? [] : [[name, join(folder, entry.name)]];
  });
}

async function load(name: string, file: string): Promise<AnyModule> {
  const exported = Object.values(await importFile(name, file));
  const module = exported.find(isModule);
  if (module === undefined) {
    throw new KvmnetError('usage', `${file} exports no module`, {
      hint: `export one: export const ${name.replace(/_(.)/g, (_, c: string) => c.toUpperCase())} = defineModule({ … })`,
    });
  }
  return module.kind === 'module' ? withPersist(module) : module;
}

async function importFile(name: string, file: string): Promise<Record<string, unknown>> {
  try {
    if (!file.endsWith('.ts') || file.startsWith(builtinFolder)) {
      return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
    }
    // The user's TypeScript runs as it is, with kvmnet's contract under the name that the documentation gives it.
    const { createJiti } = await import('jiti');
    const sdk = fileURLToPath(
      new URL(`../sdk/index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
    );
    return await createJiti(import.meta.url, {
      alias: { 'kvmnet/sdk': sdk, zod: fileURLToPath(import.meta.resolve('zod')) },
    }).import<Record<string, unknown>>(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KvmnetError('usage', `the module ${name} in ${file} cannot be loaded: ${reason}`, { cause: error });
  }
}

const isModule = (value: unknown): value is AnyModule =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  (value.kind === 'module' || value.kind === 'action');

/** Every module whose state the kernel forgets takes `persist`: what it does is the engine's business. */
function withPersist(module: AnyResource): AnyResource {
  if (module.boot === undefined || 'persist' in module.params.shape) return module;
  const persist = bool().default(true).describe('bring it back at boot, by a systemd unit of its own');
  return { ...module, params: (module.params as z.ZodObject).safeExtend({ persist }) };
}
