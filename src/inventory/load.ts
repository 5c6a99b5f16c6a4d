import { dirname } from 'node:path';
import { createVault, type Vault } from '../lang/index.ts';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { emptyDraft, type Draft } from './draft.ts';
import { finishGroups, reconcile } from './group-tree.ts';
import { finishHosts, implicitLocalhost, LOCALHOST, type VarsFiles } from './host-layers.ts';
import type { Host, Inventory } from './model.ts';
import { readSource } from './read-source.ts';
import { resolveSource, type Source } from './resolve.ts';
import { createSelect } from './select.ts';
import { readVarsFolder, type VarsReader } from './vars-files.ts';

export interface LoadOptions {
  readonly cwd: string;
  /** The folder of the playbook, whose group_vars and host_vars are stronger than those beside the inventory. */
  readonly playbookDir?: string | undefined;
  /** Opens encrypted files; without it they are an error. */
  readonly vault?: Vault | undefined;
  /** Environment of dynamic sources; default that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads all sources (what `-i` names; later ones win), then group_vars and host_vars.
 * @throws DiagnosticsError with every mistake of every file; KvmnetError `interrupted`
 */
export async function loadInventory(sources: readonly string[], options: LoadOptions): Promise<Inventory> {
  const { cwd, playbookDir, vault = createVault([]), env = process.env, signal } = options;
  const draft = emptyDraft();
  const resolved = await resolveAll(draft, sources, cwd);
  for (const source of resolved) await readSource(draft, source, { cwd, env, signal, vault });
  reconcile(draft);

  const reader: VarsReader = { draft, cwd, vault };
  const files: VarsFiles = {
    inventory: await readFolders(reader, foldersOf(resolved)),
    playbook: await readFolders(reader, playbookDir === undefined ? [] : [playbookDir]),
  };
  if (draft.problems.length > 0) throw new DiagnosticsError(draft.problems);

  const groups = finishGroups(draft);
  const hosts = new Map(finishHosts(draft, groups, files).map((host) => [host.name, host]));
  const local = new Map<string, Host>();
  const host = (name: string): Host | undefined => {
    const known = hosts.get(name) ?? local.get(name);
    if (known !== undefined || !LOCALHOST.includes(name)) return known;
    const implicit = implicitLocalhost(draft, groups, files, name);
    local.set(name, implicit);
    return implicit;
  };
  const parts = { hosts, groups, host, warnings: draft.warnings };
  return { ...parts, select: createSelect(parts, { cwd, sources }) };
}

async function resolveAll(draft: Draft, sources: readonly string[], cwd: string): Promise<readonly Source[]> {
  const resolved: Source[] = [];
  for (const source of sources) {
    try {
      resolved.push(await resolveSource(source, cwd));
    } catch (error) {
      if (!(error instanceof KvmnetError)) throw error;
      draft.problems.push(error);
    }
  }
  return resolved;
}

/** Where group_vars and host_vars are looked for; a folder named twice counts where it was named last. */
function foldersOf(sources: readonly Source[]): readonly string[] {
  const folders = sources.flatMap((source) => {
    if (source.kind === 'folder') return [source.path];
    return source.kind === 'file' ? [dirname(source.path)] : [];
  });
  return folders.filter((folder, index) => folders.lastIndexOf(folder) === index);
}

async function readFolders(reader: VarsReader, folders: readonly string[]): Promise<VarsFiles['inventory']> {
  const { groups, hosts } = reader.draft;
  const found = {
    groups: [] as VarsFiles['inventory']['groups'][number][],
    hosts: [] as VarsFiles['inventory']['hosts'][number][],
  };
  for (const folder of folders) {
    found.groups.push(await readVarsFolder(reader, folder, 'group_vars', groups));
    // host_vars of this machine count even where no source names it.
    const names = new Map([...LOCALHOST.map((name) => [name, undefined] as const), ...hosts]);
    found.hosts.push(await readVarsFolder(reader, folder, 'host_vars', names));
  }
  return found;
}
