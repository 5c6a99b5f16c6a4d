import { sh } from '../script.ts';

/**
 * Prints what is known of one path: header lines `key value`, an empty line, then the raw link target or content.
 *
 * "$1" path, "$2" name to append where the path is a folder, "$3" L where a link is followed, "$4" user and "$5" group to look
 * up, "$6" h where the hash is wanted, "$7" hash of which the content is not wanted, "$8" most bytes of content wanted,
 * "$9" end of the name of a backup to look for.
 * One `stat` for a file, `sha256sum` and `cat` where they are asked for: forks are what a probe costs.
 */
export const statusScript = sh`LC_ALL=C; export LC_ALL
n='
'
f=$1
who() {
  if command -v getent >/dev/null 2>&1; then
    e=$(getent "$1" "$2") || return 1
    e=\${e#*:}; e=\${e#*:}; e=$(getent "$1" "\${e%%:*}") || return 1
    printf '%s\n' "\${e%%:*}"; return 0
  fi
  id=
  while IFS=: read -r name x i rest; do if [ "$name" = "$2" ] || [ "$i" = "$2" ]; then id=$i; break; fi; done <"/etc/$1"
  if [ -z "$id" ]; then return 1; fi
  while IFS=: read -r name x i rest; do if [ "$i" = "$id" ]; then printf '%s\n' "$name"; return 0; fi; done <"/etc/$1"
}
look() {
  if [ -z "$3" ]; then return; fi
  if [ -n "$4" ] && { [ "$3" = "$4" ] || [ "$3" = "$5" ]; }; then echo "$1 same"
  elif w=$(who "$2" "$3"); then echo "$1 is $w"
  else case $3 in *[!0-9]*) echo "$1 unknown";; *) echo "$1 is $3";; esac; fi
}
if [ -n "$2" ] && [ -d "$f" ]; then f=\${f%/}/$2; echo into; fi
if [ -n "$9" ] && [ -e "$f.$9" ]; then echo backup; fi
if s=$(stat \${3:+-L} -c '%s
%U
%u
%G
%g
%f
%Y
%h
%i
%d' -- "$f" 2>&1) || { [ -L "$f" ] && s=$(stat -c '%s
%U
%u
%G
%g
%f
%Y
%h
%i
%d' -- "$f" 2>&1) && set -- "$1" "$2" "" "$4" "$5" "$6" "$7" "$8"; }; then
  z=\${s%%"$n"*}; r=\${s#*"$n"}; U=\${r%%"$n"*}; r=\${r#*"$n"}; u=\${r%%"$n"*}; r=\${r#*"$n"}; G=\${r%%"$n"*}; r=\${r#*"$n"}; g=\${r%%"$n"*}
  printf 'stat\n%s\n' "$s"
  look owner passwd "$4" "$U" "$u"; look group group "$5" "$G" "$g"
  if [ -L "$f" ] && [ -z "$3" ]; then echo; readlink -n -- "$f"; exit 0; fi
  h=
  if [ -n "$6" ] && [ -f "$f" ]; then
    if h=$(sha256sum <"$f" 2>&1); then h=\${h%% *}; echo "sha256 $h"
    elif [ -r "$f" ]; then printf 'failed %s\n' "\${h%%"$n"*}"; exit 0
    else echo unreadable; exit 0; fi
  fi
  if [ -f "$f" ] && [ "$8" -gt 0 ] && [ "$z" -le "$8" ] && { [ -z "$h" ] || [ "$h" != "$7" ]; }; then
    if [ -r "$f" ]; then printf 'content\n\n'; cat <"$f"; else echo unreadable; fi
  fi
  exit 0
fi
case $s in *'ermission denied'*) echo denied;; esac
if [ -e "$f" ] || [ -L "$f" ]; then printf 'failed %s\n' "\${s%%"$n"*}"; fi
p=\${f%/*}; c=0
while [ -n "$p" ] && [ ! -e "$p" ] && [ ! -L "$p" ]; do p=\${p%/*}; c=$((c+1)); done
if [ -d "\${p:-/}" ]; then k=folder; else k=other; fi
echo "parent $c $k"
look owner passwd "$4" '' ''; look group group "$5" '' ''`;
