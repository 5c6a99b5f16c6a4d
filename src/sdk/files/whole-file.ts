import { missing, refuse } from '../errors.ts';
import { sh } from '../script.ts';
import { exec, remove, snippet, write, type Content, type Step } from '../step.ts';
import { resolveMode } from './mode.ts';
import type { FileSeen } from './status.ts';

/** State of a file that is managed as a whole. A type alias: states are JSON. */
export type WholeFile = {
  readonly path: string;
  /** A link stands here only where links are replaced, not followed. */
  readonly type: 'file' | 'link';
  /** Null for a link. */
  readonly sha256: string | null;
  readonly mode: string | null;
  readonly owner: string | null;
  readonly group: string | null;
  /** Where a link points; null for a file. */
  readonly target: string | null;
  /** The copy that this task has kept of what it overwrote. */
  readonly backup: string | null;
};

/**
 * The state of a path where a file should be.
 * @throws KvmnetError where something else stands there, or this user may not look
 */
export function wholeFile(seen: FileSeen): WholeFile | null {
  checkAccess(seen);
  const { path, status, backup } = seen;
  if (status === null) return null;
  if (status.kind === 'link') {
    const target = status.target ?? '';
    return { path, type: 'link', sha256: null, mode: null, owner: null, group: null, target, backup };
  }
  if (status.kind === 'directory') throw refuse(`${path} is a folder`, `name the file in it: ${path}/NAME`);
  if (status.kind !== 'file') throw refuse(`${path} is no regular file but a ${status.kind}`, 'remove it first');
  const { mode, owner, group } = status;
  return { path, type: 'file', sha256: status.sha256 ?? null, mode, owner, group, target: null, backup };
}

/** @throws KvmnetError where this user cannot see what there is, or a user or group that is wanted does not exist */
export function checkAccess(seen: FileSeen): void {
  if (seen.denied) throw refuse(`${seen.path} cannot be looked at: permission denied`, 'become root: become: true');
  if (seen.unreadable) throw refuse(`${seen.path} cannot be read: permission denied`, 'become root: become: true');
  if (!seen.reachable)
    throw refuse(`${seen.path} cannot exist: something above it is no folder`, 'remove what stands there');
}

/** @throws KvmnetError code `missing` where the folder of a file to be made is not there */
export function needFolder(seen: FileSeen): void {
  const folder = folderOf(seen.path);
  if (seen.status !== null || seen.ancestor === folder) return;
  throw missing(`the folder ${folder} does not exist`, `create it first: file: { path: ${folder}, state: directory }`);
}

export const folderOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** Owner, group and mode of the user, in the host's words. */
interface OwnerAndMode {
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
}

/**
 * What is wanted of owner, group and mode.
 * @param current - the mode now, or the default for what is not there yet
 * @throws KvmnetError code `missing` for a user or group that the host does not know
 */
export function wantOwnerAndMode(p: OwnerAndMode, seen: FileSeen, current: string, isFolder = false): OwnerAndMode {
  if (seen.owner === null) throw missing(`there is no user ${p.owner ?? ''} on the host`, 'create it first');
  if (seen.group === null) throw missing(`there is no group ${p.group ?? ''} on the host`, 'create it first');
  return {
    owner: seen.owner,
    group: seen.group,
    mode: p.mode === undefined ? undefined : resolveMode(p.mode, current, isFolder),
  };
}

interface WholeFileOptions {
  /** The content by its hash; undefined where this task does not hold it, so that the host's undo store must. */
  readonly content: (sha256: string) => Content | undefined;
  /** False: a symbolic link is itself replaced. */
  readonly follow: boolean;
  readonly validate?: readonly string[] | undefined;
  /** Where to keep a copy of what is overwritten. */
  readonly backup?: string | undefined;
}

/** The way of a file from any state to any other. */
export function wholeFileSteps(
  from: WholeFile | null,
  to: WholeFile | null,
  options: WholeFileOptions,
): readonly Step[] {
  if (to === null) return from === null ? [] : [remove(from.path)];
  if (to.type === 'link') {
    return from?.type === 'link' && from.target === to.target ? [] : [snippet(linkScript, [to.path, to.target ?? ''])];
  }
  if (from?.type === 'file' && from.sha256 === to.sha256) return ownerAndModeSteps(to.path, from, to);
  return contentSteps(from, to, to.sha256 ?? '', options);
}

function contentSteps(
  from: WholeFile | null,
  to: WholeFile,
  sha256: string,
  options: WholeFileOptions,
): readonly Step[] {
  const ours = options.content(sha256);
  const before = from?.type === 'file' ? from : undefined;
  const backup = before === undefined ? undefined : options.backup;
  const step = write(to.path, ours ?? { stored: sha256 }, {
    mode: to.mode ?? undefined,
    owner: to.owner === before?.owner ? undefined : (to.owner ?? undefined),
    group: to.group === before?.group ? undefined : (to.group ?? undefined),
    expect: from === null ? null : (before?.sha256 ?? undefined),
    // What stood there before need not pass the check of what should stand there.
    validate: ours === undefined ? undefined : options.validate,
    ...(options.follow ? {} : { follow: false }),
  });
  if (backup === undefined) return [step];
  if (ours === undefined) return [step, remove(backup)];
  return [exec(['cp', '-p', '--', to.path, backup]), step];
}

/** Where nothing was said of one of them for what is new, a goal does not hold it. */
interface Attributes {
  readonly mode?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly group?: string | null | undefined;
}

/** @param isLink - the link itself is meant, not what it points to; it has no mode */
// `chown` takes set-id bits away, so `chmod` follows it.
export function ownerAndModeSteps(path: string, from: Attributes, to: Attributes, isLink = false): readonly Step[] {
  const owner = to.owner === from.owner ? '' : (to.owner ?? '');
  const group = to.group === from.group ? '' : (to.group ?? '');
  const chowned = owner !== '' || group !== '';
  const mode = to.mode ?? '';
  const changed = mode !== (from.mode ?? '') || (chowned && Number.parseInt(mode, 8) > 0o777);
  return [
    ...(chowned
      ? [exec(['chown', ...(isLink ? ['-h'] : []), '--', group === '' ? owner : `${owner}:${group}`, path])]
      : []),
    ...(mode !== '' && changed && !isLink ? [exec(['chmod', '--', mode, path])] : []),
  ];
}

/** "$1" path of the link, "$2" target. Renamed into place where `mv` can replace a link to a folder. */
export const linkScript = sh`t=\${1%/*}/.kvmnet.$$.link
rm -f -- "$t"; ln -s -- "$2" "$t" || exit 1
mv -fT -- "$t" "$1" 2>/dev/null && exit 0
rm -f -- "$t"
if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a folder" >&2; exit 1; fi
ln -sfn -- "$2" "$1"`;

/** "$1" folder: made with its parents, 0755 whatever the umask. */
const mkdirScript = sh`umask 022; mkdir -p -- "$1"`;
// What others put into the folder stays, and so does the folder.
const rmdirScript = sh`rmdir -- "$1" || [ -e "$1" ]`;

export const makeFolder = (path: string): Step => snippet(mkdirScript, [path]);

/** Takes back what {@link makeFolder} made: the folder and, down to `ancestor`, its parents, as far as they are empty. */
export function unmakeFolder(path: string, ancestor: string): readonly Step[] {
  const paths: string[] = [];
  for (let at = path; at.length > ancestor.length && at !== '/'; at = folderOf(at)) paths.push(at);
  return paths.map((folder) => snippet(rmdirScript, [folder]));
}
