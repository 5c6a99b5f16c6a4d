/**
 * What a kept-open sh is taught when it starts. POSIX sh only, builtins only, save for `sleep`: it has to work with
 * dash, bash and busybox, and without `setsid`, `timeout` or a terminal.
 *
 * - `__kn_find` looks through /proc for what a request has started: the children of the control shell `m` and all that
 *   descends from them, and processes of its process group that are younger than tick `t` (daemonised ones have no parent
 *   left to be found by). The control shell, its ancestors (sudo may share its group) and the searcher are spared.
 *   `K` remembers victims as `pid.start`, for those whose parent dies before them.
 * - `__kn_end` ends them: TERM, 2 s later KILL, until none is left.
 * - `__kn_guard` sleeps and then ends the request. It runs in the background with no stream of the channel open, and goes
 */
export const HOST_FUNCTIONS = `
__kn_stat() {
  l=; { while IFS= read -r x || [ -n "$x" ]; do l=$l$x; done <"/proc/$1/stat"; } 2>/dev/null; [ -n "$l" ]
}
__kn_find() {
  L=; A=' '; n=
  for d in /proc/[0-9]*; do
    i=\${d#/proc/}
    case $v in *" $i "*) continue;; esac
    __kn_stat "$i" || continue
    set -- \${l##*) }
    case $1 in Z|X|x) continue;; esac
    [ "$2" = "$me" ] || L="$L $i:$2:$3:\${20}"
  done
  until [ "$n" = "$A" ]; do
    n=$A
    for e in $L; do
      i=\${e%%:*}; e=\${e#*:}; q=\${e%%:*}; e=\${e#*:}; r=\${e%%:*}; e=\${e#*:}
      case $A in *" $i "*) continue;; esac
      case $K in *" $i.$e "*) A="$A$i "; continue;; esac
      case "$A$m " in *" $q "*) ;; *) [ "$r" = "$g" ] && [ "$e" -ge "$t" ] || continue;; esac
      A="$A$i "; K="$K$i.$e "
    done
  done
}
__kn_end() {
  IFS=' '; K=' '; v=" $m $me "; i=$m
  while __kn_stat "$i"; do set -- \${l##*) }; i=$2; [ "$i" -gt 1 ] || break; v="$v$i "; done
  __kn_stat "$m" || return; set -- \${l##*) }; g=$3
  w=0
  while __kn_find; [ "$A" != ' ' ]; do
    if [ $w -lt 20 ]; then s=TERM; elif [ $w -lt 100 ]; then s=KILL; else return 1; fi
    if [ $w = 0 ] || [ $s = KILL ]; then kill -$s $A; kill -CONT $A; fi
    if sleep 0.1; then w=$((w+1)); else sleep 1; w=$((w+10)); fi
  done 2>/dev/null
}
__kn_guard() {
  o=$!; trap '[ "$!" = "$o" ] || kill -KILL "$!"; exit 0' TERM
  sleep "$1" & wait "$!" || { sleep "$2" & wait "$!"; } || exit 0
  trap '' TERM
  m=$$; read -r me x </proc/self/stat && __kn_stat "$me" || kill -KILL 0
  set -- \${l##*) }; t=\${20}
  __kn_end
  exit 99
}
__kn_abort() {
  m=$1; t=; read -r me x </proc/self/stat || return 1
  for d in /proc/[0-9]*; do
    __kn_stat "\${d#/proc/}" || continue
    set -- \${l##*) }
    [ "$2" = "$m" ] || continue
    if [ -z "$t" ] || [ "\${20}" -lt "$t" ]; then t=\${20}; fi
  done
  [ -z "$t" ] || __kn_end
}
`;

/** Exit status of `__kn_guard` when it had to end a request. */
export const GUARD_FIRED = 99;

/**
 * The first lines of a shell. From here on its own messages go nowhere and stderr is kept as descriptor 9 for the parts:
 * bash would write the text of a killed command, secrets and all. PATH gets the administration folders that sshd leaves
 * out for ordinary users; a working directory that the become user may not read is left.
 */
export const HELLO = `exec 9>&2 2>/dev/null
LC_ALL=C; PATH=\${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin; export LC_ALL PATH
cd . || cd /
${HOST_FUNCTIONS}`;
