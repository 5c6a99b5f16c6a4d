import { baseName, probeScript, sh, type Probe, type ProbeOutput } from '../../src/sdk/index.ts';
import { keyName } from './key.ts';
import { parseLine } from './conf-file.ts';
import { canonicalValue } from './params.ts';

/** What one look at a host has shown. */
export interface Look {
  /** Keys that exist, by name. */
  readonly keys: Readonly<
    Record<string, { readonly readable: boolean; readonly writable: boolean; readonly value: string | null }>
  >;
  /** What each file that is read at boot assigns, in the order in which they are read. */
  readonly files: readonly { readonly path: string; readonly values: Readonly<Record<string, string>> }[];
  /** Modules that are loaded at boot by name, or are part of the kernel. */
  readonly modules: readonly string[];
  /** The file of ours; null where there is none. */
  readonly text: string | null;
}

/** @param paths - below /proc/sys @param modules - of which it must be known whether a boot loads them */
export const look = (paths: readonly string[], file: string, modules: readonly string[]): Probe<Look> =>
  probeScript(script, [file, modules.join(' '), ...paths], parseLook);

// One process reads all values, one all files. A value must be read in one go (the kernel gives nothing at an offset, so
// that `read` of dash sees one character). Whether it may be read or written is tried by opening it: root may not always, and
// the tests of busybox say it may.
const script = sh`f=$1 m=$2; shift 2
c=$#
for k do
  p=/proc/sys/$k; a=
  if [ -e "$p" ]; then
    if { true <"$p"; } 2>/dev/null; then a=r; fi
    if { true >>"$p"; } 2>/dev/null; then a=\${a}w; fi
    printf 'key %s %s\n' "-$a" "$k"
    set -- "$@" "$p"
  fi
done
shift "$c"
echo == values
if [ $# -gt 0 ]; then grep -sH '' -- "$@"; fi
echo == names
set --
for d in /etc /run /usr/local/lib /usr/lib /lib; do
  for x in "$d"/sysctl.d/*.conf; do if [ -e "$x" ] || [ -L "$x" ]; then set -- "$@" "$x"; fi; done
done
if [ ! -d /run/systemd/system ] && [ -f /etc/sysctl.conf ]; then set -- "$@" /etc/sysctl.conf; fi
for x do printf '%s\n' "$x"; done
echo == lines
if [ $# -gt 0 ]; then grep -sH = -- "$@"; fi
echo == modules
if [ -n "$m" ]; then
  for x in $m; do if [ -d "/sys/module/$x" ] && ! grep -q "^$x " /proc/modules; then printf '%s\n' "$x"; fi; done
  cat /etc/modules /etc/modules-load.d/*.conf /run/modules-load.d/*.conf /usr/lib/modules-load.d/*.conf 2>/dev/null
fi
if [ -e "$f" ]; then echo == file; cat -- "$f"; else echo == none; fi`;

export function parseLook({ stdout }: ProbeOutput): Look {
  const parts =
    /^([^]*?)== values\n([^]*?)== names\n([^]*?)== lines\n([^]*?)== modules\n([^]*?)== (file|none)\n([^]*)$/.exec(
      stdout,
    );
  const [, keys = '', values = '', names = '', lines = '', modules = '', kind = 'none', text = ''] = parts ?? [];
  return {
    keys: parseKeys(keys, values),
    files: parseFiles(
      names.split('\n').filter((name) => name !== ''),
      lines,
    ),
    modules: modules.split('\n').map((line) => line.trim().replaceAll('-', '_')),
    text: kind === 'file' ? text : null,
  };
}

function parseKeys(keys: string, values: string): Look['keys'] {
  const lines = values.split('\n');
  return Object.fromEntries(
    [...keys.matchAll(/^key -(r?)(w?) (.*)$/gm)].map(([, readable, writable, path = '']) => {
      const head = `/proc/sys/${path}:`;
      const value = lines.find((line) => line.startsWith(head))?.slice(head.length);
      const flags = { readable: readable !== '', writable: writable !== '' };
      return [keyName(path), { ...flags, value: value === undefined ? null : canonicalValue(value) }];
    }),
  );
}

/** As sysctl.d(5) orders them: of files with one name that of the first folder counts; then by name. */
function parseFiles(paths: readonly string[], lines: string): Look['files'] {
  const dropIns = paths.filter((path) => path !== SYSCTL_CONF);
  const names = [...new Set(dropIns.map(baseName))].sort();
  const last = paths.filter((path) => path === SYSCTL_CONF);
  const ordered = [...names.flatMap((name) => dropIns.filter((path) => baseName(path) === name).slice(0, 1)), ...last];
  return ordered.map((path) => ({ path, values: valuesOf(path, lines) }));
}

// Read last by procps; systemd reads it only through a link in sysctl.d.
const SYSCTL_CONF = '/etc/sysctl.conf';

function valuesOf(path: string, lines: string): Readonly<Record<string, string>> {
  const head = `${path}:`;
  const own = lines.split('\n').flatMap((line) => (line.startsWith(head) ? [parseLine(line.slice(head.length))] : []));
  return Object.fromEntries(own.flatMap((found) => (found === undefined ? [] : [[found.key, found.value]])));
}
