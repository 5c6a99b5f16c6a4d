import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    One: {
      setup: 'echo 0-1 >/run/online; mount --bind /run/online /sys/devices/system/cpu/online',
      play: { keywords: { gather_facts: true } },
      gives: { status: 'failed', says: 'not true: facts.cpu.count >= 4' },
      registers: { assertion: 'echo "facts.cpu.count >= 4"' },
    },
    'Several, with an own message': {
      play: { args: ['-e', JSON.stringify({ vtep_ip: '10.0.1.1', vni: 100 })] },
      gives: { status: 'ok', says: 'all assertions passed' },
    },
  },
  refuses: [
    { params: {}, says: 'assert: the parameter "that" is missing' },
    { params: { that: 'vni >' }, says: 'the expression ends too early' },
    { params: { that: [] }, says: 'assert: that: it is empty' },
  ],
} satisfies ActionModuleCase;
