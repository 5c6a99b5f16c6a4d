import { defineModule, type Touches } from '../../src/sdk/index.ts';
import { look } from './look.ts';
import { Service } from './params.ts';
import { restart } from './restart.ts';
import { readState, wantState, type State } from './state.ts';
import { serviceSteps } from './steps.ts';

export const service = defineModule({
  name: 'service',
  summary: 'Services: running, at boot, masked, restarted',
  unproved: 'services as the RHEL family names them',
  params: Service,
  examples: [
    { title: 'Running, now and at boot', params: { name: 'irqbalance', state: 'started', enabled: true } },
    { title: 'As a handler', params: { name: 'frr', state: 'reloaded' } },
    { title: 'A timer', params: { name: 'fstrim.timer', enabled: 'yes', state: 'started' } },
    { title: 'Never again', params: { name: 'ModemManager', state: 'stopped', masked: true } },
  ],
  probes: (p) => ({ look: look(p) }),
  state: ({ look }, p): State => readState(look, p),
  want: (p, now, { look }) => wantState(p, now ?? readState(look, p), look),
  steps: (from, to, p) => (from === null || to === null ? [] : serviceSteps(from, to, p)),
  // activating, deactivating: it is on its way.
  settle: { timeout: 10 },
  touches: (from, to) => touched(from, to),
  warnings: (p, now) =>
    p.enabled === true && now?.enabled === 'indirect'
      ? [`${now.unit} is started through its sockets or timers: enable those`]
      : [],
  asAction: (p) => (p.state === 'restarted' || p.state === 'reloaded' || p.name === undefined ? restart : undefined),
});

// Services without which nobody can log in any more, or that take the network along.
const vital =
  /^(sshd?|dropbear|networking|network|NetworkManager|systemd-networkd|wpa_supplicant.*|dhcpcd.*|dhclient.*|openvswitch.*|ovs-vswitchd|ovsdb-server|frr|quagga|zebra|ospfd|bird6?|firewalld|nftables|ip6?tables|netfilter-persistent|ufw|wg-quick@.*|openvpn.*|strongswan.*|ipsec|tailscaled|sssd|winbind)\.?(service|socket|target)?$/;

function touched(from: State | null, to: State | null): Touches | 'none' {
  if (from === null || to === null || from.active === to.active || !vital.test(to.unit)) return 'none';
  return { services: [to.unit.replace(/\.service$/, '')], effect: 'cut' };
}
