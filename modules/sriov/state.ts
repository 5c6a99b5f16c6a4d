import { missing, refuse, type Pending } from '../../src/sdk/index.ts';
import { idsOf, type Sriov } from './params.ts';
import type { SeenPf } from './read.ts';

export type VfState = {
  id: number;
  mac: string;
  vlan: number;
  qos: number;
  vlan_proto: '802.1q' | '802.1ad';
  /** Null: the driver does not say. */
  spoof_check: boolean | null;
  trust: boolean | null;
  link_state: 'auto' | 'enable' | 'disable';
  min_tx_rate: number;
  max_tx_rate: number;
  driver: string | null;
  /** Keeps the driver when drivers are loaded anew. */
  override: string | null;
  /** Of its interface here; null where it has none. */
  mtu: number | null;
  /** Never wanted: what a change passes over. */
  dev: string | null;
};

export type State = {
  num_vfs: number;
  /** What the hardware can have, as far as the kernel knows. */
  total_vfs: number;
  /** Never wanted: its interface; empty where it has none. */
  dev: string;
  drivers_autoprobe: boolean;
  eswitch_mode: string | null;
  mtu: number;
  up: boolean;
  vfs: VfState[];
};

/** As much as is known of a state that is or was to be made. */
export type Goal = Partial<Omit<State, 'vfs'>> & { readonly vfs?: readonly VfGoal[] | undefined };
export type VfGoal = { readonly id: number } & { readonly [K in keyof VfState]?: VfState[K] | undefined };

/** A virtual function that was made a moment ago. */
export const freshVf = (id: number): VfState => ({
  id,
  mac: '00:00:00:00:00:00',
  vlan: 0,
  qos: 0,
  vlan_proto: '802.1q',
  spoof_check: null,
  trust: null,
  link_state: 'auto',
  min_tx_rate: 0,
  max_tx_rate: 0,
  driver: null,
  override: null,
  mtu: null,
  dev: null,
});

/** A device that can have virtual functions. */
type Physical = SeenPf & { readonly total: number };

export const readState = (seen: Physical): State => ({
  num_vfs: seen.count,
  total_vfs: seen.total,
  dev: seen.dev,
  drivers_autoprobe: seen.autoprobe,
  eswitch_mode: seen.eswitch,
  mtu: seen.mtu,
  up: seen.up,
  vfs: seen.vfs.map(({ id, driver, override, mtu, dev }) => {
    const set = seen.settings.find((item) => item.id === id);
    return {
      ...freshVf(id),
      ...(set === undefined
        ? {}
        : {
            mac: set.mac,
            vlan: set.vlan,
            qos: set.qos,
            vlan_proto: set.vlanProtocol === '802.1ad' ? '802.1ad' : '802.1q',
            spoof_check: set.spoofCheck ?? null,
            trust: set.trust ?? null,
            link_state: set.linkState,
            min_tx_rate: set.minTxRate,
            max_tx_rate: set.maxTxRate,
          }),
      driver,
      override,
      mtu,
      dev,
    };
  }),
});

/** What is there, where it can have virtual functions. @throws KvmnetError */
export function physicalFunction(p: Sriov, seen: SeenPf | 'none' | 'virtual'): Physical {
  if (seen === 'none') throw missing(`${p.pf} does not exist`, 'kvmnet facts tells the interfaces of a host');
  if (seen === 'virtual') throw refuse(`${p.pf} is no physical device`, 'name a network card');
  if (seen.isVf) throw refuse(`${p.pf} is itself a virtual function`, 'name its physical function');
  if (seen.total === null) {
    throw refuse(
      `${p.pf} has no SR-IOV: its driver, or the firmware of the host, does not offer it`,
      'switch SR-IOV on in the firmware (BIOS) and in the card, and look into the kernel log',
    );
  }
  if (seen.dev === '' && needsInterface(p)) {
    throw missing(
      `${p.pf} has no network interface`,
      'its driver is not a network driver: bind it to the one of its maker',
    );
  }
  return { ...seen, total: seen.total };
}

const needsInterface = (p: Sriov): boolean => p.vfs.length > 0 || p.mtu !== undefined;

/** More than the kernel knows of, but what the firmware makes from the next boot on. */
const afterReboot = (p: Sriov, seen: Physical): boolean =>
  p.num_vfs !== undefined && p.num_vfs > seen.total && p.num_vfs <= (seen.firmware ?? 0);

