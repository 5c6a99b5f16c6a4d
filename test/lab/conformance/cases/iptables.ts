import type { ModuleCase } from '../module-case.ts';

const rules = "sed -E 's/\\[[0-9:]+\\]//' | grep -v '^#'";

export default {
  examples: {
    'Masquerade a tenant network': {
      setup: 'iptables -t nat -A POSTROUTING -s 10.9.0.0/16 -j RETURN',
      look: "iptables-save -t nat | grep '^-A'",
      shows: /^-A POSTROUTING -s 10\.9\.0\.0\/16 -j RETURN\n-A POSTROUTING -j (\S+)\n-A \1 -s 192\.168\.1\.0\/24 -j MASQUERADE\n$/,
      spoil: 'iptables -t nat -F $(iptables-save -t nat | sed -n "s/^-A POSTROUTING -j //p" | tail -n 1)',
    },
    'A firewall between two links, in order': {
      setup: 'iptables -A FORWARD -i br9 -j ACCEPT',
      look: "iptables-save -t filter | grep '^-A'",
      shows:
        /^-A FORWARD -i br9 -j ACCEPT\n-A FORWARD -j (\S+)\n-A \1 -i eth0 -o eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A \1 -i eth1 -o eth0 -j ACCEPT\n-A \1 -j DROP\n$/,
      spoil: 'c=$(iptables-save | sed -n "s/^-A FORWARD -j //p" | tail -n 1); iptables -D $c 2; iptables -I $c -j ACCEPT',
    },
    'Only SSH and VXLAN come in, on both families': {
      setup: 'iptables -A INPUT -p icmp -j ACCEPT',
      look: `for i in iptables ip6tables; do $i-save -t filter | ${rules} | grep 'INPUT'; done`,
      shows:
        /^:INPUT DROP \n(?::\S+ - \n)?(?:-A \S+ .*\n)*?-A INPUT -j \S+\n-A INPUT -p icmp -j ACCEPT\n(?:-A \S+ .*-m tcp --dport 22 -m comment --comment administration -j ACCEPT\n|-A \S+ .*\n)*:INPUT DROP \n/,
      spoil: 'iptables -P INPUT ACCEPT; ip6tables -D INPUT 1',
    },
    'Ours out of FORWARD again': {
      setup: `iptables -A FORWARD -i br9 -j ACCEPT; iptables -N KVMNET-FORWARD; iptables -A KVMNET-FORWARD -i eth7 -j DROP
iptables -A FORWARD -j KVMNET-FORWARD`,
      look: "iptables-save -t filter | grep '^-A\\|KVMNET'",
      shows: '-A FORWARD -i br9 -j ACCEPT\n',
      spoil: 'iptables -N KVMNET-FORWARD; iptables -A KVMNET-FORWARD -j DROP; iptables -A FORWARD -j KVMNET-FORWARD',
    },
  },
  reboot: ['Masquerade a tenant network', 'A firewall between two links, in order', 'Only SSH and VXLAN come in, on both families'],
  // Rules of others do not outlive a boot by themselves.
  rebootSetup: 'true',
  refuses: [
    { params: { chain: 'FORWARD', rules: ['-A FORWARD -j DROP'] }, says: 'iptables: rules[0]: -A does not belong into a rule: give the chain as chain, and begin the rule behind it' },
    { params: { chain: 'FORWARD' }, says: 'iptables: give rules or a policy' },
  ],
} satisfies ModuleCase;
