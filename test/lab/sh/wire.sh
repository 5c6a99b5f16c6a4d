# wire NAME: gives NAME a new network namespace and plugs its links in, as the files of its folder say (written by wiring.ts):
# wire.hub and wire.switch are run on our side, wire.host inside. Sourced; needs $dir.
wire() {
  # The hub's ends may outlive a host for a moment: namespaces are taken down in the background.
  while read -r link where; do
    if [ "$where" = hub ]; then ip link delete "$link"; else ip -n "$where" link delete "$link"; fi 2>/dev/null
  done < "$dir/hosts/$1/links"
  ip netns delete "$1" 2>/dev/null
  ip netns add "$1" &&
    ip -b "$dir/hosts/$1/wire.hub" &&
    { [ ! -s "$dir/hosts/$1/wire.switch" ] || ip -n switch -b "$dir/hosts/$1/wire.switch"; } &&
    ip -n "$1" -b "$dir/hosts/$1/wire.host" &&
    # A link that was cut stays cut.
    { [ ! -s "$dir/hosts/$1/cut.hub" ] || ip -b "$dir/hosts/$1/cut.hub"; } &&
    { [ ! -s "$dir/hosts/$1/cut.switch" ] || ip -n switch -b "$dir/hosts/$1/cut.switch"; }
}

# furnish NAME: what makes a host this one, in the upper layer of its root.
furnish() {
  up=$dir/roots/$1/upper
  mkdir -p "$up/etc/ssh" "$dir/roots/$1/work" "$dir/roots/$1/root"
  ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$up/etc/ssh/ssh_host_ed25519_key"
  cp "$up/etc/ssh/ssh_host_ed25519_key.pub" "$dir/hosts/$1/"
  echo "$1" > "$up/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$1" > "$up/etc/hosts"
  cp -R "$dir/hosts/$1/files/." "$up/" 2>/dev/null
  mount_root "$1"
}
