# apt-install.sh PACKAGE...: installs packages on this machine without starting any service of theirs.
set -e
policy=/usr/sbin/policy-rc.d
restore() {
  rm -f $policy
  [ ! -e $policy.before-kvmnet-lab ] || mv $policy.before-kvmnet-lab $policy
}
trap restore EXIT
trap 'exit 130' INT HUP TERM
# One killed half-way left the machine's own file aside: do not lose it.
[ -e $policy.before-kvmnet-lab ] || [ ! -e $policy ] || mv $policy $policy.before-kvmnet-lab
printf '#!/bin/sh\nexit 101\n' > $policy
chmod 755 $policy
export DEBIAN_FRONTEND=noninteractive
options='-q -y --no-install-recommends -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold'
apt-get $options install "$@" || { apt-get -q update && apt-get $options install "$@"; }
