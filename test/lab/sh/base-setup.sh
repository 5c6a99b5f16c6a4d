# base-setup.sh ROOT: turns a fresh Debian root into that of every lab host. The users are described in README.md.
set -e
root=$1
in_root() { chroot "$root" "$@"; }

# --- who can log in -------------------------------------------------------------------------------------------------
mkdir -p "$root/opt/busybox"
ln -sf /bin/busybox "$root/opt/busybox/sh"
printf '%s\n' /opt/busybox/sh >> "$root/etc/shells"
in_root groupadd --system become-free
user() { # user NAME SHELL [GROUP]
  in_root useradd --create-home --shell "$2" ${3:+--groups "$3"} "$1"
  echo "$1:$1-secret" | in_root chpasswd -c SHA512
}
user ops /bin/bash
user plain /bin/bash
user auto /bin/bash become-free
user dashy /bin/dash become-free
user busy /opt/busybox/sh become-free
user noisy /bin/bash become-free
user cshell /bin/csh become-free
user fisher /usr/bin/fish become-free
user locked /usr/sbin/nologin
echo root:root-secret | in_root chpasswd -c SHA512
cat > "$root/etc/sudoers.d/lab" <<'S'
ops ALL=(ALL:ALL) ALL
%become-free ALL=(ALL:ALL) NOPASSWD: ALL
S
chmod 440 "$root/etc/sudoers.d/lab"
printf 'permit ops\npermit nopass :become-free\n' > "$root/etc/doas.conf"
chmod 600 "$root/etc/doas.conf"
# A login shell that talks, in every file bash reads, on both streams.
for file in .bashrc .profile .bash_profile; do
  printf 'echo "welcome from %s"; echo "warning from %s" >&2; printf "no newline at the end"\n' $file $file > "$root/home/noisy/$file"
done
printf 'echo csh says hello\n' > "$root/home/cshell/.cshrc"
mkdir -p "$root/home/fisher/.config/fish"
printf 'echo fish says hello\n' > "$root/home/fisher/.config/fish/config.fish"
in_root chown -R fisher:fisher /home/fisher

# --- sshd -----------------------------------------------------------------------------------------------------------
rm -f "$root"/etc/ssh/ssh_host_*
mkdir -p "$root/etc/ssh/sshd_config.d"
cat > "$root/etc/ssh/sshd_config.d/lab.conf" <<'S'
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab_authorized_keys
UseDNS no
MaxStartups 100:30:200
S

# --- a quiet boot that leaves the machine alone -----------------------------------------------------------------------
rm -f "$root"/usr/lib/sysctl.d/* "$root"/etc/sysctl.d/*
rm -f "$root/etc/resolv.conf" "$root/etc/machine-id" "$root/var/lib/dbus/machine-id" "$root/etc/hostname"
: > "$root/etc/machine-id"
: > "$root/etc/resolv.conf"
in_root systemctl --quiet set-default multi-user.target
in_root systemctl --quiet enable systemd-networkd.service ssh.service
# Installed, as on a hypervisor, but started only by those who want them.
for unit in frr.service openvswitch-switch.service openvswitch-testcontroller.service irqbalance.service iperf3.service \
  haproxy.service nginx.service nftables.service dnsmasq.service libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket \
  libvirt-guests.service virtlogd.socket virtlockd.socket virtlogd-admin.socket virtlockd-admin.socket uuidd.socket \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-networkd-wait-online.service; do
  in_root systemctl --quiet disable "$unit" 2>/dev/null || true
done
rm -f "$root"/etc/rc[0-6S].d/*openvswitch-testcontroller
# File systems of the kernel itself, which would show the machine's, and consoles that are not there.
in_root systemctl --quiet mask sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount dev-hugepages.mount proc-sys-fs-binfmt_misc.automount console-getty.service \
  getty@.service getty.target systemd-hwdb-update.service systemd-timesyncd.service
# The host's udev asks for its links only; at the machine's other devices, which are read-only, it would give up.
mkdir -p "$root/etc/systemd/system/systemd-udev-trigger.service.d" "$root/etc/systemd/journald.conf.d"
printf '[Service]\nExecStart=\nExecStart=-udevadm trigger --action=add --subsystem-match=net\n' \
  > "$root/etc/systemd/system/systemd-udev-trigger.service.d/lab.conf"
printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n' > "$root/etc/systemd/journald.conf.d/lab.conf"

# --- packages without a network ---------------------------------------------------------------------------------------
# The one source of the hosts' apt: two versions of a package that holds one file.
repo=$root/opt/lab-packages
mkdir -p "$repo"
for version in 1.0 2.0; do
  build=$(mktemp -d "$root/tmp/deb.XXXXXX")
  mkdir -p "$build/DEBIAN" "$build/usr/share/kvmnet-lab-sample"
  chmod 755 "$build"
  echo "$version" > "$build/usr/share/kvmnet-lab-sample/version"
  printf 'Package: kvmnet-lab-sample\nVersion: %s\nArchitecture: all\nMaintainer: kvmnet lab <root@localhost>\nDescription: a package to install in tests\n' \
    $version > "$build/DEBIAN/control"
  deb=$repo/kvmnet-lab-sample_${version}_all.deb
  dpkg-deb --root-owner-group -b "$build" "$deb" > /dev/null
  { cat "$build/DEBIAN/control"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
  } >> "$repo/Packages"
  rm -rf "$build"
done
