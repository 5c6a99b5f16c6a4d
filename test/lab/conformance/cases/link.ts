import type { ModuleCase } from '../module-case.ts';

export default {
  examples: {
    'Jumbo frames and an address for storage': {
      look: "ip -o link show eth1 | grep -o '<.*UP.*> mtu [0-9]*' | grep -o 'mtu .*'; ip -o -4 address show eth1 | grep -o 'inet [^ ]*'",
      shows: 'mtu 9000\ninet 10.0.1.1/24\n',
      spoil: 'ip address del 10.0.1.1/24 dev eth1; ip link set eth1 mtu 1500 down',
    },
    'An interface into a bridge': {
      setup: 'ip link add br0 address 02:00:00:00:00:b0 type bridge',
      look: "ip -o link show master br0 up | grep -o '^[0-9]*: eth2'",
      shows: /^\d+: eth2\n$/,
      spoil: 'ip link set eth2 nomaster',
    },
    'A virtual link away': {
      setup: 'ip link add veth7 type veth peer name veth8; ip link set veth7 mtu 1400 up',
      look: 'ip -br link show veth7 2>&1 | grep -o "^[^@]*"',
      shows: 'Device "veth7" does not exist.\n',
      spoil: 'ip link add veth7 type veth peer name veth8',
      notUndone: 'veth7 cannot be made again by an undo',
    },
  },
  reboot: ['Jumbo frames and an address for storage'],
  refuses: [
    { params: { up: true }, says: 'link: give name, pci, altname or mac' },
    { params: { name: 'eth1', routes: [{ to: '10.8.0.0/16', via: 'fe80::1' }] }, says: 'link: routes[0].via: fe80::1 is of another family than 10.8.0.0/16' },
  ],
} satisfies ModuleCase;
