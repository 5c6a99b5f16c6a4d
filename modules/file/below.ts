import { exec, probeScript, resolveMode, sh, type Probe, type ProbeOutput, type Step } from '../../src/sdk/index.ts';
import type { File } from './params.ts';

/** What lies below a folder and does not have the owner, group or mode that it should, by relative path. */
export type Below = { readonly [name: string]: BelowEntry };
export type BelowEntry = {
  readonly type: 'directory' | 'link' | 'other';
  /** Null for a link, which has none. */
  readonly mode: string | null;
  readonly owner: string;
  readonly group: string;
};

/** Gives null where the folder cannot be read to its ground. */
export const belowProbe = (p: File): Probe<Below | null> =>
  probeScript(belowScript, [p.path, ...deviations(p)], (output) => parseBelow(output, p.path));

/** Words for `find` that tell what need not be looked at: a symbolic mode is judged on the controller. */
function deviations(p: File): readonly string[] {
  const { mode: given = '' } = p;
  const mode = /^\d+$/.test(given) ? ['!', '-perm', given] : [];
  const tests = [
    ...(p.owner === undefined ? [] : [['!', '-user', p.owner]]),
    ...(p.group === undefined ? [] : [['!', '-group', p.group]]),
    ...(p.mode === undefined ? [] : [['!', '-type', 'l', ...mode]]),
  ];
  return tests.flatMap((test, i) => (i === 0 ? test : ['-o', ...test]));
}

// "$1" folder, then a condition of find. Attributes, an empty line, then the names in the same order, since a name may hold
// anything.
const belowScript = sh`LC_ALL=C; export LC_ALL
d=$1; shift
if [ ! -d "$d" ] || [ $# -eq 0 ]; then exit 0; fi
found() { find "$d/" -mindepth 1 \( "$@" \) -print0; }
found "$@" | xargs -0 -r stat -c '%f
%U
%u
%G
%g' --
echo
found "$@"`;

export function parseBelow(output: ProbeOutput, folder: string): Below | null {
  if (output.code !== 0) return null;
  const bytes = Buffer.from(output.bytes);
  const end = bytes.indexOf('\n\n');
  if (end < 0) return {};
  const lines = bytes.toString('utf8', 0, end).split('\n');
  const names = bytes
    .toString('utf8', end + 2)
    .split('\0')
    .slice(0, -1);
  const entries = names.map((name, i) => {
    const [raw, user, uid, group, gid] = lines.slice(i * 5, i * 5 + 5);
    return [name.slice(folder.length + 1), parseEntry(raw, user, uid, group, gid)] as const;
  });
  return Object.fromEntries(entries);
}

function parseEntry(raw = '', user = '', uid = '', group = '', gid = ''): BelowEntry {
  const bits = Number.parseInt(raw, 16);
  const kind = bits & 0o170000;
  const type = kind === 0o120000 ? 'link' : kind === 0o040000 ? 'directory' : 'other';
  return {
    type,
    mode: type === 'link' ? null : (bits & 0o7777).toString(8).padStart(4, '0'),
    owner: user === 'UNKNOWN' ? uid : user,
    group: group === 'UNKNOWN' ? gid : group,
  };
}

interface Owners {
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** What these should be. @param wanted - owner and group in the host's words, the mode as the user wrote it */
export const wantBelow = (now: Below, wanted: Owners, mode?: string): Below =>
  Object.fromEntries(
    Object.entries(now).map(([name, entry]) => {
      const resolved =
        mode === undefined || entry.mode === null
          ? entry.mode
          : resolveMode(mode, entry.mode, entry.type === 'directory');
      return [
        name,
        { ...entry, owner: wanted.owner ?? entry.owner, group: wanted.group ?? entry.group, mode: resolved },
      ];
    }),
  );

/** The way from one set of attributes to another, many paths to a command. `chown` takes set-id bits away, so `chmod` comes after it. */
export function belowSteps(folder: string, from: Below, to: Below): readonly Step[] {
  const owners = new Map<string, string[]>();
  const modes = new Map<string, string[]>();
  for (const [name, goal] of Object.entries(to)) {
    const entry = from[name];
    const owner = `${goal.owner}:${goal.group}`;
    const chowned = entry === undefined || owner !== `${entry.owner}:${entry.group}`;
    if (chowned) owners.set(owner, [...(owners.get(owner) ?? []), `${folder}/${name}`]);
    const chmodded =
      goal.mode !== null && (goal.mode !== entry?.mode || (chowned && Number.parseInt(goal.mode, 8) > 0o777));
    if (chmodded) modes.set(goal.mode, [...(modes.get(goal.mode) ?? []), `${folder}/${name}`]);
  }
  return [
    ...[...owners].flatMap(([owner, paths]) =>
      batches(paths).map((batch) => exec(['chown', '-h', '--', owner, ...batch])),
    ),
    ...[...modes].flatMap(([mode, paths]) => batches(paths).map((batch) => exec(['chmod', '--', mode, ...batch]))),
  ];
}

/** A command line has an end: 128 KiB at the least, and a path up to 4 KiB. */
function batches(paths: readonly string[]): string[][] {
  const result: string[][] = [];
  let size = 0;
  for (const path of paths) {
    size += path.length * 3 + 1;
    const last = result.at(-1);
    if (last === undefined || size > 100_000) {
      result.push([path]);
      size = path.length * 3 + 1;
    } else last.push(path);
  }
  return result;
}
