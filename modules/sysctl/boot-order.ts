import { baseName } from '../../src/sdk/index.ts';
import type { Look } from './look.ts';

const folders = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map((folder) => `${folder}/sysctl.d/`);

/** Whether a boot reads a file, now or once it is there. */
export function readAtBoot(file: string, { files }: Look): boolean {
  if (file === '/etc/sysctl.conf')
    return files.some(({ path }) => path === file || path === '/etc/sysctl.d/99-sysctl.conf');
  const folder = folders.findIndex((folder) => file === `${folder}${baseName(file)}`);
  if (folder < 0 || !file.endsWith('.conf')) return false;
  const winner = files.find(({ path }) => baseName(path) === baseName(file))?.path;
  return winner === undefined || folders.findIndex((other) => winner.startsWith(other)) >= folder;
}

/** What is read after a file and says something else of a key; undefined: nothing, the file has the last word. */
export function shadow(
  file: string,
  key: string,
  value: string,
  { files }: Look,
): { readonly path: string; readonly value: string } | undefined {
  const name = file === '/etc/sysctl.conf' ? '99-sysctl.conf' : baseName(file);
  const later = files.filter(({ path }) => path !== file && (path === '/etc/sysctl.conf' || baseName(path) > name));
  const last = later.findLast(({ values }) => values[key] !== undefined);
  const found = last?.values[key];
  return last === undefined || found === undefined || found === value ? undefined : { path: last.path, value: found };
}
