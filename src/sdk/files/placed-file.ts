import { refuse } from '../errors.ts';
import type { TextDiff } from '../module.ts';
import type { Content, Step } from '../step.ts';
import type { Want } from '../state.ts';
import { backupPath, type PlaceParams } from './place-params.ts';
import { fileProbe, type FileSeen } from './status.ts';
import { textOf } from './source-content.ts';
import { needFolder, wantOwnerAndMode, wholeFile, wholeFileSteps, type WholeFile } from './whole-file.ts';

/** A file that comes from elsewhere as a whole: the common part of copy and template. */
export interface Placing extends PlaceParams {
  /** Absolute, without a slash at its end. */
  readonly dest: string;
  /** Name that the file gets where `dest` is a folder. */
  readonly name?: string | undefined;
  readonly force: boolean;
  readonly follow: boolean;
}

/** Old content up to this many bytes is read for `--diff`, and only where it differs. */
const diffLimit = 64 * 1024;

/** @param sha256 - of the content that is wanted, where it is known and can be shown */
export const placedProbe = (p: Placing, sha256?: string) =>
  fileProbe({
    path: p.dest,
    into: p.name,
    follow: p.follow,
    owner: p.owner,
    group: p.group,
    hash: true,
    backup: p.backup ? p.stamp : undefined,
    ...(sha256 === undefined ? {} : { content: diffLimit, unless: sha256 }),
  });

/** @throws KvmnetError where no file can be, or no folder is to hold it */
export function placedState(seen: FileSeen, p: Placing): WholeFile | null {
  const whole = wholeFile(seen);
  if (whole === null) needFolder(seen);
  if (p.follow && whole?.type === 'link') throw danglingLink(whole);
  return whole;
}

export const danglingLink = ({ path, target }: WholeFile): Error =>
  refuse(`${path} is a link to ${target ?? ''}, which does not exist`, 'remove the link, or make what it points to');

export function wantPlaced(p: Placing, now: WholeFile | null, seen: FileSeen, sha256: string): Want<WholeFile> {
  if (now !== null && !p.force) return {};
  const current = (now?.type === 'file' ? now.mode : null) ?? '0644';
  return { path: seen.path, type: 'file', sha256, ...wantOwnerAndMode(p, seen, current) };
}

/** @param content - the content that this task holds, by its hash */
export function placedSteps(
  from: WholeFile | null,
  to: WholeFile | null,
  p: Placing,
  content: (sha256: string) => Content | undefined,
): readonly Step[] {
  const path = to?.path ?? from?.path ?? p.dest;
  const { follow, validate } = p;
  return wholeFileSteps(from, to, { content, follow, validate, backup: backupPath(path, p) });
}

/** The old and the new text, where both are text and the old one was read. */
export function placedTexts(seen: FileSeen, after: Content): readonly TextDiff[] {
  const { status, path } = seen;
  if (typeof after !== 'string') return [];
  if (status === null) return [{ path, before: '', after }];
  const before = status.content === undefined ? undefined : textOf(status.content);
  return before === undefined ? [] : [{ path, before, after }];
}

export const placedReturns = (p: Placing, now: WholeFile | null): Readonly<Record<string, unknown>> => ({
  dest: now?.path ?? p.dest,
  ...(typeof now?.sha256 === 'string' ? { checksum: now.sha256 } : {}),
  ...(typeof now?.backup === 'string' ? { backup_file: now.backup } : {}),
});
