import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'A text': {
      play: { args: ['-e', 'vtep_ip=10.0.1.1'] },
      gives: { status: 'ok', says: 'tunnels from 10.0.1.1' },
    },
    'What a task has registered, with -v': {
      play: { args: ['-v'], before: [{ command: 'uname -r', register: 'kernel', check_mode: false }] },
      gives: { status: 'ok', says: /^kernel\.stdout = \d/ },
      registers: { 'kernel.stdout': 'uname -r' },
    },
  },
  refuses: [
    { params: { msg: 'a', var: 'b' }, says: 'debug: give msg or var, not both' },
    { params: { msg: 'a', verbosity: 9 }, says: 'debug: verbosity: expected a whole number from 0 to 5, not the number 9' },
  ],
} satisfies ActionModuleCase;
