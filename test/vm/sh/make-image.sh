# make-image.sh BASE TOOLS OUT SOURCES APT_CONF PACKAGE...: the disk that guests start from: MBR, GRUB for a BIOS, one ext4 file system.
# Neither loop devices nor a boot is needed. OUT becomes a folder with disk.raw and the public key of its sshd.
# Run in a mount namespace of its own.
set -e
here=${0%/*} base=$1 tools=$2 out=$3 sources=$4 conf=$5
shift 5
. "$here/layer.sh"
work=$out.unfinished
mkdir -p "$work"
layer "$base" "$work/layer"

# --- packages -------------------------------------------------------------------------------------------------------
mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/default"
printf 'MODULES=list\nCOMPRESS=zstd\n' > "$root/etc/initramfs-tools/conf.d/lab.conf"
printf 'virtio_pci\nvirtio_blk\next4\n' > "$root/etc/initramfs-tools/modules"
# What no such machine has makes the disk twice as large.
for what in sound drivers/gpu drivers/media drivers/net/wireless drivers/infiniband drivers/iio drivers/staging drivers/scsi drivers/hid \
  drivers/usb drivers/input drivers/mtd drivers/isdn drivers/hwmon drivers/power drivers/thunderbolt drivers/mmc; do
  echo "path-exclude=/lib/modules/*/kernel/$what/*"
done > "$root/etc/dpkg/dpkg.cfg.d/lab-modules"
echo grub-pc grub-pc/install_devices_empty boolean true | in_root debconf-set-selections
install "$sources" "$conf" -- "$@"

# --- from a lab host, which leaves its machine alone, to a machine of its own ------------------------------------------
(cd "$root/tmp" && in_root sh -c 'cd /tmp && apt-get -q download systemd procps udev && for deb in *.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C / --wildcards "./usr/lib/sysctl.d/*" 2>/dev/null || :; done; rm -f *.deb')
in_root systemctl --quiet unmask sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount dev-hugepages.mount
rm -rf "$root/etc/systemd/system/systemd-udev-trigger.service.d" "$root/etc/systemd/journald.conf.d"
for unit in openvswitch-switch.service dpdk.service driverctl.service e2scrub_all.timer e2scrub_reap.service; do
  in_root systemctl --quiet disable "$unit" 2>/dev/null || :
done
# Where daemons take longer to start than 20 seconds, FRR's own watcher ends before it has them read their configuration.
echo 'watchfrr_options="-T 300"' >> "$root/etc/frr/daemons"
tidy

# --- this machine ----------------------------------------------------------------------------------------------------
uuid=$(cat /proc/sys/kernel/random/uuid)
echo "UUID=$uuid / ext4 errors=remount-ro 0 1" > "$root/etc/fstab"
echo guest > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 guest\n::1 localhost\n' > "$root/etc/hosts"
# A given machine id: with none, systemd takes this for a first boot and enables what the root has disabled.
tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -C guest -f "$root/etc/ssh/ssh_host_ed25519_key"
cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$work/"
cp -R "$here/../guest-files/." "$root/"
version=$(ls "$root/boot" | sed -n 's/^vmlinuz-//p')
mkdir -p "$root/boot/grub/i386-pc"
cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst "$root/boot/grub/i386-pc/"
# update-grub needs the running machine; until its first run this stands in, with the same arguments.
cat > "$root/boot/grub/grub.cfg" <<G
serial --unit=0
terminal_output serial
set timeout=0
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Debian GNU/Linux' --class debian {
	search --no-floppy --fs-uuid --set=root $uuid
	linux	/boot/vmlinuz-$version root=UUID=$uuid ro console=ttyS0 quiet
	initrd	/boot/initrd.img-$version
}
### END /etc/grub.d/10_linux ###
G
in_root grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p '(hd0,msdos1)/boot/grub' \
  biosdisk part_msdos ext2 serial normal search search_fs_uuid linux
cp "$root/boot/grub/i386-pc/core.img" "$root/usr/lib/grub/i386-pc/boot.img" "$work/"
umount "$root/dev" "$root/proc"

# --- the disk --------------------------------------------------------------------------------------------------------
mib=4096
disk=$work/disk.raw
rm -f "$disk"
truncate -s ${mib}M "$disk"
mkdir -p "$work/tools"
mount -t overlay -o "lowerdir=$tools:$base" tools "$work/tools"
mount --bind "$work" "$work/tools/images"
mount --bind "$root" "$work/tools/guest"
in_tools() { chroot "$work/tools" "$@"; }
echo 'label: dos
start=2048, type=83, bootable' | in_tools sfdisk -q /images/disk.raw
# GRUB of this release does not read file systems with the newest features.
in_tools mke2fs -q -t ext4 -L root -U "$uuid" -O '^metadata_csum_seed,^orphan_file' -d /guest \
  -E offset=1048576,lazy_itable_init=1 /images/disk.raw $(((mib - 1) * 1024))k
dd if="$work/boot.img" of="$disk" bs=1 count=440 conv=notrunc status=none
dd if="$work/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
umount "$work/tools/images" "$work/tools/guest" "$work/tools" "$root"
rm -rf "$work/layer" "$work/layer.work" "$work/layer.root" "$work/tools" "$work/core.img" "$work/boot.img"
mv "$work" "$out"
