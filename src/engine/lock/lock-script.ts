import { compileProbe } from '../../sdk/compile.ts';
import { sh } from '../../sdk/index.ts';

/** What stands in the lock about its holder, and where it lies. */
export interface Claim {
  /** Of this run and no other; letters and digits. */
  readonly token: string;
  /** One line about the holder, without control characters. */
  readonly words: string;
  /** Folder for the lock in place of the usual ones; undefined: the usual ones. */
  readonly folder: string | undefined;
}

/** Exit code where somebody else has the lock; the last line of the output says who. */
export const LOCKED = 75;
/** Exit code where the claim has gone, or is of another shell. */
export const LOST = 74;
/** Exit code where no folder can hold the lock; stderr says why. */
export const NO_PLACE = 73;

/**
 * sh that takes the lock of the host, or finds that the shell has it already: then without starting a process.
 * Its output is made of lines: `have CLAIM` with exit code 0, or `WHAT PID ADDRESS WORDS`, where WHAT is `held`, `trying` or `window` with exit code
 * {@link LOCKED}, and `undone` for a change that was left unconfirmed and that it has taken back.
 */
export const takeLock = ({ token, words, folder }: Claim): string =>
  compileProbe({ script: take, args: [token, words, folder ?? ''] });

/** sh that only looks whether a shell still has what {@link takeLock} gave it. Exit code {@link LOST} where it has not. */
export const hasLock = (claim: string): string => compileProbe({ script: has, args: [claim] });

/** sh for the end of a shell that may have the lock. */
export const leaveLock = ({ token, folder }: Omit<Claim, 'words'>): string =>
  compileProbe({ script: leave, args: [token, folder ?? ''] });

/*
 * How it works. The lock is a folder of claims: files of one line, named TOKEN.PID.START after the shell that made them (START is
 * its start time in ticks, so that another process of the same number is told from it). Who wants the lock first makes a claim,
 * then looks at those of others. Where a living one of another run is marked (NAME.held), it takes its own away and gives up;
 * where there is none at all, it marks its own and has the lock. Two that begin at once see one another: the one whose shell
 * started first stays and looks again, the other steps back. Claims of dead shells and of another boot are removed by whoever
 * comes by. That can never hit a living one: nothing is taken over, and there is no moment at which two could have it.
 *
 * The lock of root is that of the host, in /run; other users have each a folder of their own under /tmp, as there is none that
 * all may write and none may misuse, and they respect root's as well. Where /run cannot be written root uses /tmp too; it always
 * looks at both.
 *
 * A shell that waits for its next request is silent, and its connection may have gone without a word (a controller switched
 * off). What is heard of it are the keepalives of SSH: where nothing has come for two minutes and the shell does nothing,
 * its claim is taken away. Should it come back, its next request finds that out before it does anything.
 *
 * A change of another run that waits for its confirmation counts as its holder. One that nobody will ever confirm or take back
 * (a boot has killed its timer, on a host without systemd) is taken back here and now.
 */
