import { missing, refuse } from '../errors.ts';
import type { TextDiff } from '../module.ts';
import type { Want } from '../state.ts';
import type { Content, Step } from '../step.ts';
import { lineText, type LineText, type TextLine } from './line-text.ts';
import { backupPath, type PlaceParams } from './place-params.ts';
import { danglingLink } from './placed-file.ts';
import { textOf } from './source-content.ts';
import { fileProbe, sha256Of, type FileSeen } from './status.ts';
import { needFolder, wantOwnerAndMode, wholeFile, wholeFileSteps, type WholeFile } from './whole-file.ts';

/** A text file of which a part is managed: the common part of line_in_file and block_in_file. */
export interface Editing extends PlaceParams {
  readonly path: string;
  /** Make the file where there is none; else its absence is an error. */
  readonly create: boolean;
  readonly state: 'present' | 'absent';
}

/** What the lines become. Pure; the result of its own result is the same. */
export type Edit<P> = (file: LineText, p: P) => readonly TextLine[];

/** Larger text files are not edited in memory: 1 MiB. */
const limit = 1024 * 1024;

/** A link is followed: what it points to is edited. */
export const editedProbe = (p: Editing) =>
  fileProbe({
    path: p.path,
    follow: true,
    owner: p.owner,
    group: p.group,
    content: limit,
    backup: p.backup ? p.stamp : undefined,
  });

/** @throws KvmnetError where there is no file, or none that can be edited */
export function editedState(seen: FileSeen, p: Editing): WholeFile | null {
  const whole = wholeFile(seen);
  if (whole?.type === 'link') throw danglingLink(whole);
  if (whole !== null && seen.status?.content === undefined) {
    throw refuse(
      `${p.path} has more than ${limit / 1024} KiB: it is no file to be edited by lines`,
      'write it with copy',
    );
  }
  if (whole !== null || p.state === 'absent') return whole;
  needFolder(seen);
  if (p.create) return null;
  throw missing(`${p.path} does not exist`, 'say create: true to make it, or make it first, with copy');
}

export function wantEdited<P extends Editing>(
  p: P,
  now: WholeFile | null,
  seen: FileSeen,
  edit: Edit<P>,
): Want<WholeFile> | null {
  if (now === null && p.state === 'absent') return null;
  const content = edited(seen, p, edit);
  const sha256 = sha256Of(content);
  if (sha256Of(editContent(Buffer.from(content), p, edit)) !== sha256) {
    throw refuse(
      `${p.path} would change again at every run: what is put in is not found again`,
      'let regexp match the line that it makes as well, and every line that it should replace only once',
    );
  }
  return { path: p.path, type: 'file', sha256, ...wantOwnerAndMode(p, seen, now?.mode ?? '0644') };
}

export function editedSteps<P extends Editing>(
  from: WholeFile | null,
  to: WholeFile | null,
  p: P,
  seen: FileSeen | undefined,
  edit: Edit<P>,
): readonly Step[] {
  const content = (sha256: string): Content | undefined => {
    const ours = seen === undefined ? undefined : edited(seen, p, edit);
    return ours !== undefined && sha256Of(ours) === sha256 ? ours : undefined;
  };
  return wholeFileSteps(from, to, { content, follow: true, validate: p.validate, backup: backupPath(p.path, p) });
}

export function editedTexts<P extends Editing>(seen: FileSeen, p: P, edit: Edit<P>): readonly TextDiff[] {
  const before = textOf(seen.status?.content ?? new Uint8Array());
  const after = edited(seen, p, edit);
  return before === undefined || typeof after !== 'string' ? [] : [{ path: p.path, before, after }];
}

export const editedReturns = (p: Editing, now: WholeFile | null): Readonly<Record<string, unknown>> => ({
  path: p.path,
  ...(typeof now?.backup === 'string' ? { backup: now.backup } : {}),
});

const edited = <P extends Editing>(seen: FileSeen, p: P, edit: Edit<P>): string | Uint8Array =>
  editContent(seen.status?.content ?? new Uint8Array(), p, edit);

function editContent<P extends Editing>(bytes: Uint8Array, p: P, edit: Edit<P>): string | Uint8Array {
  const file = lineText(bytes, p.path);
  return file.content(edit(file, p));
}
