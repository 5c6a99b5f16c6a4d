import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'Not this driver': {
      look: 'cat /etc/modprobe.d/*nouveau*',
      shows: /^blacklist nouveau$/m,
      spoil: 'rm /etc/modprobe.d/*nouveau*',
    },
  },
  refuses: [
    { params: { name: 'a b' }, says: 'kernel_module: name: ' },
    { params: { name: 'kvm', state: 'absent', params: { x: 1 } }, says: 'kernel_module: ' },
  ],
} satisfies ModuleCase;