// "$1" token, "$2" words, "$3" folder.
const take = sh`t=$1 words=$2
look() { l=; { while IFS= read -r x || [ -n "$x" ]; do l=$l$x; done <"/proc/$1/stat"; } 2>/dev/null; [ -n "$l" ]; }
while read -r k x u y; do if [ "$k" = Uid: ]; then break; fi; done <"/proc/$$/status"
if [ -n "$3" ]; then own=$3/.kvmnet.lock-$u all=$own
elif [ "$u" = 0 ]; then own='/run/kvmnet.lock /tmp/.kvmnet.lock-0' all=$own
else own=/tmp/.kvmnet.lock-$u all="/run/kvmnet.lock $own"
fi
look $$ || { echo '/proc is not mounted' >&2; exit 73; }
set -- \${l##*) }
start=\${20} name=$t.$$.\${20}
for d in $own; do if [ -e "$d/$name.held" ]; then echo "have $d/$name"; exit 0; fi; done
umask 022
read -r boot </proc/sys/kernel/random/boot_id
nap() { sleep 0.1 2>/dev/null || sleep 1; }
alive() {
  if look "$1"; then
    s=$2
    set -- \${l##*) }
    case $1 in Z|X|x) return 1;; esac
    [ "\${20}" = "$s" ]
  else
    # Not there, or not to be seen by us.
    case $(kill -0 "$1" 2>&1) in *ermitted*) ;; *) return 1;; esac
  fi
}
# The connection that a process came by, as sshd tells it. sudo hides it, so it is looked for in the processes above.
from() {
  c= i=$1
  while [ "$i" -gt 1 ]; do
    c=$({ tr '\0' '\n' <"/proc/$i/environ" | sed -n 's/^SSH_CONNECTION=//p'; } 2>/dev/null)
    if [ -n "$c" ] || ! look "$i"; then break; fi
    set -- \${l##*) }
    i=$2
  done
}
silent() {
  from "$1"
  w=$1
  set -- $c
  if [ $# != 4 ] || ! x=$(ss -tinH "sport = :$4 and dport = :$2" 2>/dev/null); then return 1; fi
  case $x in *"$1"*lastrcv:*) x=\${x##*lastrcv:}; x=\${x%%[!0-9]*};; *) return 1;; esac
  if [ "\${x:-0}" -lt 120000 ]; then return 1; fi
  for i in /proc/[0-9]*; do
    if look "\${i#/proc/}"; then set -- \${l##*) }; if [ "$2" = "$w" ]; then return 1; fi; fi
  done
}
scan() {
  mine= held= trying= first=1
  for d in $all; do
    for f in "$d"/*.*.*; do
      n=\${f##*/}
      case $n in
        "$name"|'*.*.*') continue;;
        *.held) if ! [ -e "\${f%.held}" ]; then rm -f -- "$f"; fi; continue;;
      esac
      since=\${n##*.} p=\${n#*.}; p=\${p%.*}
      b= rest=
      read -r b rest <"$f"
      if { [ -n "$b" ] && [ "$b" != "$boot" ]; } || ! alive "$p" "$since"; then rm -f -- "$f" "$f.held"
      elif [ "\${n%%.*}" = "$t" ]; then if [ -e "$f.held" ]; then mine=1; fi
      elif [ -e "$f.held" ]; then
        if silent "$p"; then rm -f -- "$f" "$f.held"; continue; fi
        case $rest in '- '*) if [ -n "$c" ]; then rest="\${c%% *} \${rest#- }"; fi;; esac
        held="$p $rest"
      else
        trying="$p $rest"
        if [ "$since" -lt "$start" ] || { [ "$since" = "$start" ] && [ "$p" -lt $$ ]; }; then first=; fi
      fi
    done
  done 2>/dev/null
}
make() {
  c=\${SSH_CONNECTION%% *}
  # More than once: a folder may go at any moment, with the last claim in it.
  for d in $own $own $own; do
    m=700; if [ "$d" = /run/kvmnet.lock ]; then m=755; fi
    if ! [ -d "$d" ]; then mkdir -m $m -- "$d"; fi
    if [ -L "$d" ] || ! [ -O "$d" ]; then continue; fi
    if printf '%s %s %s\n' "$boot" "\${c:--}" "$words" >"$d/$name" && [ -s "$d/$name" ]; then claim=$d/$name; return 0; fi
    rm -f -- "$d/$name"
  done
  return 1
}
windows() {
  waits=
  for f in /var/lib/kvmnet/confirm/*/armed /var/lib/kvmnet/confirm/*/undoing; do
    if ! [ -e "$f" ]; then continue; fi
    w=\${f%/*} who= rest= end= b=
    { read -r who rest <"$w/holder"; } 2>/dev/null
    { read -r end <"$w/deadline"; read -r b <"$w/boot"; } 2>/dev/null
    read -r now x </proc/uptime
    now=\${now%%.*} late=
    if [ "$b" = "$boot" ]; then if [ "$now" -gt $((end + 60)) ]; then late=1; fi
    # After a boot a unit takes it back where there is systemd; it may still be on its way.
    elif [ -n "$b" ]; then if [ "$now" -gt 600 ] || ! [ -d /run/systemd/system ]; then late=1; fi
    fi
    if [ -n "$late" ] && sh "$w/undo.sh" boot >/dev/null 2>&1 && [ -e "$w/undone" ]; then
      echo "undone 0 $rest"
      rm -rf -- "$w"
    elif [ "$who" != "$t" ]; then waits="0 $rest"
    fi
  done
}
tell() { printf '%s %s\n' "$1" "$2"; exit 75; }
n=0
while [ $n -lt 5 ]; do
  n=$((n+1))
  scan
  if [ -n "$mine" ]; then exit 0; fi
  if [ -n "$held" ]; then tell held "$held"; fi
  make 2>/dev/null || { make; exit 73; }
  scan
  k=0
  while [ -z "$held" ] && [ -n "$trying" ] && [ -n "$first" ] && [ $k -lt 20 ]; do k=$((k+1)); nap; scan; done
  if [ -z "$held$trying" ]; then
    waits=
    if [ "$all" = "$own" ]; then windows; fi
    if [ -z "$waits" ]; then
      if printf '' >"$claim.held"; then echo "have $claim"; exit 0; fi
      rm -f -- "$claim" "$claim.held"
      exit 73
    fi
    rm -f -- "$claim"
    tell window "$waits"
  fi
  rm -f -- "$claim"
  nap
done
if [ -n "$held" ]; then tell held "$held"; fi
tell trying "$trying"`;

// "$1" claim.
const has = sh`case $1 in *.$$.*) if [ -e "$1.held" ]; then exit 0; fi;; esac; exit 74`;

// "$1" token, "$2" folder.
const leave = sh`t=$1
for d in /run/kvmnet.lock /tmp/.kvmnet.lock-* "$2"/.kvmnet.lock-*; do
  set -- "$d/$t.$$."*
  if [ -e "$1" ]; then rm -f -- "$@"; rmdir -- "$d"; fi
done 2>/dev/null`;
