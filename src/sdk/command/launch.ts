import { sh } from '../script.ts';
import type { ProbeCommand } from '../probe.ts';

/** What is to be started on a host. */
export type Program =
  | { readonly kind: 'argv'; readonly argv: readonly string[] }
  /** Text for a shell (or another interpreter). */
  | { readonly kind: 'shell'; readonly executable: string; readonly text: string }
  /** A program of the controller. `executable`: the words before its path; none: it is started by itself. */
  | {
      readonly kind: 'script';
      readonly name: string;
      readonly content: Uint8Array;
      readonly executable: readonly string[];
      readonly args: readonly string[];
    };

/** Where and under which conditions it is started. */
export interface LaunchOptions {
  readonly chdir?: string | undefined;
  /** Not started when a file of this name or pattern exists. */
  readonly creates?: string | undefined;
  /** Not started when no file of this name or pattern exists. */
  readonly removes?: string | undefined;
  readonly stdin?: string | undefined;
}

/**
 * One command for the whole of it: conditions, folder, start. The first line it prints says what became of it: `run`,
 * `creates`, `removes`, `chdir`; all output after that line is the program's own.
 */
export function launch(program: Program | undefined, options: LaunchOptions): ProbeCommand {
  const { creates = '', removes = '', chdir = '', stdin } = options;
  return { script: launcher, args: [creates, removes, chdir, ...programArgs(program)], stdin };
}

function programArgs(program: Program | undefined): readonly string[] {
  if (program === undefined) return ['none'];
  switch (program.kind) {
    case 'argv':
      return ['argv', ...program.argv];
    case 'shell': {
      const shell = /^(?:ba|da|a|k|mk|z|)sh(?:\d[\d.]*)?$/.test(program.executable.replace(/^.*\//, ''));
      return [shell ? 'shell' : 'interpreter', program.executable, program.text];
    }
    default: {
      const [format, text] = transfer(program.content);
      const { name, executable, args } = program;
      return ['script', name, format, text, String(executable.length), ...executable, ...args];
    }
  }
}

/** Bytes as the two arguments of printf: as they are where they are text, in octal where they are not. */
function transfer(content: Uint8Array): readonly [format: string, text: string] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const text = bytes.toString('utf8');
  if (!text.includes('\0') && Buffer.from(text).equals(bytes)) return ['%s', text];
  let octal = '';
  for (const byte of bytes) octal += `\\0${byte.toString(8).padStart(3, '0')}`;
  return ['%b', octal];
}

// The text for a shell is no argument of it, where `ps` would show it, nor a variable of its environment, and it leaves
// stdin alone: the shell reads it from descriptor 3 and closes that. Other interpreters get the descriptor as a file.
// `[ -x ]` is false on a file system mounted noexec: then the next folder is tried.
const launcher = sh`c=$1 r=$2 d=$3 k=$4; shift 4
unset CDPATH
home() { case $1 in '~'|'~/'*) p=$HOME\${1#'~'};; *) p=$1;; esac; }
has() {
  home "$1"; IFS=
  for f in $p; do if [ -e "$f" ] || [ -L "$f" ]; then unset IFS; return 0; fi; done
  unset IFS; return 1
}
if [ -n "$d" ]; then
  home "$d"; case $p in /*) ;; *) p=./$p;; esac
  cd "$p" 2>/dev/null || { echo chdir; exit 1; }
fi
if [ -n "$c" ] && has "$c"; then echo creates; exit 0; fi
if [ -n "$r" ] && ! has "$r"; then echo removes; exit 0; fi
case $k in
none) echo run;;
argv) echo run; exec "$@";;
shell|interpreter)
  exec 4<&0
  printf %s "$2" 2>/dev/null | {
    exec 3<&0 <&4 4<&-
    echo run
    if [ $k = shell ]; then exec "$1" -c 'eval "exec 3<&-; $(cat <&3)"'; else exec "$1" /proc/self/fd/3; fi
  };;
script)
  n=$1 w=$2 s=$3 x=$4; shift 4
  t=
  trap 'if [ -n "$t" ]; then rm -rf -- "$t"; fi' EXIT
  trap 'exit 143' TERM; trap 'exit 130' INT; trap 'exit 129' HUP
  for d in "\${TMPDIR:-/tmp}" /var/tmp /run "$HOME" ''; do
    if [ -z "$d" ]; then echo "no folder for a program of its own: /tmp, /var/tmp and /run are full, read-only or mounted noexec" >&2; echo run; exit 126; fi
    t=$(mktemp -d "$d/.kvmnet.XXXXXX" 2>/dev/null) || { t=; continue; }
    if (umask 077; printf "$w" "$s" >"$t/$n") && chmod 0700 "$t/$n" && { [ "$x" -gt 0 ] || [ -x "$t/$n" ]; }; then break; fi
    rm -rf -- "$t"; t=
  done
  f=$t/$n i=0 o=$#
  for a do
    if [ $i = "$x" ]; then set -- "$@" "$f"; fi
    set -- "$@" "$a"; i=$((i+1))
  done
  if [ $i = "$x" ]; then set -- "$@" "$f"; fi
  shift $o
  echo run
  "$@";;
esac`;
