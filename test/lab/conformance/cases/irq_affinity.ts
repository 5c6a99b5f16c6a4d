import type { ModuleCase } from '../module-case.ts';

// A device with two queues, as virtio has it, on a machine of four CPUs. Nothing here reaches the interrupts of the machine.
const tree = `mount -t tmpfs t /sys/class/net; mount -t tmpfs t /proc/irq; mount -t tmpfs t /sys/devices/system/cpu
echo 0-3 >/sys/devices/system/cpu/online; echo >/sys/devices/system/cpu/isolated
mkdir -p /run/pci/msi_irqs /run/pci/virtio2 /sys/class/net/eth0; ln -s /run/pci/virtio2 /sys/class/net/eth0/device
for i in 37 38 39 40; do
  touch /run/pci/msi_irqs/$i; mkdir /proc/irq/$i; echo 0-3 >/proc/irq/$i/smp_affinity_list
done
cat >/run/interrupts <<'X'
           CPU0       CPU1       CPU2       CPU3
 37:          0          0          0          0 PCI-MSIX-0000:00:03.0   0-edge      virtio2-config
 38:          1          0          0          0 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0
 39:          1          0          0          0 PCI-MSIX-0000:00:03.0   2-edge      virtio2-output.0
 40:          1          0          0          0 PCI-MSIX-0000:00:03.0   3-edge      virtio2-input.1
X
mount --bind /run/interrupts /proc/interrupts`;
const running = `mkdir -p /etc/systemd/system/irqbalance.service.d
printf '[Unit]\\nConditionVirtualization=\\n[Service]\\nExecStart=\\nExecStart=/bin/sleep infinity $IRQBALANCE_ARGS\\n' >/etc/systemd/system/irqbalance.service.d/lab.conf
systemctl daemon-reload; systemctl --quiet enable --now irqbalance`;
const affinities = 'cd /proc/irq; for i in *; do echo "$i $(cat $i/smp_affinity_list)"; done';

export default {
  host: 'systemd',
  recorded: '/proc/irq, /proc/interrupts and the device',
  setup: tree,
  examples: {
    'Each queue of eth0 on a CPU of its own, CPU 0 left free': {
      look: `${affinities}; grep ^IRQBALANCE_ARGS /etc/default/irqbalance; ls /etc/kvmnet/irqbalance-banned`,
      shows: /^37 0-3\n38 1\n39 [12]\n40 [12]\nIRQBALANCE_ARGS="--policyscript=\S+"\neth0\n$/,
      spoil: 'echo 3 >/proc/irq/39/smp_affinity_list; rm /etc/kvmnet/irqbalance-banned/eth0',
    },
    'All queues on CPU 1 and 2': {
      setup: running,
      look: `${affinities}; systemctl is-active irqbalance; systemctl is-enabled irqbalance`,
      shows: '37 0-3\n38 1-2\n39 1-2\n40 1-2\ninactive\ndisabled\n',
      spoil: 'echo 0 >/proc/irq/40/smp_affinity_list; systemctl start irqbalance',
    },
  },
  reboot: { not: 'the tree that stands for its device does not outlive a boot: vm tier' },
  refuses: [
    { params: { dev: 'eth0', policy: 'list' }, says: 'irq_affinity: policy list needs cpus' },
    { params: { dev: 'eth0', cpus: '3-1' }, says: 'irq_affinity: cpus: "3-1" is no range of CPUs' },
  ],
} satisfies ModuleCase;
