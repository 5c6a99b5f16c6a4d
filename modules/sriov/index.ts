import { defineModule, missing, refuse, sh } from '../../src/sdk/index.ts';
import { deviceFolder, Sriov, vfIds } from './params.ts';
import { readState, sriovProbe, type Seen, type State, type VfState } from './read.ts';
import { sriovSteps } from './steps.ts';

type WantedVf = Partial<VfState> & Pick<VfState, 'id'>;

export const sriov = defineModule({
  name: 'sriov',
  summary: 'Virtual functions of a network card, and what each of them may do',
  params: Sriov,
  examples: [
    {
      title: 'Four virtual functions, the first for a guest in VLAN 100',
      params: { pf: 'eth0', num_vfs: 4, vfs: [{ id: 0, mac: '52:54:00:6d:90:02', vlan: 100 }] },
      needs: 'vm',
    },
    {
      title: 'Eight for passthrough, with limits',
      params: {
        pf: '05:00.0',
        num_vfs: 8,
        drivers_autoprobe: false,
        vfs: [{ range: '0-7', driver: 'vfio-pci', spoof_check: true, max_tx_rate: 1000 }],
      },
      needs: 'hardware',
    },
  ],
  requires: 'a network card with SR-IOV that is switched on in the firmware, iproute2',
  probes: (p) => ({ seen: sriovProbe(p) }),
  state: ({ seen }): State => readState(seen),
  want: (p, now, { seen }) => {
    const number = p.num_vfs ?? seen.num;
    checkNumber(p, seen, number);
    const named = new Map(p.vfs.flatMap((vf) => vfIds(vf).map((id): [number, WantedVf] => [id, wantedVf(id, vf)])));
    const last = Math.max(-1, ...named.keys());
    if (last >= number) {
      throw missing(
        `${p.pf} has ${number} virtual functions, there is no number ${last}`,
        'set num_vfs, or let whoever makes them make more',
      );
    }
    const all = Array.from({ length: number }, (_, id) => named.get(id) ?? { id });
    return {
      num_vfs: p.num_vfs,
      drivers_autoprobe: p.drivers_autoprobe,
      eswitch_mode: p.eswitch_mode,
      mtu: p.mtu,
      up: number > 0 && p.num_vfs !== undefined ? true : now?.up,
      vfs: p.num_vfs === undefined && p.vfs.length === 0 ? undefined : (all as VfState[]),
    };
  },
  steps: (from, to, p) => sriovSteps(deviceFolder(p), p.pf, from, to),
  compare: { vfs: { keyed: 'id' } },
  touches: (from, to, p) => {
    const differs = (key: 'num_vfs' | 'eswitch_mode' | 'mtu'): boolean =>
      to !== null && to[key] !== undefined && to[key] !== from?.[key];
    return differs('num_vfs') || differs('eswitch_mode') || differs('mtu') ? { links: [p.pf], effect: 'flap' } : 'none';
  },
  settle: { timeout: 10 },
  boot: (p) => ({
    id: p.pf,
    state: null,
    anchor: p.pf.includes(':') ? { unit: 'multi-user.target' } : { device: p.pf },
    after: ['network-pre.target'],
    before: [
      'network.target',
      'NetworkManager.service',
      'systemd-networkd.service',
      'ovs-vswitchd.service',
      'libvirtd.service',
      'virtqemud.service',
      ...p.required_by,
    ],
    // Functions that stand are never made anew: a virtual machine may run on them.
    guard: { script: sh`read -r n <"$1/sriov_numvfs" && [ "$n" != 0 ]`, args: [deviceFolder(p)] },
  }),
  warnings: (p, _now, { seen }) => {
    if (p.num_vfs === undefined || p.num_vfs === seen.num || seen.num === 0) return [];
    return [`all ${seen.num} virtual functions of ${p.pf} are destroyed before there are ${p.num_vfs}`];
  },
  returns: (p, now) => ({ pf: p.pf, num_vfs: now?.num_vfs ?? 0 }),
});

function checkNumber(p: Sriov, seen: Seen, number: number): void {
  if (number > seen.total) {
    throw refuse(
      `${p.pf} has at most ${seen.total} virtual functions, not ${number}`,
      'lower num_vfs, or raise the limit in the firmware of the card',
    );
  }
  if (p.num_vfs === undefined) return;
  const [profile] = seen.profiles;
  if (profile !== undefined) {
    throw refuse(
      `NetworkManager sets the number of virtual functions of ${p.pf} itself (${profile})`,
      'take sriov.total-vfs out of that profile: nmcli connection modify … sriov.total-vfs ""',
    );
  }
  const used = seen.vfs.filter((vf) => vf.use !== undefined);
  if (number === seen.num || seen.num === 0 || used.length === 0 || p.allow_disruptive) return;
  const list = used.map((vf) => `${vf.id} (${vf.use})`).join(', ');
  throw refuse(
    `another number of virtual functions destroys all of ${p.pf}, and some are in use: ${list}`,
    'free them first, or set allow_disruptive: yes',
  );
}

function wantedVf(id: number, vf: Sriov['vfs'][number]): WantedVf {
  const { mac, vlan, qos, vlan_proto, spoof_check, trust, link_state, min_tx_rate, max_tx_rate, driver, mtu } = vf;
  const given = Object.entries({
    mac,
    vlan,
    qos,
    vlan_proto,
    spoof_check,
    trust,
    link_state,
    min_tx_rate,
    max_tx_rate,
    driver,
    mtu,
  });
  return { id, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}
