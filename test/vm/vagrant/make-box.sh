# make-box.sh DISK OUT: a Vagrant box for the libvirt provider, made of the disk of the guests, and the key that opens it. Run where
# Vagrant is (session.sh). Neither mounts nor a boot is needed: files are put straight into the file system of the disk.
set -e
disk=$1 out=$2
rm -rf "$out.unfinished"
mkdir -p "$out.unfinished"
cd "$out.unfinished"
ssh-keygen -q -t ed25519 -N '' -C kvmnet-box -f key
cp --sparse=always "$disk" raw
# Links are called eth0, eth1 in the order in which the kernel finds them; the first asks for its address, by its MAC: all machines of a
# box have the same machine id.
printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n[DHCPv4]\nClientIdentifier=mac\n' > network
debugfs -w -f - 'raw?offset=1048576' > debugfs.log 2>&1 <<D
rm /etc/systemd/network/10-mgmt0.link
rm /etc/systemd/network/10-data0.link
rm /etc/systemd/network/10-pf0.link
symlink /etc/systemd/network/99-default.link /dev/null
write network /etc/systemd/network/10-eth0.network
write key.pub /etc/ssh/lab_authorized_keys
D
qemu-img convert -O qcow2 raw box.img
echo '{"provider":"libvirt","format":"qcow2","virtual_size":4}' > metadata.json
echo 'Vagrant.configure("2") { |config| config.vm.provider(:libvirt) { |v| v.driver = "qemu" } }' > Vagrantfile
tar -cf kvmnet-lab.box metadata.json Vagrantfile box.img
rm -f raw box.img metadata.json Vagrantfile network
mv "$out.unfinished" "$out"
