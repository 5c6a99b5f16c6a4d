# supervisor.sh DIR leased|kept: holds one lab and tidies up after it. Runs in the machine's own namespaces.
# The lab is a PID, mount and network namespace whose first process is init.sh: when that ends, for whatever reason,
# the kernel kills all that ran in it and drops its mounts and links. What a kernel leaves (cgroups, files) goes here,
# and if even this script is killed, at the sweep before the next lab.
dir=$1 kind=$2 here=${0%/*}
cd /
# No traps here: an ignored signal would stay ignored in every process of every host.
unshare --mount --net --pid --uts --ipc --fork --kill-child --propagation private \
  sh "$here/init.sh" "$dir" "$kind"
exec sh "$here/clean.sh" "$dir"
