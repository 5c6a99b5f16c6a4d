import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'With a reason, as a task with a condition': {
      play: { after: [{ ping: {} }] },
      gives: { status: 'failed', says: 'this kernel is too old for OVS' },
    },
    Without: { gives: { status: 'failed', says: 'failed as the playbook asked for' } },
  },
  refuses: [{ params: { msg: ['a'] }, says: 'fail: msg: expected a text, not a list' }],
} satisfies ActionModuleCase;
