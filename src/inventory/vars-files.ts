import { basename, dirname, extname, join } from 'node:path';
import { openText, parseYaml, unlockScalars, type Vault, type YamlNode } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import { isPriority, report, warn, type Draft } from './draft.ts';
import { displayPath, kindOf, namesIn, readText } from './files.ts';
import type { VarLayer } from './model.ts';
import { isEmpty, nameOfKind } from './yaml-source.ts';

export interface VarsReader {
  readonly draft: Draft;
  readonly cwd: string;
  readonly vault: Vault;
}

type Names = 'group_vars' | 'host_vars';

const EXTENSIONS = ['', '.yml', '.yaml', '.json'];

/**
 * The variables under `folder/group_vars` or `folder/host_vars`, by the name of group or host, for those that exist.
 * Per name it is one file (`NAME`, else `NAME.yml`, `.yaml`, `.json`) or all files of a folder `NAME`, in alphabetical
 * order, later ones winning.
 */
export async function readVarsFolder(
  reader: VarsReader,
  folder: string,
  kind: Names,
  wanted: ReadonlyMap<string, unknown>,
): Promise<ReadonlyMap<string, Omit<VarLayer, 'kind'>>> {
  const layers = new Map<string, Omit<VarLayer, 'kind'>>();
  const present = await namesIn(join(folder, kind));
  const chosen = new Map<string, string>();
  for (const extension of EXTENSIONS) {
    for (const entry of present) {
      if (!entry.endsWith(extension)) continue;
      const name = entry.slice(0, entry.length - extension.length);
      if (!wanted.has(name)) continue;
      const first = chosen.get(name);
      if (first === undefined) chosen.set(name, entry);
      else if (first !== entry) {
        const [used, unused] = [first, entry].map((file) => displayPath(reader.cwd, join(folder, kind, file)));
        warn(reader.draft, undefined, `${unused ?? ''} is not read because ${used ?? ''} is there`, 'merge the two');
      }
    }
  }
  for (const [name, entry] of [...chosen].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const path = join(folder, kind, entry);
    const files = (await kindOf(path)) === 'folder' ? await filesUnder(path) : [path];
    const values = new Map<string, YamlNode>();
    for (const file of files) await readInto(reader, file, kind, values);
    if (values.size > 0) layers.set(name, { label: displayPath(reader.cwd, path), values });
  }
  return layers;
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await namesIn(folder)) {
    if (name.startsWith('.') || name.endsWith('~')) continue;
    const path = join(folder, name);
    const kind = await kindOf(path);
    if (kind === 'folder' && extname(name) === '') found.push(...(await filesUnder(path)));
    else if (kind === 'file' && EXTENSIONS.includes(extname(name))) found.push(path);
  }
  return found;
}

async function readInto(reader: VarsReader, path: string, kind: Names, values: Map<string, YamlNode>): Promise<void> {
  const { draft } = reader;
  const name = displayPath(reader.cwd, path);
  try {
    const { root, diagnostics } = parseYaml(await openText(await readText(path, name), name, reader.vault), name);
    draft.problems.push(...diagnostics);
    if (root === undefined || isEmpty(root)) return;
    if (root.kind !== 'mapping') {
      report(draft, root.at, `variables are a mapping, not a ${nameOfKind(root)}`, 'write "name: value" lines');
      return;
    }
    await unlockScalars(root, reader.vault);
    for (const [key, entry] of root.entries) {
      if (kind === 'group_vars' && isPriority(key)) {
        warn(
          draft,
          entry.key.at,
          `${key} has no effect in ${basename(dirname(path))}`,
          'set it under the vars of the group in the inventory',
        );
      }
      values.set(key, entry.value);
    }
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    draft.problems.push(error);
  }
}
