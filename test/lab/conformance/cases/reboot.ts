import { due, dueReader } from '../../due.ts';
import { libvirtGuest, libvirtRun } from '../libvirt-setups.ts';
import type { ActionModuleCase } from '../module-case.ts';

const pending = {
  files: { 'modules/due.ts': due },
  play: { before: [{ name: 'pages', due: { name: 'pages', value: '8' } }] },
  reboots: true,
  gives: { status: 'changed', says: /^rebooted in \d+ s$/ },
  again: { status: 'ok', says: 'no reboot is pending' },
} as const;

export default {
  host: 'systemd',
  examples: {
    'Where a reboot is pending (grub, kernel modules, …)': {
      ...pending,
      setup: dueReader,
      does: { look: 'cat /run/kn-due/pages', shows: '8' },
    },
    'Always, saving the virtual machines': {
      setup: `${libvirtRun}\n${libvirtGuest('web1')}; virsh start web1`,
      reboots: true,
      checked: { status: 'would-change', says: 'would reboot: forced' },
      gives: { status: 'changed', says: /^rebooted in \d+ s$/ },
      does: { look: 'ls /var/lib/libvirt/qemu/save', shows: 'web1.save\n' },
    },
    'With work before and after': {
      ...pending,
      setup: `${dueReader}\nsystemctl --quiet enable libvirtd`,
      does: { look: 'cat /run/kn-due/pages; systemctl is-active libvirtd', shows: '8active\n' },
    },
  },
  refuses: [
    { params: { guests: 'kill' }, says: 'reboot: guests: expected refuse or shutdown or managed_save or ignore, not the text "kill"' },
    { params: { pre: [1] }, says: 'reboot: pre[0]: expected a text, not the number 1' },
  ],
} satisfies ActionModuleCase;
