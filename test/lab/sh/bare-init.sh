# bare-init.sh DIR BASE NAME: the first process of a bare host.
set -e
dir=$1 base=$2 name=$3 root=$1/roots/$3/root
read -r pid _ < /run/machine-proc/self/stat
mount -t overlay -o "lowerdir=$dir/roots/common:$base,upperdir=$dir/roots/$name/upper,workdir=$dir/roots/$name/work" lab "$root"
cd "$root"
cat /proc/sys/kernel/random/uuid > "$dir/hosts/$name/boot_id" # the host's own: else all hosts would share the machine's
{
  echo "proc /proc proc nosuid,nodev,noexec 0 0"
  echo "sysfs /sys sysfs nosuid,nodev,noexec 0 0"
  echo "tmpfs /run tmpfs mode=755,nosuid,nodev 0 0"
  echo "$dir/roots/dev /dev none bind 0 0"
  echo "devpts /dev/pts devpts newinstance,ptmxmode=0666,mode=620,gid=5 0 0"
  echo "tmpfs /dev/shm tmpfs mode=1777,nosuid,nodev 0 0"
  echo "$dir/hosts/$name/boot_id /proc/sys/kernel/random/boot_id none bind 0 0"
} > "$dir/hosts/$name/fstab"
mount -a -T "$dir/hosts/$name/fstab" --target-prefix "$root"
pivot_root . mnt
cd /
mount -a -T /usr/lib/kvmnet-lab/guard.fstab
mkdir -p /run/sshd /run/lock
echo "$pid" > "/mnt$dir/hosts/$name/pid"
umount -l /mnt
hostname "$name"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
/usr/sbin/sshd -E /var/log/sshd.log
set +e
# Waits for all that is left without a parent, so that no dead process stays.
while :; do
  sleep 100000 &
  wait $!
done
