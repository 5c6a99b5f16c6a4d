# start-guest.sh DIR NAME: powers a guest on, which ends with the lab at the latest. Run inside the lab.
set -e
dir=$1 name=$2 here=${0%/*}
. "$dir/guests/$name/settings" # index, data, pf: see guest-files.ts

# Links of a guest whose power was cut are still there.
for link in "g${index}m" "g${index}d" "g${index}p"; do
  ip link delete "$link" 2>/dev/null || ip -n switch link delete "$link" 2>/dev/null || :
done
ip tuntap add "g${index}m" mode tap
ip tuntap add "g${index}d" mode tap multi_queue
ip tuntap add "g${index}p" mode tap
# Nobody speaks on our ends but the guest: no address of theirs may appear.
for link in "g${index}m" "g${index}d" "g${index}p"; do
  sysctl -qw "net.ipv6.conf.$link.disable_ipv6=1"
  ip link set "$link" up
done
ip link set "g${index}m" master mgmt

rm -f "$dir/guests/$name/pid" "$dir/guests/$name/agent"
mkdir -p "$dir/roots/guest-$name/disk" "$dir/roots/guest-$name/root"
setsid unshare --mount --propagation private sh "$here/qemu.sh" "$dir" "$name" > "$dir/guests/$name/qemu.log" 2>&1 < /dev/null &
tries=0
until [ -S "$dir/guests/$name/agent" ]; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || { cat "$dir/guests/$name/qemu.log" >&2; echo "QEMU did not start" >&2; exit 1; }
  sleep 0.05
done

# QEMU has its links open: those of a segment go to the switch.
plug() { # plug LINK SEGMENT
  [ "$2" = none ] || { ip link set "$1" netns switch && ip -n switch link set "$1" master "s-$2" up; }
}
plug "g${index}d" "$data"
plug "g${index}p" "$pf"
