import { sh } from './script.ts';
import { quote, quoteAll, quoteBytes } from './quote.ts';
import type { ProbeCommand } from './probe.ts';
import type { Content, Step, Stored, WriteStep } from './step.ts';

/** Where things of this run lie on the host. */
export interface CompileContext {
  /** Paths of uploaded files on the host, by SHA-256. */
  readonly uploads?: ReadonlyMap<string, string>;
  /** What keeps what is overwritten or removed, by SHA-256, for undo: a folder; nothing is kept without it. */
  readonly undoStore?: string | UndoRun | undefined;
}

/** The folder of a run in the undo store of the host: root's own, or that of the user in whose name the change is made. */
export interface UndoRun {
  /** Id of the run. */
  readonly run: string;
}

/** Sets `u` to the folder in which a host keeps what undos need, one folder for each run. No process is started for it. */
export const undoFolder = 'u=/var/lib/kvmnet/undo; [ -O / ] || u=$HOME/.local/state/kvmnet/undo; ';

const storeWord = (store: CompileContext['undoStore']): string =>
  typeof store === 'object' ? `"$u"/${quote(store.run)}` : quote(store ?? '');

/** Turns a probe into sh for a subshell of its own. */
export function compileProbe(command: ProbeCommand): string {
  const call = 'argv' in command ? quoteAll(command.argv) : group(command.script);
  const body = command.stdin === undefined ? call : `${feed(command.stdin)} | ${call}`;
  return 'argv' in command ? body : `${positional(command.args)}${body}`;
}

/** Turns a step into sh for a subshell of its own; its exit code is not 0 when the step failed. */
export function compileStep(step: Step, context: CompileContext = {}): string {
  switch (step.kind) {
    case 'exec':
      return compileExec(step);
    case 'snippet':
      return compileProbe(step);
    case 'poke':
      // Shells say little or nothing when a write is refused (busybox: nothing at all).
      return `printf %s ${quote(step.value)} >${quote(step.path)} || { rc=$?; printf '%s\\n' ${quote(`the kernel does not take ${JSON.stringify(step.value)} for ${step.path}`)} >&2; exit $rc; }`;
    case 'remove':
      return `${undoFolderOf(context)}${positional([step.path, step.recursive === true ? 'r' : ''], storeWord(context.undoStore))}${group(removeScript)}`;
    case 'wait':
      return compileWait(step);
    default:
      return compileWrite(step, context);
  }
}

function compileExec(step: Extract<Step, { kind: 'exec' }>): string {
  const variables = Object.entries(step.environment ?? {}).map(([name, value]) => `export ${name}=${quote(value)}; `);
  const call = `${variables.join('')}${step.stdin === undefined ? '' : `${feed(step.stdin)} | `}${quoteAll(step.argv)}`;
  const ok = (step.ok ?? []).filter((code) => code !== 0);
  if (ok.length === 0) return call;
  return `${call}; rc=$?; case $rc in ${ok.join('|')}) exit 0;; *) exit $rc;; esac`;
}

function compileWait(step: Extract<Step, { kind: 'wait' }>): string {
  const interval = step.interval ?? 0.2;
  const tries = Math.max(1, Math.ceil(step.timeout / interval));
  // Counts tries, not seconds: the clock of a host may jump. `sleep 0.2` is no POSIX, but GNU and busybox have it.
  return [
    positional(step.args),
    `n=0; while ! (${step.script}\n) >/dev/null 2>&1; do n=$((n+1)); `,
    `if [ $n -ge ${tries} ]; then printf '%s\\n' ${quote(`gave up waiting for ${step.what} after ${step.timeout} s`)} >&2; exit 124; fi; `,
    `sleep ${interval} 2>/dev/null || sleep 1; done`,
  ].join('');
}

function compileWrite(step: WriteStep, context: CompileContext): string {
  const args = [step.path, step.mode ?? '', step.owner ?? '', step.group ?? '', expectation(step.expect)];
  const link = step.follow === false ? 'n' : '';
  const source = contentSource(step.content, context);
  return [
    undoFolderOf(context, step.content),
    `new() { ${source}; }; `,
    `check() { ${step.validate === undefined ? ':' : step.validate.map(checkWord).join(' ')}; }; `,
    `${positional([...args, link], storeWord(context.undoStore))}${group(writeScript)}`,
  ].join('');
}

const checkWord = (word: string): string =>
  word
    .split('%s')
    .map((piece) => (piece === '' && word !== '' ? '' : quote(piece)))
    .join('"$1"');

const expectation = (expect: string | null | undefined): string => (expect === null ? 'none' : (expect ?? ''));

function contentSource(content: Content, context: CompileContext): string {
  // Through cat: where the disk is full the printf of dash says "I/O error", that of busybox nothing.
  if (typeof content === 'string') return `printf %s ${quote(content)} | cat`;
  if (content instanceof Uint8Array) return `printf %b ${quoteBytes(content)} | cat`;
  if ('onHost' in content) return `cat -- ${quote(content.onHost)}`;
  if ('stored' in content) return `cat ${storeWord(storeOf(content, context))}/${quote(content.stored)}`;
  const path = context.uploads?.get(content.sha256);
  if (path === undefined) throw new Error(`content of ${content.file} has not been uploaded`);
  return `cat ${quote(path)}`;
}

