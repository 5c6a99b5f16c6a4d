import {
  checkAccess,
  missing,
  needFolder,
  refuse,
  wantOwnerAndMode,
  type FileSeen,
  type FileStatus,
  type FileKind,
} from '../../src/sdk/index.ts';
import type { Below } from './below.ts';
import type { File } from './params.ts';

export type State = {
  /** `hard`: the same file as src. */
  readonly type: FileKind | 'hard';
  /** Null for a link, which has none. */
  readonly mode: string | null;
  readonly owner: string;
  readonly group: string;
  /** Where a link points; src of a hard link. */
  readonly target: string | null;
  /** Of a file that would be replaced or removed: what undo puts back. */
  readonly sha256: string | null;
  /** With recurse: what lies in the folder and is not as it should be. */
  readonly below: Below | null;
};

export type Wanted = 'any' | 'file' | 'directory' | 'absent' | 'touch' | 'link' | 'hard';

export const wanted = (p: File): Wanted => p.state ?? (p.recurse ? 'directory' : 'any');

export interface FileReading {
  readonly path: FileSeen;
  /** What a link would point to. */
  readonly src: FileSeen | null;
  readonly below: Below | null;
  /** The folder that would be removed holds something. */
  readonly full: boolean;
}

/** @throws KvmnetError where the path cannot become what is wanted */
export function fileState(seen: FileReading, p: File): State | null {
  checkAccess(seen.path);
  const { status } = seen.path;
  const goal = wanted(p);
  checkGoal(goal, seen, p);
  if (goal === 'link' || goal === 'hard') checkSource(seen, p);
  if (status === null) return null;
  wantOwnerAndMode(p, seen.path, status.mode);
  if (seen.below === null && p.recurse)
    throw refuse(`${p.path} cannot be read to its ground`, 'become root: become: true');
  const hard = goal === 'hard' && isSame(status, seen.src?.status);
  const { target = null } = hard ? { target: p.src } : status;
  return {
    type: hard ? 'hard' : status.kind,
    mode: status.kind === 'link' ? null : status.mode,
    owner: status.owner,
    group: status.group,
    target,
    sha256: status.sha256 ?? null,
    below: p.recurse ? seen.below : null,
  };
}

const isSame = (a: FileStatus, b: FileStatus | null | undefined): boolean =>
  a.inode === b?.inode && a.device === b.device;

function checkGoal(goal: Wanted, seen: FileReading, p: File): void {
  const { kind, target = '' } = seen.path.status ?? {};
  const { path } = p;
  if (kind === undefined) {
    if (goal === 'any')
      throw missing(`${path} does not exist`, 'say what it should be: state: directory, touch, link …');
    if (goal === 'file')
      throw missing(`${path} does not exist`, 'make it with copy or template, or an empty one with state: touch');
    if (goal !== 'absent' && goal !== 'directory') needFolder(seen.path);
    return;
  }
  if (goal === 'file' && kind !== 'file')
    throw refuse(`${path} is no regular file but a ${kind}`, 'leave state out to manage it as it is');
  if (goal === 'directory' && kind !== 'directory')
    throw refuse(`${path} is no folder but a ${kind}`, 'remove it first: state: absent');
  if (goal === 'touch' && kind === 'link')
    throw refuse(`${path} is a link to ${target}, which does not exist`, 'remove the link first: state: absent');
}

function checkSource(seen: FileReading, p: File): void {
  const source = seen.src?.status ?? null;
  const status = seen.path.status;
  const { src = '' } = p;
  if (source === null && (p.state === 'hard' || !p.force)) {
    const force = p.state === 'link' ? ', or say force: true to point to what is not there yet' : '';
    throw missing(`${seen.src?.path ?? src} does not exist`, `make it first${force}`);
  }
  if (p.state === 'hard' && source?.kind === 'directory')
    throw refuse(`${src} is a folder, and folders have no hard links`, 'use state: link');
  if (status === null || (p.state === 'link' ? status.kind === 'link' : isSame(status, source))) return;
  if (!p.force)
    throw refuse(`${p.path} is a ${status.kind} that would be replaced by a link`, 'say force: true if that is meant');
  if (status.kind !== 'file' && status.kind !== 'directory' && status.kind !== 'link')
    throw refuse(`${p.path} is a ${status.kind}`, 'remove it first: state: absent');
  if (seen.full) throw refuse(`${p.path} is a folder that holds something`, 'remove it first: state: absent');
}
