import { isAbsolute, join, resolve } from 'node:path';
import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import { kindOf, namesIn } from './files.ts';

/** What one `-i` means. */
export type Source =
  | { readonly kind: 'file' | 'folder'; readonly path: string }
  | { readonly kind: 'list'; readonly hosts: readonly string[] }
  | { readonly kind: 'vagrant' };

const FOLDER = 'inventories';
const EXTENSIONS = ['yml', 'yaml', 'ini', 'json'];

/**
 * A path if it exists, else a list of hosts if it holds a comma, else a name under `inventories/`, else the machines of
 * Vagrant where it is the word `vagrant`.
 * @throws KvmnetError (`inventory`) with everything that was tried.
 */
export async function resolveSource(source: string, cwd: string): Promise<Source> {
  if (source.trim() === '') {
    throw new KvmnetError('inventory', 'the inventory source is empty', { hint: 'give a path or a name to -i' });
  }
  const candidates = [resolve(cwd, source)];
  const isName = !isAbsolute(source) && !source.startsWith('.');
  if (isName && !source.includes(',')) {
    const named = join(cwd, FOLDER, source);
    candidates.push(named, ...EXTENSIONS.map((extension) => `${named}.${extension}`));
  }
  for (const path of candidates) {
    const kind = await kindOf(path);
    if (kind !== undefined) return { kind, path };
  }
  if (source.includes(',')) return { kind: 'list', hosts: splitList(source) };
  if (source === 'vagrant') return { kind: 'vagrant' };

  const tried = isName ? [source, `${FOLDER}/${source}`, `${FOLDER}/${source}.{${EXTENSIONS.join(',')}}`] : [source];
  throw new KvmnetError('inventory', `no inventory "${source}": tried ${tried.join(', ')}`, {
    hint: didYouMean(source, await knownNames(cwd)) ?? `a host by itself is written with a comma: -i ${source},`,
  });
}

async function knownNames(cwd: string): Promise<readonly string[]> {
  const names = await namesIn(join(cwd, FOLDER));
  const ending = new RegExp(`\\.(?:${EXTENSIONS.join('|')})$`);
  return [
    ...new Set(
      names.filter((name) => !isVarsFolder(name) && !name.startsWith('.')).map((name) => name.replace(ending, '')),
    ),
  ];
}

const isVarsFolder = (name: string): boolean => name === 'group_vars' || name === 'host_vars';

const splitList = (source: string): readonly string[] =>
  source
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '');
