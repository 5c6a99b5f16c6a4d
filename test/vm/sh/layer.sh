# Sourced: a root of its own that is the lab's Debian root with more packages, as a layer over it. The machine's apt and packages are
# not touched. Needs a mount namespace of its own.

# layer BASE UPPER: lays UPPER over BASE; $root is where both are seen as one.
layer() {
  mkdir -p "$2" "$2.work" "$2.root"
  root=$2.root
  mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$2.work" vm "$root"
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
}

# install SOURCES APT_CONF [APT_OPTION...] -- PACKAGE...: as a fresh machine would, but starting nothing.
install() {
  cp "$1" "$root/etc/apt/sources.list"
  cp "$2" "$root/etc/apt/apt.conf.d/00-lab-proxy"
  shift 2
  cat /etc/resolv.conf > "$root/etc/resolv.conf" 2>/dev/null || :
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  # Nobody minds if a layer that is not finished is lost with the power.
  echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/lab-unsafe-io"
  for what in man doc locale info; do echo "path-exclude=/usr/share/$what/*"; done > "$root/etc/dpkg/dpkg.cfg.d/lab-small"
  options='-q -y -o Acquire::Retries=3 -o Acquire::Languages=none -o APT::Install-Recommends=false -o Dpkg::Options::=--force-confold'
  while [ "$1" != -- ]; do options="$options $1"; shift; done
  shift
  in_root apt-get $options update
  in_root apt-get $options install "$@"
}

in_root() { DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$root" "$@"; }

# What was needed while packages were installed, and nobody needs afterwards.
tidy() {
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root/etc/apt/apt.conf.d/00-lab-proxy" "$root/usr/sbin/policy-rc.d" \
    "$root"/etc/dpkg/dpkg.cfg.d/lab-*
  echo 'deb [trusted=yes] file:/opt/lab-packages ./' > "$root/etc/apt/sources.list"
  : > "$root/etc/resolv.conf"
}
