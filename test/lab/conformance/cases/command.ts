import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'The running kernel': {
      gives: 'changed',
      checked: { status: 'would-change', says: 'would run: uname -r' },
      registers: { stdout: 'uname -r', rc: 'echo 0' },
    },
    'Only once': {
      gives: 'changed',
      again: { status: 'skipped', says: 'not run: lab.db exists' },
      does: { look: 'ovsdb-tool db-name /etc/openvswitch/lab.db', shows: 'Open_vSwitch\n' },
    },
  },
  refuses: [
    { params: {}, says: 'command: give either cmd or argv' },
    { params: { cmd: 'echo "a' }, says: 'command: cmd: a " is not closed in: echo "a (close it, or give the words as a list: argv)' },
    { params: { argv: [] }, says: 'command: argv: it is empty' },
    { params: { cmd: 'true', create: '/etc/x' }, says: 'command: unknown parameter "create"' },
  ],
} satisfies ActionModuleCase;
