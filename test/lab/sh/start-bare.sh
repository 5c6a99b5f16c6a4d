# start-bare.sh DIR BASE NAME...: starts bare hosts: own network, mounts, processes and name, and a plain sshd. Run inside the lab.
dir=$1 base=$2 here=${0%/*}
shift 2
. "$here/wire.sh"
mount_root() { :; } # each does so in its own mount namespace
for name; do
  wire "$name" && furnish "$name" || { echo "$name: could not be wired" >&2; exit 1; }
  setsid nsenter --net="/run/netns/$name" unshare --mount --pid --uts --ipc --fork --propagation private \
    sh "$here/bare-init.sh" "$dir" "$base" "$name" > "$dir/hosts/$name/log" 2>&1 < /dev/null &
done
