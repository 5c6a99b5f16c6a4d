import { refuse } from '../errors.ts';
import { probeScript, type Probe, type ProbeOutput } from '../probe.ts';
import { sh } from '../script.ts';
import { parseStatus, statLines, type FileStatus } from './status.ts';

interface TreeQuery {
  /** Absolute paths. A folder's ends in `/`: a link to a folder is one. */
  readonly paths: readonly string[];
  /** Look at what links point to. */
  readonly follow: boolean;
}

/** Reads what stands at many paths, with hashes, in a handful of processes. Gives null where nothing stands. */
export const treeProbe = (query: TreeQuery): Probe<ReadonlyMap<string, FileStatus | null>> =>
  probeScript(treeScript, [query.follow ? 'L' : '', ...query.paths], (output) => parseTree(output, query.paths));

// "$1" L where links are followed; then the paths. Each loop keeps, in "$@", those that pass its test.
const treeScript = sh`LC_ALL=C; export LC_ALL
l=$1; shift
for f do
  shift
  if [ -e "$f" ] || { [ -z "$l" ] && [ -L "$f" ]; }; then printf +; set -- "$@" "$f"; else printf -; fi
done
echo
if [ $# -eq 0 ]; then exit 0; fi
printf '%s\0' "$@" | xargs -0 stat \${l:+-L} -c '%s
%U
%u
%G
%g
%f
%Y
%h
%i
%d' -- || exit
for f do
  if [ -z "$l" ] && [ -L "$f" ]; then readlink -n -- "$f"; printf '\0'; fi
done
for f do
  shift
  if [ -f "$f" ] && { [ -n "$l" ] || [ ! -L "$f" ]; }; then set -- "$@" "$f"; fi
done
if [ $# -eq 0 ]; then exit 0; fi
printf '%s\0' "$@" | xargs -0 sha256sum --`;

function parseTree(output: ProbeOutput, paths: readonly string[]): ReadonlyMap<string, FileStatus | null> {
  if (output.code !== 0) throw refuse(`the files cannot be read: ${output.stderr.trim()}`, 'become root: become: true');
  const bytes = Buffer.from(output.bytes);
  let at = 0;
  const until = (end: string): string => {
    const stop = bytes.indexOf(end, at);
    const text = bytes.toString('utf8', at, stop < 0 ? bytes.length : stop);
    at = stop < 0 ? bytes.length : stop + 1;
    return text;
  };
  const flags = until('\n');
  const there = paths.filter((_, i) => flags[i] === '+');
  const stats = there.map((path) => ({ path, lines: Array.from({ length: statLines }, () => until('\n')) }));
  const statuses = stats.map(({ path, lines }) => ({ path, status: parseStatus(lines) }));
  const linked = statuses.map(({ path, status }) =>
    status.kind === 'link' ? { path, status: { ...status, target: until('\0') } } : { path, status },
  );
  const hashed = linked.map(({ path, status }) => {
    if (status.kind !== 'file') return [path, status] as const;
    const [mark, sha256] = /^(\\?)([0-9a-f]{64})$/.exec(until(' '))?.slice(1) ?? [];
    at += 1;
    // GNU escapes a name with a newline or backslash and marks the line; busybox prints it as it is.
    if (mark === '\\') until('\n');
    else at += Buffer.byteLength(path) + 1;
    if (sha256 === undefined) throw new Error(`unexpected answer about ${path}`);
    return [path, { ...status, sha256 }] as const;
  });
  const known = new Map<string, FileStatus>(hashed);
  return new Map(paths.map((path) => [path, known.get(path) ?? null]));
}
