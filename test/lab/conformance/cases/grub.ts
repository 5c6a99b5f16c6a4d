import type { ModuleCase } from '../module-case.ts';

// Treats the files as Debian's own does.
const updateGrub = `cat >/usr/sbin/update-grub <<'X'
#!/bin/sh
set -e
. /etc/default/grub
for f in /etc/default/grub.d/*.cfg; do [ ! -e "$f" ] || . "$f"; done
{
  echo '### BEGIN /etc/grub.d/10_linux ###'
  echo "	linux	/boot/vmlinuz-6.1.0-40-amd64 root=UUID=1-2 ro $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"
  echo "	linux	/boot/vmlinuz-6.1.0-40-amd64 root=UUID=1-2 ro single $GRUB_CMDLINE_LINUX"
  echo '### END /etc/grub.d/10_linux ###'
} >/boot/grub/grub.cfg
X
chmod 755 /usr/sbin/update-grub; mkdir -p /boot/grub /etc/default/grub.d`;
const tree = `${updateGrub}
cat >/etc/default/grub <<'X'
GRUB_DEFAULT=0
GRUB_CMDLINE_LINUX_DEFAULT="quiet splash intel_iommu=off"  # ours
GRUB_CMDLINE_LINUX='net.ifnames=0 console=tty0'
X
update-grub
echo 'BOOT_IMAGE=/boot/vmlinuz-6.1.0-40-amd64 root=UUID=1-2 ro net.ifnames=0 console=tty0 quiet splash intel_iommu=off' >/run/cmdline
mount --bind /run/cmdline /proc/cmdline
printf 'vendor_id\\t: GenuineIntel\\n' >/run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo`;
const entry = "grep -o ' ro .*' /boot/grub/grub.cfg";

export default {
  recorded: 'those of GRUB',
  setup: tree,
  examples: {
    'IOMMU for passthrough': {
      look: entry,
      shows: / ro net\.ifnames=0 console=tty0 intel_iommu=on iommu=pt quiet splash\n/,
      spoil: 'rm /etc/default/grub.d/99-kvmnet.cfg; update-grub',
    },
    '1 GiB pages, and CPUs kept for virtual machines': {
      look: entry,
      shows: / default_hugepagesz=1G hugepagesz=1G hugepages=8 isolcpus=2-15 nohz_full=2-15\b/,
      spoil: 'rm /etc/default/grub.d/99-kvmnet.cfg; update-grub',
    },
    'Messages on the serial line as well': {
      look: entry,
      shows: / console=tty0 console=ttyS0,115200\b/,
      spoil: 'sed -i s/ttyS0,115200/ttyS0,9600/ /etc/default/grub.d/99-kvmnet.cfg; update-grub',
    },
    'No splash any more': {
      look: `${entry}; cat /etc/default/grub`,
      shows: / ro net\.ifnames=0 console=tty0 intel_iommu=off\n[^]*GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=off" {2}# ours\n/,
      spoil: `sed -i 's/"intel/"quiet intel/' /etc/default/grub; update-grub`,
    },
  },
  reboot: { not: 'the files that stand for those of the kernel do not outlive a boot: vm tier' },
  refuses: [
    { params: { args: { root: '/dev/sda1' } }, says: 'grub: args: root is what the boot hangs on: kvmnet leaves it alone' },
    { params: {}, says: 'grub: give args or iommu' },
  ],
} satisfies ModuleCase;
