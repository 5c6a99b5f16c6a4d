import { sh, type ProbeCommand } from '../../src/sdk/index.ts';
import { isLocal, socketPatterns } from './sockets.ts';

/** What is waited for. */
export type Goal =
  | {
      readonly kind: 'open' | 'closed' | 'drained';
      readonly host: string;
      readonly port: number;
      /** For grep -E: what the port says when somebody connects. */
      readonly says?: string | undefined;
      /** States of connections that count as going on, and hosts whose connections do not. */
      readonly states: readonly string[];
      readonly exclude: readonly string[];
    }
  | { readonly kind: 'there' | 'gone'; readonly path: string; readonly says?: string | undefined };

export const REACHED = 0;
export const NO_TOOL = 3;

/**
 * Looks again and again on the host: exit code 0 as soon as the goal is reached, 1 after `length` seconds, 3 where no
 * program can make a connection.
 * @param pause - seconds between two looks @param connect - seconds for one connection
 */
export function poll(goal: Goal, length: number, pause: number, connect: number): ProbeCommand {
  const common = [String(Math.ceil(length)), String(pause), goal.kind, goal.says ?? ''];
  if ('path' in goal) return { script, args: [...common, goal.path] };
  const local = isLocal(goal.host);
  const { listening, maybe, active, excluded } = socketPatterns(
    local ? goal.host : '0.0.0.0',
    goal.port,
    goal.states,
    goal.exclude,
  );
  const sockets = local || goal.kind === 'drained' ? [listening, maybe, active, excluded] : ['', '', '', ''];
  const seconds = String(Math.max(1, Math.ceil(connect)));
  return { script, args: [...common, goal.host, String(goal.port), seconds, ...sockets] };
}

// Local listeners are read off the kernel's list, which disturbs no service; others are connected to. A dual-stack listener
// cannot be told from one for IPv6 only: there too a connection tells, where one can be made.
const script = sh`length=$1 pause=$2 kind=$3 says=$4; shift 4
read -r start x </proc/uptime; start=\${start%%.*}
sockets() { grep -hsE -e "$1" /proc/net/tcp /proc/net/tcp6; }
connect() {
  t=; if command -v timeout >/dev/null; then t="timeout $3"; fi
  if command -v bash >/dev/null; then
    $t bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1; if [ -n "$3" ]; then grep -qE -m1 -e "$3" <&3; fi' bash "$1" "$2" "$says"
  elif command -v nc >/dev/null; then
    if [ -n "$says" ]; then $t nc -w "$3" "$1" "$2" | grep -qE -e "$says"; else $t nc -z -w "$3" "$1" "$2"; fi
  else return 3; fi </dev/null >/dev/null 2>&1
}
open() {
  if [ -n "$4" ]; then
    if sockets "$4" >/dev/null; then if [ -z "$says" ]; then return 0; fi
    elif [ -z "$5" ] || ! sockets "$5" >/dev/null; then return 1
    else connect "$@"; rc=$?; if [ $rc = 3 ] && [ -z "$says" ]; then return 0; fi; return $rc; fi
  fi
  connect "$@"
}
look() {
  case $kind in
  open) open "$@";;
  closed) open "$@"; case $? in 0) return 1;; 3) return 3;; *) return 0;; esac;;
  drained) if [ -n "$7" ]; then ! sockets "$6" | grep -qvE -e "$7"; else ! sockets "$6" >/dev/null; fi;;
  there) [ -e "$1" ] && { [ -z "$says" ] || grep -qsE -e "$says" -- "$1"; };;
  gone) [ ! -e "$1" ] || { [ -n "$says" ] && ! grep -qsE -e "$says" -- "$1"; };;
  esac
}
while :; do
  look "$@"; rc=$?
  case $rc in 0|3) exit $rc;; esac
  read -r now x </proc/uptime
  if [ $((\${now%%.*} - start)) -ge "$length" ]; then exit 1; fi
  sleep "$pause" 2>/dev/null || sleep 1
done`;
