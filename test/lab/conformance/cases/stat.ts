import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'Is it there': {
      gives: 'ok',
      registers: {
        'stat.exists': '[ -e /etc/frr/frr.conf ] && echo true',
        'stat.isreg': '[ -f /etc/frr/frr.conf ] && echo true',
        'stat.size': 'stat -c %s /etc/frr/frr.conf',
        'stat.mode': 'stat -c 0%a /etc/frr/frr.conf',
        'stat.pw_name': 'stat -c %U /etc/frr/frr.conf',
        'stat.inode': 'stat -c %i /etc/frr/frr.conf',
        'stat.mtime': 'stat -c %Y /etc/frr/frr.conf',
      },
    },
    'The hash of what a link points to': {
      gives: 'ok',
      registers: {
        'stat.islnk': '[ -f /etc/os-release ] && echo false',
        'stat.checksum': "sha256sum </etc/os-release | cut -d' ' -f1",
        'stat.size': 'wc -c </etc/os-release',
      },
    },
  },
  refuses: [
    { params: { path: 'etc/hosts' }, says: 'stat: path: "etc/hosts" is no absolute path: begin it with /' },
    { params: { path: '/etc/hosts', get_checksum: 'perhaps' }, says: 'stat: get_checksum: expected yes or no, not the text "perhaps"' },
  ],
} satisfies ActionModuleCase;
