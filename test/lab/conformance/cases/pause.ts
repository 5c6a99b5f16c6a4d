import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'A moment': {
      checked: { status: 'skipped', says: 'not waited for in check mode' },
      gives: 'ok',
      play: { after: [{ assert: { that: 'result.delta >= 3' } }] },
      follows: ['ok'],
    },
    'A question': {
      checked: { status: 'skipped', says: 'not waited for in check mode' },
      gives: { status: 'ok', says: 'there is no terminal to ask at: went on without an answer' },
    },
  },
  refuses: [
    { params: { seconds: 1, minutes: 1 }, says: 'pause: give seconds or minutes, not both' },
    { params: { seconds: 'long' }, says: 'pause: seconds: expected a number of seconds, 0 or more, not the text "long"' },
  ],
} satisfies ActionModuleCase;
