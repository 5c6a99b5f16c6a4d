import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'A bridge for virtual machines': {
      look: "ip -d -o link show br-blue | grep -o 'forward_delay [0-9]*\\|stp_state [0-9]'; ip -o link show master br-blue | grep -o 'eth[0-9]'",
      shows: 'forward_delay 200\nstp_state 0\neth2\n',
      spoil: 'ip link set eth2 nomaster; ip link set br-blue type bridge forward_delay 1500',
    },
    'The uplink into a bridge, with the addresses that it has; the session over it lives on': {
      look: `ip -o -4 address show dev br0 | grep -o 'inet 10.97.*/16'; ip -o address show dev eth0 scope global
ip route show default; ip -o link show master br0 | grep -o 'eth[0-9]'`,
      shows: /^inet 10\.97\.\d+\.\d+\/16\ndefault via 10\.97\.255\.254 dev br0 ?\neth0\n$/,
      // As somebody would who wants to have it as it was.
      spoil: `a=$(ip -o -4 address show dev br0 | grep -o '10.97[^ ]*/16'); b=$(ip -o -6 address show dev br0 scope global | grep -o 'fd97[^ ]*/64')
ip link del br0; ip address add $a dev eth0; ip address add $b dev eth0 nodad; ip route add default via 10.97.255.254`,
    },
  },
  reboot: ['A bridge for virtual machines'],
  refuses: [
    { params: { name: 'br0', ports: ['br0'] }, says: 'bridge: ports: br0 cannot be its own port' },
    { params: { name: 'br0', ports: [], move_ip_from: 'eth0' }, says: 'bridge: move_ip_from: eth0 has to be one of ports' },
  ],
} satisfies ModuleCase;
