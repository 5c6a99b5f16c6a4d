import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'The tunnel ends by name, whatever else stands in the file': {
      setup: "printf '127.0.0.1 localhost\\n' >/etc/hosts",
      look: 'cat /etc/hosts',
      shows: `127.0.0.1 localhost
# BEGIN MANAGED BY KVMNET BLOCK
10.0.1.1 kvm01-vtep
10.0.1.2 kvm02-vtep
# END MANAGED BY KVMNET BLOCK
`,
      spoil: "sed -i 's/^10.0.1.2 .*/10.0.1.9 kvm02-vtep/' /etc/hosts",
    },
    'Into a file with other comments, checked before it takes effect': {
      look: 'tail -n 4 /etc/ssh/sshd_config; sshd -t && echo valid',
      shows: `# BEGIN kvmnet: hypervisors
Match Address 10.0.1.0/24
  PermitRootLogin prohibit-password
# END kvmnet: hypervisors
valid
`,
      spoil: "sed -i 's/^Match Address .*/Match User root/' /etc/ssh/sshd_config",
      // The copy of what it repaired.
      leaves: /^(files|contents) \+ .* \/etc\/ssh\/sshd_config\.\S+(?: |$)/,
    },
    'A block that must go': {
      setup: "printf 'a\\n# BEGIN MANAGED BY KVMNET BLOCK\\nb\\n# END MANAGED BY KVMNET BLOCK\\nc\\n' >/etc/hosts",
      look: 'cat /etc/hosts',
      shows: 'a\nc\n',
      spoil: "printf '# BEGIN MANAGED BY KVMNET BLOCK\\nx\\n# END MANAGED BY KVMNET BLOCK\\n' >>/etc/hosts",
    },
  },
  reboot: ['The tunnel ends by name, whatever else stands in the file'],
  refuses: [
    {
      params: { path: '/etc/hosts', block: 'x', marker: '# {mark}\n' },
      says: 'block_in_file: marker: the marker is one line',
    },
    {
      params: { path: 'etc/hosts', block: 'x' },
      says: 'block_in_file: path: "etc/hosts" is no absolute path: begin it with /',
    },
  ],
} satisfies ModuleCase;