const feed = (text: string): string =>
  text.includes('\0') ? `printf %b ${quoteBytes(Buffer.from(text))}` : `printf %s ${quote(text)}`;
const storeOf = (content: Stored, context: CompileContext): CompileContext['undoStore'] =>
  content.run === undefined ? context.undoStore : { run: content.run };

/** What finds the undo store of the user, where one is needed. */
function undoFolderOf(context: CompileContext, content?: Content): string {
  const stored = typeof content === 'object' && 'stored' in content ? storeOf(content, context) : undefined;
  return [stored, context.undoStore].some((store) => typeof store === 'object') ? undoFolder : '';
}

/** @param more - shell words as they are, behind the others */
const positional = (args: readonly string[], ...more: readonly string[]): string =>
  `set -- ${[...args.map(quote), ...more].join(' ')}; `;
const group = (script: string): string => `{ ${script}\n}`;

// The helper functions below work in the part's subshell, so they may `exit`.
//
// "$1" path, "$2" mode, "$3" owner, "$4" group, "$5" expected SHA-256, `none` or empty, "$6" n where a symbolic link is itself
// replaced, "$7" undo store. The new file lies in the same folder, so that the rename is atomic; it is made with umask
// 077 and `set -C`, so that nobody reads it early and no planted link is followed. Copying the old file first (`cp -p`) takes
// owner, mode and ACL along. Names may end in newlines, which `$(…)` would eat.
const writeScript = sh`f=$1; l=
if [ -L "$f" ]; then if [ -n "$6" ]; then l=1; else f=$(readlink -fn -- "$f" && printf x) || exit 1; f=\${f%x}; fi; fi
d=\${f%/*}; n=\${f##*/}; if [ \${#n} -gt 50 ]; then n=new; fi; t=$d/.kvmnet.$$.$n
if [ -z "$l" ] && [ -e "$f" ]; then e=1; else e=; fi
if [ -n "$5" ]; then
  if [ -n "$e" ]; then s=$(sha256sum <"$f") || exit 1; s=\${s%% *}; else s=none; fi
  if [ "$s" != "$5" ]; then echo "$f has changed since it was read" >&2; exit 90; fi
fi
if [ -n "$7" ] && [ -n "$e" ] && [ -f "$f" ]; then
  s=$(sha256sum <"$f") || exit 1; s=\${s%% *}
  if [ ! -e "$7/$s" ]; then
    (umask 077; mkdir -p -- "$7" && cp -p -- "$f" "$7/.$s.$$" && { sync -- "$7/.$s.$$" 2>/dev/null || sync; } && mv -- "$7/.$s.$$" "$7/$s") || { echo "the old content of $f cannot be kept for undo" >&2; exit 1; }
  fi
fi
umask 077
trap 'rm -f -- "$t"' EXIT
trap 'exit 1' HUP INT PIPE TERM
# What a write that was killed has left here.
for o in "$d"/.kvmnet.[0-9]*."$n"; do p=\${o##*/.kvmnet.}; p=\${p%%.*}; if [ -f "$o" ] && ! [ -e "/proc/$p" ]; then rm -f -- "$o"; fi; done
rm -f -- "$t"; (set -C; : >"$t") || exit 1
m=0644; if [ -n "$e" ]; then m=; cp -p -- "$f" "$t" || exit 1; fi
new >"$t" || exit 1
if [ -n "$2" ]; then m=$2; fi
if [ -n "$3$4" ]; then chown -- "$3\${4:+:$4}" "$t" || exit 1; fi
if [ -n "$m" ]; then chmod -- "$m" "$t" || exit 1; fi
check "$t" || { echo "the new content of $f did not pass its check" >&2; exit 91; }
sync -- "$t" 2>/dev/null || sync
if [ -n "$e" ] && [ -e /sys/fs/selinux/enforce ]; then chcon --reference="$f" -- "$t"; fi
if [ -n "$l" ] && [ -d "$f" ]; then rm -f -- "$f" || exit 1; fi
mv -f -- "$t" "$f" || exit 1
if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon -- "$f"; fi
sync -- "\${d:-/}" 2>/dev/null || :`;

// "$1" path, "$2" r where a folder may go with all it holds, "$3" undo store.
const removeScript = sh`if [ -n "$3" ] && [ -f "$1" ] && [ ! -L "$1" ]; then
  s=$(sha256sum <"$1") || exit 1; s=\${s%% *}
  if [ ! -e "$3/$s" ]; then (umask 077; mkdir -p -- "$3" && cp -p -- "$1" "$3/.$s.$$" && { sync -- "$3/.$s.$$" 2>/dev/null || sync; } && mv -- "$3/.$s.$$" "$3/$s") || exit 1; fi
fi
if [ -n "$2" ]; then rm -rf -- "$1"; elif [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$1"; else rm -f -- "$1"; fi`;
