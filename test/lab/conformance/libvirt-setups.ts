/** What the cases of libvirt's modules need to be there first: sh, run in the host from outside. */

/**
 * libvirt as it is once it has run a network with NAT: the chains and the switch for forwarding that it makes then stay for
 * good. With Open vSwitch.
 */
export const libvirtRun = `systemctl start virtlogd.socket virtlogd libvirtd openvswitch-switch
cat >/root/warm.xml <<'X'
<network><name>warm</name><forward mode='nat'/><bridge name='virbr-warm'/><ip address='10.78.0.1' prefix='24'/></network>
X
virsh net-define /root/warm.xml; virsh net-start warm; virsh net-destroy warm; virsh net-undefine warm`;

/** A guest without a disk that is emulated, defined, with room for three more devices. */
export const libvirtGuest = (name: string): string => `cat >/root/${name}-new.xml <<'X'
<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><controller type='pci' model='pcie-root'/>
<controller type='pci' model='pcie-root-port'/><controller type='pci' model='pcie-root-port'/><controller type='pci' model='pcie-root-port'/>
<controller type='pci' model='pcie-root-port'/><controller type='pci' model='pcie-root-port'/></devices></domain>
X
virsh define /root/${name}-new.xml`;
