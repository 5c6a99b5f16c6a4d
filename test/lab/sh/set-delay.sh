# set-delay.sh DIR NAME INDEX DELAY_PROGRAM ONE_WAY_MS LOSS RATE: puts NAME's management link behind the delay relay.
# set-delay.sh DIR NAME INDEX: takes it away. Run inside the lab.
set -e
dir=$1 name=$2 index=$3
shift 3
near=d${index}a far=d${index}b bridge=d$index
if [ $# = 0 ]; then
  ip link set "h${index}e0" master mgmt 2>/dev/null || true # a host that is just rebooting has none
  for link in "$near" "$far" "$bridge"; do ip link delete "$link"; done
  exit
fi
program=$1
shift
ip link add "$bridge" type bridge mcast_snooping 0
for link in "$near" "$far"; do ip tuntap add "$link" mode tap; done
# Nobody speaks on these links but the host: no address of theirs may appear.
for link in "$near" "$far" "$bridge"; do sysctl -qw "net.ipv6.conf.$link.disable_ipv6=1"; done
ip link set "$near" master mgmt up
ip link set "$far" master "$bridge" up
ip link set "$bridge" up
setsid sh -c 'read -r pid _ < /run/machine-proc/self/stat; echo $pid > "$1"; shift; exec "$@"' \
  delay "$dir/hosts/$name/delay.pid" "$program" "$near" "$far" "$@" > "$dir/hosts/$name/delay.log" 2>&1 < /dev/null &
ip link set "h${index}e0" master "$bridge" 2>/dev/null || true
