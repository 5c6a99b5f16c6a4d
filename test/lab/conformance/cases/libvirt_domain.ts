import type { ModuleCase } from '../module-case.ts';
import { libvirtGuest, libvirtRun } from '../libvirt-setups.ts';

const state = 'virsh domstate web1 2>&1; virsh dominfo web1 2>&1 | grep Autostart';

export default {
  host: 'systemd',
  setup: libvirtRun,
  examples: {
    'By its XML': {
      look: `${state}; virsh dumpxml --inactive web1 2>/dev/null | grep '<memory\\|<vcpu'`,
      shows: /^running\n\nAutostart: +disable\n {2}<memory unit='KiB'>65536<\/memory>\n {2}<vcpu placement='static'>2<\/vcpu>\n$/,
      spoil: 'virsh setmaxmem web1 98304 --config; virsh suspend web1',
    },
    'Other CPUs for a guest that runs': {
      setup: `${libvirtGuest('web1')}; virsh start web1`,
      look: "virsh vcpupin web1 --live | tail -n +3; virsh emulatorpin web1 --live | tail -n +3; virsh dumpxml --inactive web1 | grep 'pin '",
      shows: / 0 +1\n 1 +1\n\n +\*: 0\n\n +<vcpupin vcpu='0' cpuset='1'\/>\n +<vcpupin vcpu='1' cpuset='1'\/>\n +<emulatorpin cpuset='0'\/>\n/,
      spoil: 'virsh vcpupin web1 0 0 --live; virsh vcpupin web1 1 0 --config',
    },
    'Its plug pulled': {
      setup: `${libvirtGuest('web1')}; virsh start web1; virsh autostart web1`,
      look: state,
      shows: /^shut off\n\nAutostart: +disable\n$/,
      spoil: 'virsh start web1; virsh autostart web1',
    },
    'No such guest; its disks stay': {
      setup: libvirtGuest('web1'),
      look: 'virsh domstate web1 2>&1',
      shows: /failed to get domain 'web1'/,
      spoil: libvirtGuest('web1'),
    },
  },
  reboot: { not: 'libvirt starts them itself; libvirt.test.ts restarts a host with one' },
  refuses: [
    {
      params: { name: 'a', define: { memory: 64, disks: [{ file: '/a' }, { file: '/b' }] } },
      says: 'libvirt_domain: define.disks: two disks are called vda: give each a target of its own',
    },
  ],
} satisfies ModuleCase;
