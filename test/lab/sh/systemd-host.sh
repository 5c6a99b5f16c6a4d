# systemd-host.sh DIR BASE NAME: boots NAME with systemd, and again in a fresh network when it reboots. Run inside the lab.
dir=$1 base=$2 name=$3 here=${0%/*}
. "$here/wire.sh"
mount_root() {
  mount -t overlay -o "lowerdir=$dir/roots/common:$base,upperdir=$dir/roots/$1/upper,workdir=$dir/roots/$1/work" lab "$dir/roots/$1/root"
}
read -r pid _ < /run/machine-proc/self/stat
echo "$pid" > "$dir/hosts/$name/keeper"

# Into control groups of its own, in every hierarchy there is, else the host's systemd would make its slices in the machine's.
while IFS=: read -r _ controllers path; do
  case $controllers in
  '') at=/sys/fs/cgroup/unified; [ -d $at ] || at=/sys/fs/cgroup ;;
  name=*) at=/sys/fs/cgroup/${controllers#name=} ;;
  cpuset) continue ;; # refuses processes until CPUs are given to it
  *) at=/sys/fs/cgroup/$controllers ;;
  esac
  [ -d "$at" ] || continue
  group=$at${path%/}/kvmnet-lab-${dir##*/}
  echo "$group" >> "$dir/cgroups"
  mkdir -p "$group/$name" && echo 0 > "$group/$name/cgroup.procs"
done <<G
$(cat /proc/self/cgroup)
G

[ -d "$dir/roots/$name/upper" ] || furnish "$name" || exit 1
while wire "$name"; do
  nsenter --net="/run/netns/$name" env SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 \
    systemd-nspawn --quiet --directory="$dir/roots/$name/root" --machine="$name" --register=no --keep-unit \
    --console=pipe --private-users=no --resolv-conf=off --timezone=off --link-journal=no --kill-signal=SIGRTMIN+3 \
    --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO /usr/lib/kvmnet-lab/init < /dev/null
  # 133: it wants to start again; `again`: somebody pulled its plug, and puts it back.
  if [ $? = 133 ]; then :; elif [ -e "$dir/hosts/$name/again" ]; then rm "$dir/hosts/$name/again"; else break; fi
done
