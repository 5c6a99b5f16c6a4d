import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'Two variables': {
      gives: 'ok',
      play: { after: [{ debug: 'over {{ uplink }}' }, { assert: { that: 'vnis == [100, 200]' } }] },
      follows: [{ status: 'ok', says: 'over eth1' }, 'ok'],
    },
    'From others': {
      setup: 'ip address add 10.0.1.1/24 dev eth1; ip link set eth1 up; ip route replace default via 10.0.1.254',
      gives: 'ok',
      registers: { uplink: "ip route show default | sed 's/.* dev //; s/ .*//'" },
      play: { keywords: { gather_facts: true }, after: [{ debug: 'over {{ uplink }}' }] },
      follows: [{ status: 'ok', says: 'over eth1' }],
    },
  },
  refuses: [
    { params: {}, says: 'set_vars: give at least one variable: name: value' },
    { params: { facts: 1 }, says: 'set_vars: facts: facts is set by kvmnet itself: choose another name' },
    { params: { 'a-b': 1 }, says: 'set_vars: a-b: "a-b" cannot be the name of a variable: use letters, digits and underscores, a letter first' },
  ],
} satisfies ActionModuleCase;
