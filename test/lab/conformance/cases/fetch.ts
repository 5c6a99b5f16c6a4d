import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'To logs/HOST/var/log/kern.log': {
      setup: "printf 'eth1: link up\\n\\377\\n' >/var/log/kern.log; truncate -s 300000 /var/log/kern.log",
      gives: 'changed',
      checked: 'would-change',
      again: 'ok',
      brings: { 'logs/HOST/var/log/kern.log': 'cat /var/log/kern.log' },
      registers: { checksum: "sha256sum </var/log/kern.log | cut -d' ' -f1" },
    },
    'One file, under a name of its own': {
      gives: 'changed',
      checked: 'would-change',
      again: 'ok',
      brings: { 'names/kvm01': 'cat /etc/hostname' },
    },
  },
  refuses: [
    { params: { src: '/etc/hosts' }, says: 'fetch: the parameter "dest" is missing' },
    { params: { src: '/etc/hosts', dest: 'a/../../b' }, says: 'fetch: dest: dest goes back up with .. after a folder: write where it leads' },
    { params: { src: 'hosts', dest: 'a' }, says: 'fetch: src: "hosts" is no absolute path: begin it with /' },
  ],
} satisfies ActionModuleCase;
