import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { Registry } from '../../engine/index.ts';
import { loadInventory } from '../../inventory/index.ts';
import { isVaultText, parseYaml, type Vault } from '../../lang/index.ts';
import { loadPlaybook } from '../../playbook/index.ts';
import { KvmnetError } from '../../util/errors.ts';

/** Something that can be checked by itself. */
export interface LintTarget {
  readonly kind: 'playbook' | 'role' | 'inventory';
  /** As the user would type it. */
  readonly path: string;
  /** The folder whose `modules/` belong to it. */
  readonly folder: string;
}

/** Folders of a project that hold parts of something else. */
const parts = new Set(['group_vars', 'host_vars', 'files', 'templates', 'modules', 'node_modules', 'tasks', 'vars']);

/** What there is to check at a path. @throws KvmnetError code `usage` where there is nothing */
export function lintTargets(cwd: string, path: string): readonly LintTarget[] {
  const absolute = resolve(cwd, path);
  if (!existsSync(absolute)) throw new KvmnetError('usage', `${path}: no such file or folder`);
  if (statSync(absolute).isDirectory()) return folderTargets(cwd, absolute);
  return [target(cwd, kindOfFile(absolute) ?? 'inventory', absolute)];
}

const target = (cwd: string, kind: LintTarget['kind'], path: string): LintTarget => ({
  kind,
  path: relative(cwd, path) || '.',
  folder: kind === 'role' ? dirname(dirname(path)) : dirname(path),
});

function folderTargets(cwd: string, folder: string): readonly LintTarget[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (isRole(folder)) return [target(cwd, 'role', folder)];
  if (basename(dirname(folder)) === 'inventories') return [target(cwd, 'inventory', folder)];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'kvmnet.yml') return [];
    if (entry.isDirectory()) return parts.has(entry.name) ? [] : folderTargets(cwd, path);
    const kind = basename(folder) === 'inventories' ? 'inventory' : kindOfFile(path);
    return kind === undefined ? [] : [target(cwd, kind, path)];
  });
}

const isRole = (folder: string): boolean =>
  ['tasks', 'handlers', 'defaults', 'meta'].some((part) => existsSync(join(folder, part, 'main.yml')));

/** A list of plays is a playbook, a map with groups an inventory; other files are no business of ours. */
function kindOfFile(path: string): LintTarget['kind'] | undefined {
  if (extname(path) === '.ini') return 'inventory';
  if (!['.yml', '.yaml', '.json'].includes(extname(path))) return undefined;
  const text = readFileSync(path, 'utf8');
  if (isVaultText(text)) return undefined;
  const { root } = parseYaml(text, path);
  // What cannot be read at all is reported as what it most likely was to be.
  if (root === undefined || root.kind === 'sequence') return extname(path) === '.json' ? undefined : 'playbook';
  if (root.kind !== 'mapping') return undefined;
  const groups = [...root.entries.values()].some(
    ({ value }) => value.kind === 'mapping' && ['hosts', 'children'].some((key) => value.entries.has(key)),
  );
  return groups ? 'inventory' : undefined;
}

interface LintContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly registry: Registry;
  readonly vault: Vault;
}

/** @throws DiagnosticsError with the mistakes of the target */
export async function checkFile({ kind, path }: LintTarget, context: LintContext): Promise<void> {
  const { cwd, env, registry: modules, vault } = context;
  if (kind === 'inventory') await loadInventory([path], { cwd, env, vault });
  else if (kind === 'playbook') await loadPlaybook(path, { modules, vault });
  else await checkRole(resolve(cwd, path), { modules, vault });
}

/** A role is checked as a play would use it. */
async function checkRole(folder: string, options: Parameters<typeof loadPlaybook>[1]): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'kvmnet-lint-'));
  try {
    const file = join(temporary, 'role.yml');
    await writeFile(file, JSON.stringify([{ hosts: 'all', roles: [folder] }]));
    await loadPlaybook(file, options);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
