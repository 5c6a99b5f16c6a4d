import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { KvmnetError } from '../util/errors.ts';
import { writableByAll } from '../util/file-mode.ts';
import { createRegistry, type Registry } from '../engine/registry.ts';

/**
 * The modules that a command knows: kvmnet's own and those in `modules/` of the given folders.
 * A folder may be given twice; a later one wins.
 */
export const registryFor = (folders: readonly string[]): Registry => createRegistry(moduleFolders(folders));

function moduleFolders(folders: readonly string[]): readonly string[] {
  const candidates = folders.map((folder) => resolve(folder, 'modules')).filter((folder) => existsSync(folder));
  for (const folder of candidates) refuseForeign(folder);
  // Inside a source tree of kvmnet's own its modules are known already, whichever build runs there.
  return [...new Set(candidates.map((folder) => realpathSync(folder)))].filter((folder) => !isPackage(dirname(folder)));
}

/** They are programs that run on this machine, as whoever called kvmnet. */
function refuseForeign(folder: string): void {
  const open = [dirname(folder), folder].find(writableByAll);
  if (open === undefined) return;
  throw new KvmnetError('usage', `${folder} is not used, because everybody may write ${open}`, {
    hint: `keep playbooks with modules of their own in a folder of yours, or: chmod o-w ${open}`,
  });
}

function isPackage(folder: string): boolean {
  const file = join(folder, 'package.json');
  return existsSync(file) && readFileSync(file, 'utf8').includes('"name": "kvmnet"');
}
