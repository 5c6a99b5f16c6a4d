import type { ActionModuleCase } from '../module-case.ts';

// The script itself travels and goes again.
const nothingLeft = 'ls -A /tmp /var/tmp | grep kvmnet; ';

export default {
  examples: {
    'With an argument': {
      files: { 'collect.sh': '#!/bin/sh\necho "${0##*/} $*"; ip -br link | wc -l; echo "$0" >/root/was\n' },
      gives: 'changed',
      checked: { status: 'would-change', says: 'would run: collect.sh --all' },
      registers: { stdout: 'echo collect.sh --all; ls /sys/class/net | wc -l' },
      does: { look: `${nothingLeft}[ -s /root/was ] && [ ! -e "$(cat /root/was)" ] && echo gone`, shows: 'gone\n' },
    },
    'In Python': {
      // The lab's hosts have none, as hosts need none for kvmnet.
      setup: `printf '#!/bin/sh\\n[ "$1" = -u ] && exec sh "$2"\\n' >/usr/bin/python3; chmod +x /usr/bin/python3`,
      files: { 'files/report.py': 'hostname >/var/log/report\n' },
      gives: 'changed',
      again: { status: 'skipped', says: 'not run: /var/log/report exists' },
      does: { look: `${nothingLeft}cmp /etc/hostname /var/log/report && echo the same`, shows: 'the same\n' },
    },
  },
  refuses: [
    { params: { cmd: ' ' }, says: 'script: cmd: the command is empty' },
    { params: { cmd: 'nowhere.sh' }, says: '"nowhere.sh" is not on this controller' },
  ],
} satisfies ActionModuleCase;
