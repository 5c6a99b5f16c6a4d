import { createHash } from 'node:crypto';
import { missing } from '../errors.ts';
import { probeScript, type Probe, type ProbeOutput } from '../probe.ts';
import { statusScript } from './status-script.ts';

export type FileKind = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'block' | 'char';

/** What stands at a path. */
export interface FileStatus {
  readonly kind: FileKind;
  /** Four octal digits: `0644`. */
  readonly mode: string;
  /** Names, or numbers in decimal where the host knows no name. */
  readonly owner: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly links: number;
  readonly inode: number;
  readonly device: number;
  /** Of a link that was not followed. */
  readonly target?: string;
  /** Of a regular file, where it was asked for or its content is here. */
  readonly sha256?: string;
  readonly content?: Uint8Array;
}

/** What a look at a path gave. */
export interface FileSeen {
  /** The path that was looked at: a name was appended where `into` was given and the path is a folder. */
  readonly path: string;
  readonly status: FileStatus | null;
  /** The nearest folder above the path that exists. */
  readonly ancestor: string;
  /** False where a file stands where a folder above the path should be. */
  readonly reachable: boolean;
  /** A folder above may not be searched by this user. */
  readonly denied: boolean;
  /** The content may not be read by this user. */
  readonly unreadable: boolean;
  /** Path of the backup that was looked for, if it is there. */
  readonly backup: string | null;
  /** Canonical names of the user and group that were asked for; null: the host knows none. */
  readonly owner?: string | null;
  readonly group?: string | null;
}

export interface FileQuery {
  /** Absolute; may hold any character. */
  readonly path: string;
  /** Where the path is a folder, look at this name in it. */
  readonly into?: string | undefined;
  /** Look at what a symbolic link points to; a dangling link is still a link. */
  readonly follow?: boolean | undefined;
  /** Names or numbers to look up. */
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly hash?: boolean | undefined;
  /** Send the content too, if it has at most this many bytes. */
  readonly content?: number | undefined;
  /** But not when it has this SHA-256 (with `hash`). */
  readonly unless?: string | undefined;
  /** Look also for a backup whose name ends in this. */
  readonly backup?: string | undefined;
}

/** Reads what stands at a path, in one process or two, with coreutils or busybox. */
export const fileProbe = (query: FileQuery): Probe<FileSeen> =>
  probeScript(
    statusScript,
    [
      query.path,
      query.into ?? '',
      query.follow === true ? 'L' : '',
      query.owner ?? '',
      query.group ?? '',
      query.hash === true ? 'h' : '',
      query.unless ?? '',
      String(query.content ?? 0),
      query.backup ?? '',
    ],
    (output) => parseFileSeen(output, query),
  );

/** @throws KvmnetError code `missing` where the host has no tools that could look */
function parseFileSeen(output: ProbeOutput, query: Pick<FileQuery, 'path' | 'into' | 'backup'>): FileSeen {
  const { lines, rest } = splitHeader(output.bytes);
  const known = new Map<string, string>();
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const [, key, value] = /^(\S+) ?([^]*)$/.exec(line) ?? [];
    if (key === 'stat') known.set('stat', lines.splice(0, statLines).join('\n'));
    else if (key !== undefined) known.set(key, value ?? '');
  }
  const path = known.has('into') ? `${query.path.replace(/\/$/, '')}/${query.into ?? ''}` : query.path;
  const failed = known.get('failed');
  if (failed !== undefined) {
    throw missing(
      `${path} cannot be looked at: ${failed}`,
      'the host needs stat and sha256sum, of coreutils or busybox',
    );
  }
  const stat = known.get('stat');
  const [levels, kind] = known.get('parent')?.split(' ') ?? [];
  if (stat === undefined && levels === undefined) {
    throw new Error(`unexpected answer about ${path}: ${output.stderr.trim() || output.stdout.slice(0, 200)}`);
  }
  const status = stat === undefined ? null : withRest(parseStatus(stat.split('\n')), known, rest);
  const owner = canonicalName(known.get('owner'), status?.owner);
  const group = canonicalName(known.get('group'), status?.group);
  return {
    path,
    status,
    ancestor: above(path, 1 + Number(levels ?? 0)),
    reachable: kind !== 'other',
    denied: known.has('denied'),
    unreadable: known.has('unreadable'),
    backup: known.has('backup') ? `${path}.${query.backup ?? ''}` : null,
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
  };
}

/** The header ends with an empty line, or with the output. */
function splitHeader(bytes: Uint8Array): { lines: string[]; rest: Buffer } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf('\n\n');
  const header = (end < 0 ? buffer : buffer.subarray(0, end)).toString().replace(/\n$/, '');
  return { lines: header.split('\n'), rest: end < 0 ? Buffer.alloc(0) : buffer.subarray(end + 2) };
}

/** Lines that the format of `stat -c` in the scripts prints for one file. */
export const statLines = 10;

/** What these lines say. */
export function parseStatus(lines: readonly string[]): FileStatus {
  const [size, user, uid, groupName, gid, raw, mtime, links, inode, device] = lines;
  const bits = Number.parseInt(raw ?? '', 16);
  return {
    kind: kinds.get(bits & 0o170000) ?? 'file',
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    owner: nameOr(user, uid),
    group: nameOr(groupName, gid),
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    mtime: Number(mtime),
    links: Number(links),
    inode: Number(inode),
    device: Number(device),
  };
}

function withRest(status: FileStatus, known: ReadonlyMap<string, string>, rest: Buffer): FileStatus {
  const content = known.has('content') ? new Uint8Array(rest) : undefined;
  const sha256 = known.get('sha256') ?? (content === undefined ? undefined : sha256Of(content));
  return {
    ...status,
    ...(status.kind === 'link' ? { target: rest.toString() } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(content === undefined ? {} : { content }),
  };
}

const nameOr = (name: string | undefined, id: string | undefined): string =>
  name === undefined || name === 'UNKNOWN' || name === '' ? (id ?? '') : name;

function canonicalName(answer: string | undefined, same: string | undefined): string | null | undefined {
  if (answer === undefined) return undefined;
  if (answer === 'same') return same ?? null;
  return answer.startsWith('is ') ? answer.slice(3) : null;
}

function above(path: string, levels: number): string {
  let result = path;
  for (let i = 0; i < levels; i++) result = result.slice(0, Math.max(0, result.lastIndexOf('/')));
  return result === '' ? '/' : result;
}

export const sha256Of = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

const kinds: ReadonlyMap<number, FileKind> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'link'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
  [0o060000, 'block'],
  [0o020000, 'char'],
]);
