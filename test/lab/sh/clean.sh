# clean.sh DIR: removes what a dead lab leaves behind: its control groups and its folder.
dir=$1
tries=0
while [ -s "$dir/cgroups" ] && [ $tries -lt 50 ]; do
  left=
  while read -r group; do
    [ -d "$group" ] || continue
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$group" ] && left=yes
  done < "$dir/cgroups"
  [ -z "$left" ] && break
  tries=$((tries + 1))
  sleep 0.1 # a group is busy until the last of its dead is reaped
done
rm -rf --one-file-system "$dir"
