import { defineModule } from '../../src/sdk/index.ts';
import { look } from './look.ts';
import { Package } from './params.ts';
import { askedFor, familyOf, readState, wantState, type State } from './state.ts';
import { aptSteps, rpmSteps, type Plan } from './steps.ts';

export const packageModule = defineModule({
  name: 'package',
  summary: 'Packages of the distribution: apt, dnf or yum',
  unproved: 'dnf and yum (RHEL family)',
  params: Package,
  requires: 'apt (Debian family), dnf or yum (RHEL family)',
  shortForm: 'name',
  examples: [
    {
      title: 'Two packages, with lists not older than an hour',
      params: { name: ['irqbalance', 'ethtool'], update_cache: true },
    },
    {
      title: 'Families name it differently',
      params: {
        name: { debian: 'openvswitch-switch', redhat: 'openvswitch3.1' },
        enablerepo: ['centos-nfv-openvswitch'],
      },
    },
    { title: 'One version', params: { name: 'frr=8.4.4-1.1~deb12u1' } },
    { title: 'Not there', params: { name: 'ifupdown, bridge-utils', state: 'absent' } },
  ],
  probes: (p) => ({ look: look(p) }),
  state: ({ look }, p): State => readState(look, p),
  want: (p, now, { look }) => wantState(p, now ?? readState(look, p), look),
  steps: (from, to, p) => {
    const manager = to?.manager ?? from?.manager ?? '';
    const plan = planOf(from, to);
    return manager === 'apt-get' ? aptSteps(plan, p) : rpmSteps(plan, p, manager);
  },
  // Lists do not grow old again, and that a newer version is known is not forgotten.
  oneWay: (path) => path === 'lists' || path.endsWith('.newest'),
  warnings: (p, now, { look }) => {
    if (now === null || look.family === undefined) return [];
    const { packages } = now;
    const names = askedFor(p, familyOf(look)).map(({ name }) => name);
    const gone = names.filter((name) => p.state === 'absent' && packages[name]?.installed === true);
    if (p.state === 'absent') {
      return gone.length === 0 ? [] : [`undo installs ${gone.join(', ')} again, but nothing that goes with it`];
    }
    const fresh = names.filter((name) => packages[name]?.installed === false);
    const known = names.filter((name) => packages[name]?.installed === true);
    const unknown = p.state === 'latest' && now.lists === 'old' ? known : [];
    const held = p.state === 'latest' ? names.filter((name) => look.installed[name]?.held === true) : [];
    const started = names.filter(
      (name) => look.family === 'debian' && packages[name]?.installed === false && services.has(name),
    );
    // dnf takes along what nobody else needs.
    const stays = fresh.length > 0 && now.manager !== 'dnf';
    return [
      ...held.map((name) => `${name} is held at ${look.installed[name]?.version} and stays there`),
      ...(unknown.length > 0
        ? [
            `the lists are read first: should ${unknown.join(', ')} become newer, undo does not bring back the old version`,
          ]
        : []),
      ...(stays ? [`undo removes ${fresh.join(', ')}, but not the packages that come with it`] : []),
      ...started.map((name) => `${name}: Debian starts its service as it is installed`),
    ];
  },
  returns: (_, now) => ({
    versions: Object.fromEntries(Object.entries(now?.packages ?? {}).map(([name, { version }]) => [name, version])),
  }),
});

// Of those that change a host's network by merely being installed.
const services: ReadonlySet<string> = new Set([
  'openvswitch-switch',
  'openvswitch-switch-dpdk',
  'openvswitch-testcontroller',
  'ovn-host',
  'irqbalance',
  'frr',
  'quagga',
  'bird2',
  'dnsmasq',
  'isc-dhcp-server',
  'keepalived',
  'libvirt-daemon-system',
  'network-manager',
  'strongswan',
  'ufw',
]);

function planOf(from: State | null, to: State | null): Plan {
  const update = to?.lists === 'fresh' && from?.lists !== 'fresh';
  const entries = Object.entries(to?.packages ?? {});
  const install = entries.flatMap(([name, after]) => {
    const before = from?.packages[name];
    if (!after.installed) return [];
    // Back from the newest: what `before` names is then the version of old.
    const back = before?.newest === true && after.newest === false;
    const version = after.version !== null && (back || after.version !== before?.version) ? `=${after.version}` : '';
    const due =
      before?.installed !== true || version !== '' || (after.newest === true && (update || before.newest !== true));
    return due ? [`${name}${version}`] : [];
  });
  const remove = entries.flatMap(([name, after]) =>
    after.installed || from?.packages[name]?.installed !== true ? [] : [name],
  );
  return { install, remove, update };
}
