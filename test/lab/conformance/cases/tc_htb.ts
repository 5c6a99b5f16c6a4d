import type { ModuleCase } from '../module-case.ts';

const link = 'ip link add vnet0 type veth peer name guest0; ip link set vnet0 up; ip link set eth1 up';
// References count queues, and handles of leaves are whatever the kernel has free.
const look = (dev: string): string =>
  `tc qdisc show dev ${dev} | grep -o 'htb 1: root.* default [^ ]*\\|pfifo .*' | sed -E 's/ refcnt [0-9]+//; s/pfifo [^ ]+/pfifo/'
tc class show dev ${dev} | grep -o '1:.* rate .* ceil [^ ]*' | sed -E 's/ leaf [^ ]+//' | sort
tc filter show dev ${dev} | grep -o 'flowid [^ ]*\\|match .*'`;

export default {
  setup: link,
  examples: {
    'Three classes that share 10 Mbit/s': {
      look: look('vnet0'),
      shows: `htb 1: root r2q 10 default 0x30
1:1 root rate 10Mbit ceil 10Mbit
1:10 parent 1:1 prio 0 rate 6Mbit ceil 10Mbit
1:20 parent 1:1 prio 0 rate 3Mbit ceil 8Mbit
1:30 parent 1:1 prio 0 rate 1Mbit ceil 5Mbit
`,
      spoil: 'tc class change dev vnet0 parent 1:1 classid 1:20 htb rate 2mbit ceil 9mbit; tc class del dev vnet0 classid 1:30',
    },
    'Storage traffic first': {
      look: look('eth1'),
      shows: /^htb 1: root .*default 0x20\npfifo parent 1:10 limit 1000p\n1:1 root rate 10Gbit ceil 10Gbit\n1:10 parent 1:1 .*rate 6Gbit ceil 10Gbit\n1:20 parent 1:1 prio 1 rate 4Gbit ceil 10Gbit\n(?:.*\n)*flowid 1:10.*\n/,
      spoil: 'tc filter del dev eth1',
    },
    'No shaping any more': {
      setup: `tc qdisc add dev vnet0 root handle 1: htb default 30; tc class add dev vnet0 parent 1: classid 1:1 htb rate 10mbit
tc class add dev vnet0 parent 1:1 classid 1:30 htb rate 1mbit ceil 5mbit; tc qdisc add dev vnet0 parent 1:30 handle 30: pfifo limit 50`,
      look: look('vnet0'),
      shows: '',
      spoil: 'tc qdisc add dev vnet0 root handle 1: htb',
    },
  },
  reboot: ['Storage traffic first'],
  rebootSetup: 'true',
  refuses: [
    {
      params: { dev: 'vnet0', classes: [{ classid: '1:1', rate: '5mbit', ceil: '2mbit' }] },
      says: 'tc_htb: classes[0].ceil: ceil 2mbit of 1:1 is below its rate 5mbit',
    },
    { params: { dev: 'vnet0', default: 30, classes: [{ classid: '1:1', rate: '10mbit' }] }, says: 'tc_htb: default: there is no class 1:30 for default: packets would pass unshaped' },
  ],
} satisfies ModuleCase;
