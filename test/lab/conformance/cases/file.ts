import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'A folder': {
      look: 'stat -c %F:%a:%U /etc/kvmnet.d',
      shows: 'directory:750:root\n',
      spoil: 'chown daemon /etc/kvmnet.d; chmod 777 /etc/kvmnet.d',
    },
    'A link': {
      setup: 'rm /etc/localtime; cp /usr/share/zoneinfo/Europe/Paris /etc/localtime',
      look: 'readlink /etc/localtime',
      shows: '/usr/share/zoneinfo/UTC\n',
      spoil: 'ln -sf /usr/share/zoneinfo/Europe/Rome /etc/localtime',
    },
    'Something that must not be there': {
      setup: 'mkdir -p /etc/network/interfaces.d; echo auto eth9 >/etc/network/interfaces.d/setup',
      look: 'ls -A /etc/network/interfaces.d',
      shows: '',
      spoil: 'echo auto eth8 >/etc/network/interfaces.d/setup',
    },
    'Everything in a folder readable to a group': {
      setup: 'touch /etc/apt/secret; chmod 600 /etc/apt/secret; chgrp daemon /etc/apt/apt.conf.d',
      look: 'stat -c %a:%G /etc/apt /etc/apt/apt.conf.d /etc/apt/secret; find /etc/apt ! -perm -o+r',
      shows: '755:root\n755:root\n644:root\n',
      spoil: 'chmod o-r /etc/apt/sources.list',
    },
  },
  reboot: ['A folder', 'A link'],
  refuses: [
    { params: { path: '/etc/x', state: 'link' }, says: 'file: a link needs src, what it points to' },
    {
      params: { path: '/etc', state: 'absent' },
      says: 'file: path: /etc belongs to the system and is never removed as a whole: name what in it should go',
    },
  ],
} satisfies ModuleCase;
