# make-tools.sh BASE OUT SOURCES APT_CONF SUITE PACKAGE...: the layer with QEMU and what makes disks. Run in a mount namespace of its own.
set -e
here=${0%/*} base=$1 out=$2 sources=$3 conf=$4 suite=$5
shift 5
. "$here/layer.sh"
layer "$base" "$out.unfinished"
install "$sources" "$conf" -t "$suite" -- "$@"
tidy
mkdir -p "$root/guest" "$root/images"
umount "$root/dev" "$root/proc" "$root"
rm -rf "$out.unfinished.work" "$out.unfinished.root"
mv "$out.unfinished" "$out"
