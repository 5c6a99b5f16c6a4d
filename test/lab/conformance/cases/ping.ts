import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'Are they there?': { gives: { status: 'ok', says: 'pong' }, registers: { ping: 'echo pong' } },
    'Another answer': { gives: { status: 'ok', says: 'here' }, registers: { ping: 'echo here' } },
  },
  refuses: [{ params: { data: ['a'] }, says: 'ping: data: expected a text, not a list' }],
} satisfies ActionModuleCase;
