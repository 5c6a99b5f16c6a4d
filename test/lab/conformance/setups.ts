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
