/** What several cases need to be there first: sh, run in the host from outside. */

/** Open vSwitch as a host without systemd has it, its datapath in userspace. The database is no file that a snapshot looks at. */
export const openVSwitch = `mkdir -p /run/openvswitch /var/lib/ovs
ovsdb-tool create /var/lib/ovs/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --remote=punix:/run/openvswitch/db.sock /var/lib/ovs/conf.db
ovs-vsctl --no-wait init
ovs-vswitchd --detach --no-chdir --pidfile --log-file=/var/log/openvswitch/vswitchd.log 2>/dev/null`;

/** The same on a host with systemd, also after its next boot. */
export const openVSwitchService = 'systemctl --quiet enable --now openvswitch-switch';

/** The data link as hosts of a cluster have it. */
export const underlay = 'ip link set eth1 up mtu 1500; ip address add 10.0.1.1/24 dev eth1';

/**
 * A repository with stand-ins for packages that only have their names: `deb NAME VERSION` makes one, `publish` has apt
 * know of it. The real ones of those names are taken away.
 */
export const repository = `deb() {
  mkdir -p /tmp/deb/DEBIAN; printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: x <x@localhost>\\nDescription: stand-in\\n' "$1" "$2" >/tmp/deb/DEBIAN/control
  dpkg-deb --root-owner-group -b /tmp/deb "/opt/stand-ins/$1_$2.deb" >/dev/null; rm -r /tmp/deb
}
publish() {
  (cd /opt/stand-ins; for f in *.deb; do
    dpkg-deb -f $f; printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$f" "$(stat -c %s $f)" "$(sha256sum <$f | cut -d' ' -f1)"
  done >Packages)
  echo 'deb [trusted=yes] file:/opt/stand-ins ./' >/etc/apt/sources.list
}
without() { dpkg --purge --force-depends "$@" >/dev/null 2>&1; }
mkdir -p /opt/stand-ins`;

/** Another host at the end of a link: 10.0.1.2, in a network namespace of its own; `ip netns exec peer` runs what it runs. */
export const peer = (link: string): string => `ip netns add peer
ip link add ${link} type veth peer name eth0 netns peer
ip -n peer address add 10.0.1.2/24 dev eth0; ip -n peer link set eth0 up; ip -n peer link set lo up
ip address add 10.0.1.1/24 dev ${link}; ip link set ${link} up`;

/** For `meanwhile`: until a run has looked, has not found what it waits for, and waits on the host. */
export const itWaits = "until pgrep -fx 'sleep [0-9]' >/dev/null; do sleep 0.1; done";
