# qemu.sh DIR NAME: becomes the QEMU of a guest, whose number in the machine's count is in the guest's folder. Run in a mount namespace of
# its own inside the lab.
set -e
dir=$1 name=$2
. "$dir/guests/$name/settings" # index, memory, cpus, base, tools, image
root=$dir/roots/guest-$name/root
mount -t overlay -o "lowerdir=$tools:$base" tools "$root"
mount --bind "$image" "$root/images"
mount --bind "$dir/guests/$name" "$root/guest"
mount --bind "$dir/roots/guest-$name/disk" "$root/mnt"
mount --rbind "$dir/roots/dev" "$root/dev"
[ -e "$root/mnt/disk.qcow2" ] ||
  chroot "$root" qemu-img create -q -f qcow2 -b /images/disk.raw -F raw /mnt/disk.qcow2
mac() { printf '02:98:00:%02x:%02x:%02x' $((index >> 8)) $((index & 255)) "$1"; }
read -r pid _ < /run/machine-proc/self/stat
echo "$pid" > "$dir/guests/$name/pid"

# The disk: what the guest has flushed outlives QEMU's death, as that of a real machine a loss of power. Its file is in memory, where
# flushing costs nothing.
exec chroot "$root" qemu-system-x86_64 -name "$name" -nodefaults -no-user-config -display none \
  -machine q35 -accel tcg,thread=multi,tb-size=256 -cpu max -smp "$cpus" -m "${memory}M" \
  -chardev file,id=console,path=/guest/console,append=on -serial chardev:console \
  -device intel-iommu,intremap=off \
  -drive file=/mnt/disk.qcow2,if=none,id=disk,cache=writeback,discard=unmap -device virtio-blk-pci,drive=disk,addr=02.0 \
  -netdev "tap,id=mgmt,ifname=g${index}m,script=no,downscript=no,vhost=off" \
  -device "virtio-net-pci,netdev=mgmt,addr=03.0,romfile=,mac=$(mac 0)" \
  -netdev "tap,id=data,ifname=g${index}d,script=no,downscript=no,vhost=off,queues=4" \
  -device "virtio-net-pci,netdev=data,addr=04.0,romfile=,mac=$(mac 1),mq=on,vectors=10" \
  -netdev "tap,id=pf,ifname=g${index}p,script=no,downscript=no,vhost=off" \
  -device pcie-root-port,id=rp,bus=pcie.0,addr=05.0,chassis=1,slot=1 \
  -device "igb,netdev=pf,bus=rp,romfile=,mac=$(mac 2)" \
  -device virtio-rng-pci,addr=06.0 \
  -device virtio-serial-pci,addr=07.0 -chardev socket,id=agent,path=/guest/agent,server=on,wait=off \
  -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0
