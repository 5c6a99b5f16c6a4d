import { createSandbox, type Sandbox } from './sandbox.ts';

/**
 * A sandbox in which `/sys` is NOT the kernel's but files made for the test, and a watcher does what kernel and drivers would:
 * a network card 0000:05:00.0 (eth0) with up to 8 virtual functions, drivers to bind them to, and an `ip` that keeps the
 * settings of virtual functions. It shows what a module reads and writes, not what a kernel makes of it.
 */
export async function imitatedPci(options: { readonly shell?: readonly string[] } = {}): Promise<Sandbox> {
  const host = await createSandbox(options);
  const close = (): void => {
    host.run('kill $(cat /run/pci.pid)');
    host.close();
  };
  try {
    host.look(files);
    host.look('setsid sh /run/pci.sh >/run/pci.log 2>&1 & echo $! >/run/pci.pid');
  } catch (error) {
    close();
    throw error;
  }
  return { ...host, close };
}

// Every file that takes the address of a device is the same pipe, so that nothing written is lost and all of it is in order:
// a device with a driver is unbound, one without is bound.
const watcher = `P=/sys/devices/pci0000:00; D=$P/0000:05:00.0; B=/sys/bus/pci
drop_net() { for n in $1/net/*; do [ -e "$n" ] && rm -rf "/sys/class/net/\${n##*/}"; done; rm -rf $1/net; }
bind() {
  d=$P/$1; o=$(cat $d/driver_override)
  case $o in ''|'(null)') o=$(cat $d/default_driver);; esac
  [ -d $B/drivers/$o ] || return 0
  ln -sfn ../../../bus/pci/drivers/$o $d/driver; ln -sfn $d $B/drivers/$o/$1
  case $o in ixgbevf) mkdir -p $d/net/eth0v\${1##*.}; echo 1500 >$d/net/eth0v\${1##*.}/mtu; ln -sfn $d/net/eth0v\${1##*.} /sys/class/net/eth0v\${1##*.};; esac
}
unbind() { d=$P/$1; l=$(readlink $d/driver); rm -f $d/driver $B/drivers/\${l##*/}/$1; drop_net $d; }
make_vf() {
  a=0000:05:10.$1; d=$P/$a; mkdir -p $d
  echo '(null)' >$d/driver_override; echo ixgbevf >$d/default_driver; echo 0x8086 >$d/vendor
  [ ! -d /sys/kernel/iommu_groups ] || { mkdir -p /sys/kernel/iommu_groups/4$1/devices; ln -sfn $d /sys/kernel/iommu_groups/4$1/devices/$a; ln -sfn ../../../kernel/iommu_groups/4$1 $d/iommu_group; }
  ln -sfn ../0000:05:00.0 $d/physfn; ln -sfn ../../../devices/pci0000:00/$a $B/devices/$a; ln -sfn ../$a $D/virtfn$1
  mkdir -p /run/vf/$1; echo '00:00:00:00:00:00' >/run/vf/$1/mac
  [ "$(cat $D/sriov_drivers_autoprobe)" = 0 ] || bind $a
}
drop_vfs() { for f in $D/virtfn*; do [ -e $f ] || continue; a=$(readlink $f); a=\${a##*/}; unbind $a; rm -rf $f $P/$a $B/devices/$a; done; rm -rf /run/vf; }
echo 0 >/run/resets
(old=0; while sleep 0.02; do
  n=$(cat $D/sriov_numvfs 2>/dev/null); [ -n "$n" ] || continue
  [ "$n" != "$old" ] || continue
  drop_vfs; echo $(($(cat /run/resets) + 1)) >/run/resets
  i=0; while [ $i -lt $n ]; do make_vf $i; i=$((i+1)); done; old=$n
done) & child=$!
trap 'kill $child; exit' TERM
exec 3<>$B/drivers_probe
while read -r a <&3; do if [ -e $P/$a/driver ]; then unbind $a; else bind $a; fi; done`;

