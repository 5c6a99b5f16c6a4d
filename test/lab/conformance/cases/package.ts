import type { ModuleCase } from '../module-case.ts';
import { repository } from '../setups.ts';

const look = (...names: readonly string[]): string =>
  names.map((name) => `dpkg-query -W -f='\${Package} \${db:Status-Status} \${Version}\\n' ${name} 2>&1 || :`).join('; ');

export default {
  examples: {
    'Two packages, with lists not older than an hour': {
      // Others on the host that is rebooted need the real one.
      setup: `${repository}
[ -e /usr/local/sbin/ethtool ] || cp -p /usr/sbin/ethtool /usr/local/sbin/
without irqbalance ethtool; deb irqbalance 9.1; deb ethtool 9.2; publish`,
      look: look('irqbalance', 'ethtool'),
      shows: 'irqbalance installed 9.1\nethtool installed 9.2\n',
      spoil: 'dpkg -r ethtool',
    },
    'Families name it differently': {
      setup: `${repository}
without openvswitch-switch; deb openvswitch-switch 9.0; publish; apt-get -qq update`,
      look: look('openvswitch-switch'),
      shows: 'openvswitch-switch installed 9.0\n',
      spoil: 'dpkg -r openvswitch-switch',
    },
    'One version': {
      setup: `${repository}
without frr; deb frr 8.4.4-1.1~deb12u1; deb frr 8.4.4-1.1~deb12u2; publish; apt-get -qq update; apt-get -qq -y install frr`,
      look: look('frr'),
      shows: 'frr installed 8.4.4-1.1~deb12u1\n',
      spoil: 'dpkg -i /opt/stand-ins/frr_8.4.4-1.1~deb12u2.deb',
    },
    'Not there': {
      setup: `${repository}
deb ifupdown 9.0; deb bridge-utils 9.0; publish; apt-get -qq update; apt-get -qq -y install ifupdown bridge-utils`,
      look: look('ifupdown', 'bridge-utils'),
      shows: /^(dpkg-query: no packages found matching \S+\n|\S+ (not-installed|config-files) .*\n){2}$/,
      spoil: 'dpkg -i /opt/stand-ins/ifupdown_9.0.deb',
    },
  },
  reboot: ['Two packages, with lists not older than an hour', 'Not there'],
  refuses: [
    { params: { name: 'irqbalance>=1.9' }, says: 'package: name: "irqbalance>=1.9" compares versions: write NAME=VERSION, or state: latest' },
    { params: { name: 'frr=8.4', state: 'latest' }, says: 'package: name: a version goes with state: present only, not with latest' },
  ],
} satisfies ModuleCase;
