import type { ActionModuleCase } from '../module-case.ts';
import { openVSwitch } from '../setups.ts';

export default {
  examples: {
    'A pipe': {
      gives: 'changed',
      checked: { status: 'would-change', says: 'would run: ip -br link | wc -l' },
      registers: { stdout: 'ls /sys/class/net | wc -l' },
    },
    'bash, in a folder, only where needed': {
      setup: openVSwitch,
      gives: 'changed',
      again: { status: 'skipped', says: 'not run: show.txt exists' },
      does: { look: 'ovs-vsctl show | cmp - /root/show.txt && echo the same', shows: 'the same\n' },
    },
  },
  refuses: [
    { params: { cmd: '' }, says: 'shell: cmd: the command is empty' },
    { params: { cmd: 'true', executable: '' }, says: 'shell: executable: it is empty' },
    { params: { cmd: 'true', stdin: ['a'] }, says: 'shell: stdin: expected a text, not a list' },
  ],
} satisfies ActionModuleCase;