const ip = `#!/bin/sh
D=/sys/devices/pci0000:00/0000:05:00.0
set_link() {
  dev=$1; shift
  if [ "$1" = vf ]; then v=/run/vf/$2; shift 2; [ -d $v ] || { echo 'RTNETLINK answers: Invalid argument' >&2; exit 2; }
    while [ $# -gt 1 ]; do echo "$2" >$v/$1; shift 2; done; return; fi
  while [ $# -gt 0 ]; do case $1 in mtu) echo $2 >/sys/class/net/$dev/mtu; shift 2;; up|down) echo $1 >/run/\${dev}.up; shift;; *) exit 1;; esac; done
}
num() { cat $1 2>/dev/null || echo \${2:-0}; }
flag() { case $(cat $1 2>/dev/null) in on) echo ",\\"$2\\":true";; off) echo ",\\"$2\\":false";; esac; }
case "$*" in
'-d -j link show dev eth0')
  vfs=; for v in /run/vf/*; do [ -d $v ] || continue
    vlan=$(num $v/vlan); list=; [ $vlan = 0 ] || list=",\\"vlan_list\\":[{\\"vlan\\":$vlan,\\"qos\\":$(num $v/qos)$(sed 's/.*/,"protocol":"&"/' $v/proto 2>/dev/null)}]"
    vfs="$vfs\${vfs:+,}{\\"vf\\":\${v##*/},\\"address\\":\\"$(cat $v/mac)\\"$list,\\"rate\\":{\\"max_tx\\":$(num $v/max_tx_rate),\\"min_tx\\":$(num $v/min_tx_rate)},\\"link_state\\":\\"$(num $v/state auto)\\"$(flag $v/spoofchk spoofchk)$(flag $v/trust trust)}"
  done
  up=; [ "$(cat /run/eth0.up 2>/dev/null)" = up ] && up='"UP"'
  printf '[{"ifindex":2,"ifname":"eth0","flags":[%s],"mtu":%s,"operstate":"UP","address":"02:00:00:00:00:01","vfinfo_list":[%s]}]\\n' "$up" "$(cat $D/net/eth0/mtu)" "$vfs";;
'-j addr show') cat /run/addresses 2>/dev/null || echo '[]';;
'-batch -') while read -r link set dev rest; do set_link $rest; done;;
'link set dev '*) shift 3; set_link "$@";;
*) echo "not imitated: ip $*" >&2; exit 1;;
esac
`;

const files = `mount -t tmpfs tmpfs /sys
D=/sys/devices/pci0000:00/0000:05:00.0; B=/sys/bus/pci
mkdir -p $D/net/eth0 $B/devices $B/drivers /sys/class/net /sys/kernel/iommu_groups/1/devices /sys/devices/virtual/net/br0
ln -s $D $B/devices/0000:05:00.0; ln -s $D/net/eth0 /sys/class/net/eth0; ln -s $D $D/net/eth0/device
ln -s /sys/devices/virtual/net/br0 /sys/class/net/br0
echo 0x8086 >$D/vendor; echo 8 >$D/sriov_totalvfs; echo 0 >$D/sriov_numvfs; echo 1 >$D/sriov_drivers_autoprobe; echo 1500 >$D/net/eth0/mtu
echo '(null)' >$D/driver_override; echo ixgbe >$D/default_driver
ln -s $D /sys/kernel/iommu_groups/1/devices/0000:05:00.0; ln -s ../../../kernel/iommu_groups/1 $D/iommu_group
mkfifo $B/drivers_probe
for n in ixgbe ixgbevf vfio-pci; do mkdir $B/drivers/$n; ln $B/drivers_probe $B/drivers/$n/unbind; done
ln -s ../../../bus/pci/drivers/ixgbe $D/driver; ln -s $D $B/drivers/ixgbe/0000:05:00.0
cat >/run/pci.sh <<'PCI'
${watcher}
PCI
mkdir -p /opt/imitated; cat >/opt/imitated/ip <<'IP'
${ip}IP
chmod +x /opt/imitated/ip; for d in /usr/local/sbin /opt/busybox; do [ ! -d $d ] || cp /opt/imitated/ip $d/ip; done
mkdir -p /opt/busybox; rm -f /opt/busybox/ip; cp /opt/imitated/ip /opt/busybox/ip`;
