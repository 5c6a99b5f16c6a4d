import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'A setting, wherever it stands now, commented out or not': {
      look: "grep -n '^UMASK' /etc/login.defs",
      shows: /^\d+:UMASK 027\n$/,
      spoil: "sed -i 's/^UMASK 027/UMASK 022/' /etc/login.defs",
    },
    'A line that must be there, in a file that may not be': {
      look: 'cat /etc/modules-load.d/vfio.conf; stat -c %a /etc/modules-load.d/vfio.conf',
      shows: 'vfio-pci\n644\n',
      spoil: 'echo vfio-pc >/etc/modules-load.d/vfio.conf; chmod 600 /etc/modules-load.d/vfio.conf',
      leaves: /^contents [-+] .* \/etc\/modules-load\.d\/vfio\.conf$|^plain tools /,
    },
    'Lines that must go': {
      setup: "printf '1.2.3.4 old.example.org\\n1.2.3.5 new.example.org\\n1.2.3.6 x\\told.example.org' >/etc/hosts",
      look: 'cat /etc/hosts',
      shows: '1.2.3.5 new.example.org\n',
      spoil: "echo '1.2.3.7 old.example.org' >>/etc/hosts; echo '::1 old.example.org' >>/etc/hosts",
      leaves: /^(files|contents) \+ .* \/etc\/hosts\.\S+(?: |$)/,
    },
  },
  reboot: ['A line that must be there, in a file that may not be'],
  refuses: [
    {
      params: { path: '/etc/hosts', line: 'a\nb' },
      says: 'line_in_file: line: this is more than one line: use block_in_file',
    },
    { params: { path: '/etc/hosts' }, says: 'line_in_file: the line that should be there is not given' },
  ],
} satisfies ModuleCase;