export function wantState(p: Sriov, seen: Physical) {
  if (p.state === 'absent') {
    if (seen.count > 0) checkUnused(p, seen, 0);
    return null;
  }
  const managers = seen.rivals;
  if (managers.length > 0 && p.num_vfs !== undefined && !p.externally_managed) {
    throw refuse(
      `${managers.join(', ')} sets the number of virtual functions too`,
      'take it out there, or set externally_managed: yes',
    );
  }
  if (afterReboot(p, seen)) return { total_vfs: p.num_vfs };
  const count = p.num_vfs ?? seen.count;
  checkCount(p, seen, count);
  const wanted = new Map(p.vfs.flatMap((vf) => idsOf(vf).map((id) => [id, vf] as const)));
  const beyond = [...wanted.keys()].find((id) => id >= count);
  if (beyond !== undefined) {
    throw missing(`${p.pf} has no virtual function ${beyond}: it has ${count}`, 'give num_vfs');
  }
  checkDrivers(p, seen);
  const mtu = p.mtu ?? seen.mtu;
  const large = [...wanted.values()].find((vf) => (vf.mtu ?? 0) > mtu);
  if (large !== undefined) {
    throw refuse(`an MTU of ${large.mtu} is above that of ${p.pf}, ${mtu}`, `set mtu to ${large.mtu} or more`);
  }
  return {
    num_vfs: p.externally_managed ? undefined : p.num_vfs,
    drivers_autoprobe: p.drivers_autoprobe,
    eswitch_mode: p.eswitch_mode,
    mtu: p.mtu,
    // What hangs on virtual functions is dead while the physical one is down.
    up: count > 0 && seen.dev !== '' ? true : undefined,
    vfs: Array.from({ length: count }, (_, id): VfGoal => {
      const vf = wanted.get(id);
      if (vf === undefined) return { id };
      const { id: _id, range: _range, ...fields } = vf;
      // Without a VLAN there is neither priority nor protocol.
      return { ...fields, id, override: vf.driver, ...(vf.vlan === 0 ? { qos: 0 } : {}) };
    }) as VfState[],
  };
}

function checkCount(p: Sriov, seen: Physical, count: number): void {
  const { total } = seen;
  if (count > total) {
    const firmware = seen.vendor === '0x15b3' ? 'set SRIOV_EN and NUM_OF_VFS with mstconfig, then reboot' : undefined;
    throw refuse(`${p.pf} can have ${total} virtual functions at most, not ${count}`, firmware ?? 'ask for fewer');
  }
  if (count === seen.count) return;
  if (p.externally_managed) {
    throw missing(
      `${p.pf} has ${seen.count} virtual functions, not ${count}, and others make them`,
      'externally_managed: no makes them here',
    );
  }
  if (seen.count > 0) checkUnused(p, seen, count);
}

function checkUnused(p: Sriov, seen: SeenPf, count: number): void {
  if (seen.uses.length === 0 || p.allow_disruptive) return;
  throw refuse(
    `from ${seen.count} to ${count} virtual functions, all are taken away first, and of those of ${p.pf} some are in use: ${seen.uses.join('; ')}`,
    'free them, or set allow_disruptive: yes',
  );
}

function checkDrivers(p: Sriov, seen: SeenPf): void {
  const vfio = p.vfs.some(({ driver }) => driver === 'vfio-pci');
  const groups = seen.vfs.map(({ group }) => group);
  if (!vfio || groups.length === 0 || groups.some((group) => group !== null)) return;
  throw missing('vfio-pci needs an IOMMU, and the kernel has none', 'grub: { iommu: pt }, then reboot');
}

export const pendingOf = (p: Sriov, now: State | null): readonly Pending[] => {
  if (p.num_vfs === undefined || now === null || p.num_vfs <= now.total_vfs) return [];
  return [
    {
      path: 'total_vfs',
      reason: `the firmware of ${p.pf} offers ${p.num_vfs} virtual functions from the next boot on, now ${now.total_vfs}`,
      until: 'reboot',
      cause: 'the firmware keeps its number: look at SRIOV_EN and NUM_OF_VFS with its own tool, and at the BIOS',
    },
  ];
};
