import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'A file with content from the playbook': {
      look: 'cat /etc/sysctl.d/60-router.conf; stat -c %a:%U:%G /etc/sysctl.d/60-router.conf',
      shows: 'net.ipv4.ip_forward = 1\n644:root:root\n',
      spoil: 'chmod 600 /etc/sysctl.d/60-router.conf',
    },
    'Sudo rights, checked before they take effect': {
      setup: "printf 'deploy ALL=(ALL) ALL\\n' >/etc/sudoers.d/deploy",
      look: 'cat /etc/sudoers.d/deploy; stat -c %a /etc/sudoers.d/deploy',
      shows: 'deploy ALL=(ALL) NOPASSWD: /usr/bin/virsh\n440\n',
      spoil: "printf 'deploy ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/deploy",
    },
    'A copy of a file that is on the host already, kept beside what it overwrites': {
      setup: 'echo before >/var/tmp/hosts; chmod 600 /var/tmp/hosts',
      look: 'cmp /etc/hosts /var/tmp/hosts && stat -c %a /var/tmp/hosts; sha256sum </var/tmp/hosts >&2; ls -A /var/tmp | grep -c "^hosts\\."',
      shows: '644\n1\n',
      spoil: 'rm /var/tmp/hosts',
    },
  },
  reboot: ['A file with content from the playbook', 'Sudo rights, checked before they take effect'],
  refuses: [
    { params: { src: 'a', content: 'b', dest: '/etc/x' }, says: 'copy: src: give either src or content' },
    { params: { content: 'b', dest: '/etc/x', mode: '999' }, says: 'copy: mode: "999" is no file mode: write octal digits, "0644", or e.g. "u=rw,go=r"' },
  ],
} satisfies ModuleCase;
