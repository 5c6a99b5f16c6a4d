import { sh } from '../../sdk/script.ts';

/**
 * Reads what a host is, in one go and with few forks: sysfs and procfs through builtins of sh, links resolved by `cd -P`.
 * Prints lines of tab-separated fields, the first one a section; `json` lines hold the output of `ip -j`.
 */
export const factsSnippet = sh`
export LC_ALL=C
t() { v=; { IFS= read -r v <"$2"; } 2>/dev/null; if [ -n "$v" ]; then printf '%s\t%s\n' "$1" "$v"; fi; }
each() { k=$1; f=$2; while IFS= read -r l; do printf '%s\t%s\n' "$k" "$l"; done 2>/dev/null <"$f"; }
t hostname /proc/sys/kernel/hostname
t kernel /proc/sys/kernel/osrelease
t kernel_version /proc/sys/kernel/version
t boot_id /proc/sys/kernel/random/boot_id
t cmdline /proc/cmdline
t uptime /proc/uptime
t cpus_online /sys/devices/system/cpu/online
t cpus_possible /sys/devices/system/cpu/possible
t cpus_isolated /sys/devices/system/cpu/isolated
t vendor /sys/class/dmi/id/sys_vendor
t product /sys/class/dmi/id/product_name
t container /run/systemd/container
t init /proc/1/comm
if [ -d /run/systemd/system ]; then printf 'systemd\t1\n'; fi
if [ -e /run/ostree-booted ]; then printf 'ostree\t1\n'; fi
printf 'arch\t%s\n' "$(uname -m)"
printf 'user\t%s\n' "$(id -un)"
if [ -r /etc/os-release ]; then each os /etc/os-release; elif [ -r /usr/lib/os-release ]; then each os /usr/lib/os-release; fi
if [ -r /proc/cpuinfo ]; then while IFS= read -r l && [ -n "$l" ]; do printf 'cpu\t%s\n' "$l"; done </proc/cpuinfo; fi
if [ -r /proc/meminfo ]; then while IFS= read -r l; do case $l in MemTotal:*|MemAvailable:*|SwapTotal:*|Hugepagesize:*) printf 'mem\t%s\n' "$l";; esac; done </proc/meminfo; fi
for d in /sys/devices/system/node/node[0-9]*; do
  [ -d "$d" ] || continue
  n=\${d##*/node}; t "node	$n	cpus" "$d/cpulist"
  if [ -r "$d/meminfo" ]; then IFS= read -r l <"$d/meminfo" && printf 'node\t%s\tmem\t%s\n' "$n" "$l"; fi
  for h in "$d"/hugepages/hugepages-*; do
    [ -d "$h" ] || continue
    t "node	$n	huge_total	\${h##*-}" "$h/nr_hugepages"; t "node	$n	huge_free	\${h##*-}" "$h/free_hugepages"
  done
done
for h in /sys/kernel/mm/hugepages/hugepages-*; do
  [ -d "$h" ] || continue
  t "huge	\${h##*-}	total" "$h/nr_hugepages"; t "huge	\${h##*-}	free" "$h/free_hugepages"
done
for d in /sys/class/net/*; do
  [ -e "$d/ifindex" ] || continue
  n=\${d##*/}
  for f in address mtu operstate speed type; do t "net	$n	$f" "$d/$f"; done
  if [ -d "$d/device" ]; then
    for f in numa_node sriov_totalvfs sriov_numvfs; do t "net	$n	$f" "$d/device/$f"; done
    if cd -P "$d/device" 2>/dev/null; then printf 'net\t%s\tdevice\t%s\n' "$n" "$PWD"; fi
    if cd -P "$d/device/driver" 2>/dev/null; then printf 'net\t%s\tdriver\t%s\n' "$n" "\${PWD##*/}"; fi
    if [ -e "$d/device/physfn" ]; then printf 'net\t%s\tvf\t1\n' "$n"; fi
  fi
  if cd -P "$d/master" 2>/dev/null; then printf 'net\t%s\tmaster\t%s\n' "$n" "\${PWD##*/}"; fi
  set -- "$d"/queues/rx-*; if [ -e "$1" ]; then printf 'net\t%s\trx_queues\t%s\n' "$n" $#; fi
  set -- "$d"/queues/tx-*; if [ -e "$1" ]; then printf 'net\t%s\ttx_queues\t%s\n' "$n" $#; fi
  if [ -d "$d/bridge" ]; then
    printf 'net\t%s\tbridge\t1\n' "$n"
    for p in "$d"/brif/*; do if [ -e "$p" ]; then printf 'net\t%s\tport\t%s\n' "$n" "\${p##*/}"; fi; done
  fi
done
cd /
set -- /sys/kernel/iommu_groups/*; if [ -e "$1" ]; then printf 'iommu_groups\t%s\n' $#; fi
for d in grub grub2; do if [ -d "/boot/$d" ]; then printf 'bootloader\tgrub\n'; break; fi; done
for m in apt-get dnf yum zypper apk pacman; do if command -v $m >/dev/null 2>&1; then printf 'package_manager\t%s\n' $m; break; fi; done
if command -v systemd-detect-virt >/dev/null 2>&1; then printf 'virt\t%s\n' "$(systemd-detect-virt 2>/dev/null)"; fi
if command -v ip >/dev/null 2>&1; then
  printf 'json\taddr\t'; ip -j addr show 2>/dev/null | tr -d '\n'; printf '\n'
  printf 'json\troute4\t'; ip -j -4 route show default 2>/dev/null | tr -d '\n'; printf '\n'
  printf 'json\troute6\t'; ip -j -6 route show default 2>/dev/null | tr -d '\n'; printf '\n'
fi
`;
