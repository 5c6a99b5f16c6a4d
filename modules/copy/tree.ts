import { dirname } from 'node:path/posix';
import {
  checkAccess,
  fileContent,
  folderOf,
  makeFolder,
  ownerAndModeSteps,
  refuse,
  unmakeFolder,
  wantOwnerAndMode,
  wholeFile,
  wholeFileSteps,
  type ControllerFiles,
  type FileSeen,
  type FileStatus,
  type SourceContent,
  type Step,
  type WholeFile,
} from '../../src/sdk/index.ts';
import type { Plan } from './plan.ts';

/** A folder of the controller: paths relative to it, `.` for itself. */
export interface Tree {
  readonly folders: readonly string[];
  readonly files: Readonly<Record<string, SourceContent>>;
}

/** What stands at one path of a tree. */
export type Entry = Omit<WholeFile, 'path' | 'type' | 'backup'> & { readonly type: WholeFile['type'] | 'directory' };
export type Entries = { readonly [name: string]: Entry | null };

/** Reads a folder of the controller. Folders without a file below them are not copied: the listing does not name them. */
export async function readTree(root: string, files: ControllerFiles): Promise<Tree> {
  const names = await files.list(root);
  const contents: [string, SourceContent][] = [];
  for (const name of names) {
    const path = `${root}/${name}`;
    if ((await files.stat(path)).folder === true) {
      throw refuse(
        `${path} is a link to a folder, which would be copied for ever if it leads back`,
        'copy that folder by itself',
      );
    }
    contents.push([name, await fileContent(path, files)]);
  }
  return { folders: foldersOf(names), files: Object.fromEntries(contents) };
}

/** All folders that these files lie in, parents first. */
function foldersOf(names: readonly string[]): string[] {
  const folders = new Set(['.']);
  for (const name of names) {
    for (let folder = dirname(name); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].toSorted();
}

export const treePaths = (p: Plan, tree: Tree): readonly string[] => [
  ...tree.folders.filter((name) => name !== '.').map((name) => `${p.dest}/${name}/`),
  ...Object.keys(tree.files).map((name) => `${p.dest}/${name}`),
];

type Statuses = ReadonlyMap<string, FileStatus | null>;

export function treeEntries(p: Plan, tree: Tree, root: FileSeen, statuses: Statuses): Entries {
  checkAccess(root);
  const folders = tree.folders.map((name) => {
    const status = name === '.' ? root.status : (statuses.get(`${p.dest}/${name}/`) ?? null);
    if (status !== null && status.kind !== 'directory') {
      throw refuse(`${p.dest} is no folder but a ${status.kind}`, 'remove it first, or name another dest');
    }
    return [name, status === null ? null : folderEntry(status)] as const;
  });
  const files = Object.keys(tree.files).map((name) => {
    const path = `${p.dest}/${name}`;
    const whole = wholeFile({ ...root, path, status: statuses.get(path) ?? null });
    if (whole === null) return [name, null] as const;
    const { path: _, backup: __, ...entry } = whole;
    return [name, entry] as const;
  });
  return Object.fromEntries([...folders, ...files]);
}

const folderEntry = ({ mode, owner, group }: FileStatus): Entry => ({
  type: 'directory',
  sha256: null,
  mode,
  owner,
  group,
  target: null,
});

export function wantEntries(p: Plan, tree: Tree, now: Entries, root: FileSeen) {
  const folders = tree.folders.map((name) => {
    const current = now[name]?.mode ?? '0755';
    return [
      name,
      { type: 'directory' as const, ...wantOwnerAndMode({ ...p, mode: p.directory_mode }, root, current, true) },
    ] as const;
  });
  const files = Object.entries(tree.files).map(([name, source]) => {
    const entry = now[name] ?? null;
    if (entry !== null && !p.force) return [name, {}] as const;
    const mode = p.mode === 'preserve' ? source.mode : p.mode;
    const current = (entry?.type === 'file' ? entry.mode : null) ?? '0644';
    return [
      name,
      { type: 'file' as const, sha256: source.sha256, ...wantOwnerAndMode({ ...p, mode }, root, current) },
    ] as const;
  });
  return Object.fromEntries([...folders, ...files]);
}

/** @param ancestor - the nearest folder above the root that was there before */
export function treeSteps(from: Entries, to: Entries, p: Plan, tree: Tree, ancestor: string): readonly Step[] {
  const folders = tree.folders.flatMap((name) => folderSteps(from[name] ?? null, to[name] ?? null, pathIn(p, name)));
  const files = Object.entries(tree.files).flatMap(([name, source]) => {
    const path = pathIn(p, name);
    return wholeFileSteps(asFile(from[name] ?? null, path), asFile(to[name] ?? null, path), {
      content: (sha256) => (sha256 === source.sha256 ? source.content : undefined),
      follow: p.follow,
      validate: p.validate,
      backup: p.backup ? `${path}.${p.stamp}` : undefined,
    });
  });
  const leaving = tree.folders.filter((name) => (from[name] ?? null) !== null && (to[name] ?? null) === null);
  const removals = leaving.toReversed().flatMap((name) => {
    const path = pathIn(p, name);
    return unmakeFolder(path, name === '.' ? ancestor : folderOf(path));
  });
  return [...folders, ...files, ...removals];
}

const pathIn = (p: Plan, name: string): string => (name === '.' ? p.dest : `${p.dest}/${name}`);

const asFile = (entry: Entry | null, path: string): WholeFile | null =>
  entry === null || entry.type === 'directory' ? null : { ...entry, type: entry.type, path, backup: null };

function folderSteps(from: Entry | null, to: Entry | null, path: string): readonly Step[] {
  if (to === null) return [];
  const made = from === null ? [makeFolder(path)] : [];
  return [...made, ...ownerAndModeSteps(path, from ?? {}, to)];
}
