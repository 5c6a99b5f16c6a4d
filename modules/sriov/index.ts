import { defineModule, sh, type Want } from '../../src/sdk/index.ts';
import { Sriov } from './params.ts';
import { pfProbe } from './read.ts';
import { pendingOf, physicalFunction, readState, wantState, type Goal, type State } from './state.ts';
import { sriovSteps } from './steps.ts';

export const sriov = defineModule({
  name: 'sriov',
  summary: 'Virtual functions of a network card, and what each of them may do',
  unproved: 'switchdev, Mellanox firmware (mstconfig), profiles of NetworkManager (RHEL family)',
  params: Sriov,
  examples: [
    {
      title: 'Four virtual functions, the first for a guest in VLAN 100',
      params: { pf: 'eth0', num_vfs: 4, vfs: [{ id: 0, mac: '52:54:00:6d:90:02', vlan: 100 }] },
      needs: 'vm',
    },
    {
      title: 'Eight for guests with VFIO, each with at most 1 Gbit/s',
      params: {
        pf: '05:00.0',
        num_vfs: 8,
        drivers_autoprobe: false,
        vfs: [{ range: '0-7', driver: 'vfio-pci', spoof_check: true, max_tx_rate: 1000 }],
      },
      needs: 'hardware',
    },
    { title: 'No virtual functions', params: { pf: 'eth0', state: 'absent' }, needs: 'vm' },
  ],
  requires: 'iproute2, and a network card whose SR-IOV is switched on in the firmware',
  probes: (p) => ({ pf: pfProbe(p) }),
  state: (seen, p): State | null => {
    if (p.state === 'absent' && seen.pf === 'none') return null;
    const pf = physicalFunction(p, seen.pf);
    return p.state === 'absent' && pf.count === 0 ? null : readState(pf);
  },
  want: (p, _now, seen): Want<State> | null =>
    p.state === 'absent' && seen.pf === 'none' ? null : wantState(p, physicalFunction(p, seen.pf)),
  steps: (from, to, p) => sriovSteps(p.pf, from, to),
  compare: { vfs: { keyed: 'id' } },
  pending: (now, _want, p) => pendingOf(p, now),
  touches: (from, to, p) => {
    const [was, goal]: [Goal, Goal | null] = [from ?? { num_vfs: 0 }, to];
    if (sriovSteps(p.pf, from, to).length === 0) return 'none';
    const anew = (goal?.num_vfs ?? (goal === null ? 0 : was.num_vfs)) !== was.num_vfs;
    const gone = anew ? (was.vfs ?? []).flatMap(({ dev }) => (typeof dev === 'string' ? [dev] : [])) : [];
    // It may be named by its PCI address; the path of a session is known by interfaces.
    const links = [was.dev === undefined || was.dev === '' ? p.pf : was.dev, ...gone];
    return goal === null ? { links } : { links, effect: 'flap' };
  },
  settle: { timeout: 10 },
  boot: (p) => ({
    id: p.pf,
    state: null,
    // Not the device: what starts after virtual functions has to wait for them.
    anchor: { unit: 'multi-user.target' },
    after: [
      'network-pre.target',
      ...(p.pf.includes(':') ? [] : [`sys-subsystem-net-devices-${unitName(p.pf)}.device`]),
    ],
    before: [
      'network.target',
      'NetworkManager.service',
      'systemd-networkd.service',
      'ovs-vswitchd.service',
      'libvirtd.service',
      'virtqemud.service',
      ...p.required_by,
    ],
    // A guest may run on functions that stand. Those that others make are only set. At boot the card's driver may still be on
    // its way: an ordering alone does not make systemd wait for a device.
    guard: {
      script: sh`case $1 in *:*) d=/sys/bus/pci/devices/$1;; *) d=/sys/class/net/$1/device;; esac
try=0
until [ -e "$d/sriov_numvfs" ] && [ -e "$d/driver" ]; do
  try=$((try+1))
  [ "$try" -le 300 ] || break
  sleep 0.2 2>/dev/null || sleep 1
done
[ -z "$2" ] || exit 1
read -r n <"$d/sriov_numvfs" && [ "$n" != 0 ]`,
      args: [p.pf, p.externally_managed ? 'yes' : ''],
    },
  }),
  warnings: (p, now) => {
    const count = p.state === 'absent' ? 0 : p.num_vfs;
    if (now === null || now.num_vfs === 0 || count === undefined || count === now.num_vfs) return [];
    return [`all ${now.num_vfs} virtual functions of ${p.pf} are taken away on the way to ${count}`];
  },
});

// As systemd-escape does it.
const unitName = (name: string): string =>
  name.replace(/[^A-Za-z0-9:_.]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
