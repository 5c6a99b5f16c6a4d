# make-layer.sh BASE TOOLS OUT SOURCES APT_CONF PACKAGE...: the layer with Vagrant and libvirt, over the lab's root and its QEMU. Run in a
# mount namespace of its own.
set -e
here=${0%/*} base=$1 tools=$2 out=$3 sources=$4 conf=$5
shift 5
. "$here/../sh/layer.sh"
layer "$tools:$base" "$out.unfinished"
install "$sources" "$conf" -- "$@"
tidy
# There is no systemd, no policy kit and no cgroup of our own where this runs.
cat >> "$root/etc/libvirt/libvirtd.conf" <<C
auth_unix_ro = "none"
auth_unix_rw = "none"
C
cat >> "$root/etc/libvirt/qemu.conf" <<C
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
remember_owner = 0
C
umount "$root/dev" "$root/proc" "$root"
rm -rf "$out.unfinished.work" "$out.unfinished.root"
mv "$out.unfinished" "$out"
