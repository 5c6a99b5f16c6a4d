import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'The configuration of a daemon, checked before it takes effect': {
      files: { 'frr.conf': 'hostname {{ inventory_hostname }}\nrouter ospf\n ospf router-id 10.255.0.1\n!\n' },
      look: 'sed "s/$(hostname)/HOST/" /etc/frr/frr.conf; stat -c %a:%U:%G /etc/frr/frr.conf',
      shows: 'hostname HOST\nrouter ospf\n ospf router-id 10.255.0.1\n!\n640:frr:frr\n',
      spoil: 'echo "log file x" >>/etc/frr/frr.conf; chown root /etc/frr/frr.conf',
    },
    'Into a folder, keeping the old file': {
      files: { motd: 'Welcome to {{ inventory_hostname }}\n' },
      look: 'sed "s/$(hostname)/HOST/" /etc/motd; ls /etc | grep -c "^motd\\."',
      shows: 'Welcome to HOST\n1\n',
      spoil: 'rm /etc/motd',
    },
  },
  // The other one writes the file that ospfd keeps.
  reboot: ['Into a folder, keeping the old file'],
  refuses: [
    { params: { src: 'motd', dest: 'etc/motd' }, says: 'template: dest: "etc/motd" is no absolute path: begin it with /' },
    { params: { dest: '/etc/motd' }, says: 'template: the parameter "src" is missing' },
  ],
} satisfies ModuleCase;
