import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { didYouMean } from '../util/suggest.ts';
import type { LoadOptions } from './options.ts';
import type { Place } from './place.ts';

/** Where roles are looked for: beside the role that names it, `roles/` beside the playbook, the roles path, the playbook's folder. */
function roleFolders(place: Place, options: LoadOptions): readonly string[] {
  const beside = place.role === undefined ? [] : [dirname(place.role.folder)];
  return [...new Set([...beside, join(place.folder, 'roles'), ...(options.rolesPath ?? []), place.folder])];
}

/** The absolute folder of a role, or a hint where there is none. */
export function findRole(
  place: Place,
  options: LoadOptions,
  name: string,
): { readonly folder: string } | { readonly hint: string } {
  const folders = roleFolders(place, options);
  const folder = folders
    .map((each) => resolve(each, name))
    .find((path) => existsSync(path) && statSync(path).isDirectory());
  if (folder !== undefined) return { folder };
  const roles = folders.slice(0, -1).flatMap((each) => (existsSync(each) ? readdirSync(each) : []));
  return { hint: didYouMean(name, roles) ?? `looked in ${folders.join(', ')}` };
}

/**
 * The files of one part of a role: `vars/main.yml`, or all of the folder `vars/main/`.
 * @param name - without extension, or with it
 */
export function roleFiles(role: string, part: string, name: string): readonly string[] {
  const base = join(role, part, name);
  const file = [base, `${base}.yml`, `${base}.yaml`, `${base}.json`].find(
    (path) => existsSync(path) && statSync(path).isFile(),
  );
  if (file !== undefined) return [file];
  if (!existsSync(base)) return [];
  return readdirSync(base)
    .filter((each) => /\.(?:ya?ml|json)$/.test(each))
    .toSorted()
    .map((each) => join(base, each));
}

/** `web` of `../roles/web/`. */
export const roleName = (name: string): string => basename(name);
