# init.sh DIR leased|kept: the first process of a lab; its network namespace is the hub, where clients run.
# leased: the lab lasts as long as somebody holds the other end of stdin. Prints its process id in the machine's count.
set -e
dir=$1 kind=$2 here=${0%/*}
read -r pid _ < /proc/self/stat

# The machine's own /proc stays in reach: a host learns there by which number the machine knows it.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/netns /run/machine-proc /run/sys
mount --rbind /proc /run/machine-proc
mount -t proc proc /proc
mount -t sysfs sysfs /run/sys
[ -d /run/sys/fs/cgroup ] && mount --rbind /sys/fs/cgroup /run/sys/fs/cgroup
mount --move /run/sys /sys

# What hosts write is kept in memory: quick, gone with the lab, and an overlay works whatever DIR is on.
mkdir -p "$dir/roots"
mount -t tmpfs -o mode=755,size=75%,nr_inodes=0 tmpfs "$dir/roots"
mkdir "$dir/roots/dev" "$dir/roots/common"
mount -t tmpfs -o mode=755,size=1m tmpfs "$dir/roots/dev"
cd "$dir/roots/dev"
mknod -m 666 null c 1 3; mknod -m 666 zero c 1 5; mknod -m 666 full c 1 7
mknod -m 666 random c 1 8; mknod -m 666 urandom c 1 9; mknod -m 666 tty c 5 0
mkdir net pts shm; mknod -m 666 net/tun c 10 200
ln -s pts/ptmx ptmx; ln -s /proc/self/fd fd
ln -s /proc/self/fd/0 stdin; ln -s /proc/self/fd/1 stdout; ln -s /proc/self/fd/2 stderr
mount -o remount,ro "$dir/roots/dev"
cd /
mkdir -p "$dir/roots/common/etc/ssh" "$dir/roots/common/usr/lib/kvmnet-lab"
cp "$here/host-init.sh" "$dir/roots/common/usr/lib/kvmnet-lab/init"
chmod 755 "$dir/roots/common/usr/lib/kvmnet-lab/init"
while read -r path rest; do
  [ ! -e "$path" ] || echo "$path $rest"
done < "$here/guard.fstab" > "$dir/roots/common/usr/lib/kvmnet-lab/guard.fstab"
cp "$dir/home/.ssh/id_ed25519.pub" "$dir/roots/common/etc/ssh/lab_authorized_keys"

hostname kvmnet-lab
ip link set lo up
# No address detection: a duplicate cannot be, and it costs two seconds. No snooping: multicast floods, as in a plain switch.
ip link add mgmt type bridge mcast_snooping 0
sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.mgmt.accept_dad=0 net.ipv6.conf.mgmt.accept_ra=0
ip address add 10.97.255.254/16 dev mgmt
ip address add fd97::ffff/64 dev mgmt nodad
ip link set mgmt up
# Data segments live apart, so that what hosts say to one another there never reaches the clients.
ip netns add switch

echo "$pid"
exec >/dev/null
if [ "$kind" = leased ]; then
  exec 3<&0 # a background command has /dev/null as its stdin, whatever `<&0` says
  cat <&3 >/dev/null &
  wait $!
else
  while :; do sleep 100000 & wait $!; done
fi
