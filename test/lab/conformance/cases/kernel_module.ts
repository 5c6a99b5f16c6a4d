import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'Not this driver': {
      look: 'cat /etc/modprobe.d/*nouveau*',
      shows: /^blacklist nouveau$/m,
      spoil: 'rm /etc/modprobe.d/*nouveau*',
    },
  },
  reboot: ['Not this driver'],
  refuses: [
    { params: { name: 'a b' }, says: 'kernel_module: name: expected the name of a kernel module, without .ko, not the text "a b"' },
    { params: { name: 'kvm', state: 'absent', params: { x: 1 } }, says: 'kernel_module: params: a module that is absent has no parameters' },
  ],
} satisfies ModuleCase;
