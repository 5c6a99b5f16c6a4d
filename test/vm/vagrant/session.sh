# session.sh WORK LOWER BIND...: a place with Vagrant and libvirt, apart from the machine's network, mounts and processes. LOWER are the
# layers of its root, what BIND names is seen there under the same path. Lives until its standard input ends; `ready` in WORK holds the
# process to enter by nsenter (its mounts, network and processes; root is WORK/root).
set -e
if [ "$1" != inside ]; then
  work=$1
  mkdir -p "$work/root" "$work/upper" "$work/overlay" "$work/machine-proc"
  rm -f "$work/ready"
  mount --bind /proc "$work/machine-proc"
  exec unshare --mount --net --pid --fork --kill-child=KILL sh "$0" inside "$@"
fi
shift
work=$1 lower=$2
shift 2
root=$work/root
mount -t overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/overlay" vagrant "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
for path; do
  if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root${path%/*}"; : > "$root$path"; fi
  mount --bind "$path" "$root$path"
done
ip link set lo up
mkdir -p "$root/run/libvirt" "$root/run/lock"
chroot "$root" /usr/sbin/virtlogd -d
chroot "$root" /usr/sbin/libvirtd -d
read -r pid _ < "$work/machine-proc/self/stat"
umount "$work/machine-proc"
echo "$pid" > "$work/ready.new"
mv "$work/ready.new" "$work/ready"
# The first process here: when it ends, the kernel ends all others.
cat > /dev/null
