import type { ModuleCase } from '../module-case.ts';

const file = '/etc/sysctl.d/90-kvmnet.conf';

export default {
  examples: {
    'Forward packets': {
      setup: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
      look: `cat /proc/sys/net/ipv4/ip_forward ${file}`,
      shows: '1\n# managed by kvmnet\nnet.ipv4.ip_forward = 1\n',
      spoil: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
    },
    'On a VLAN interface that is not there yet': {
      look: `cat ${file}`,
      shows: '# managed by kvmnet\nnet.ipv4.conf.eth0/100.forwarding = 1\n',
      spoil: `echo net.ipv4.conf.eth0/100.forwarding=0 >>${file}`,
    },
    'Not kept any more': {
      setup: `printf 'net.ipv4.conf.all.rp_filter = 1\\nnet.ipv4.ip_forward = 1\\n' >${file}`,
      look: `cat ${file}`,
      shows: 'net.ipv4.ip_forward = 1\n',
      spoil: `echo net/ipv4/conf/all/rp_filter=2 >>${file}`,
    },
  },
  reboot: ['Forward packets', 'On a VLAN interface that is not there yet'],
  refuses: [
    { params: { name: 'net.ipv4.ip_forward' }, says: 'sysctl: give the value of net.ipv4.ip_forward' },
    {
      params: { name: 'net.ipv4.conf.*.rp_filter', value: 1 },
      says: 'sysctl: name: "net.ipv4.conf.*.rp_filter" is a pattern: name each key, with a loop over the interfaces',
    },
  ],
} satisfies ModuleCase;
