import { z } from 'zod';
import { bool, ifname, int, mtu, pciAddress, unicastMac, vlanId } from '../../src/sdk/index.ts';

const rangePattern = /^(\d{1,3})-(\d{1,3})$/;

const Vf = z.strictObject({
  id: int({ min: 0, max: 255, what: 'the number of a virtual function' })
    .optional()
    .describe('number of the virtual function, from 0'),
  range: z
    .string()
    .regex(rangePattern, { error: 'a range of virtual functions, "0-3"' })
    .optional()
    .describe('in place of id: several with the same settings, "0-3"'),
  mac: unicastMac().optional().describe('MAC address that the host gives it'),
  vlan: vlanId({ zero: true }).optional().describe('VLAN id that the card puts it in, 0 for none'),
  qos: int({ min: 0, max: 7, what: 'a VLAN priority' }).optional().describe('VLAN priority, 0 to 7'),
  vlan_proto: z.enum(['802.1Q', '802.1ad']).optional().describe('kind of VLAN tag'),
  spoof_check: bool().optional().describe('drop what it sends under other addresses'),
  trust: bool().optional().describe('let it change its address and be promiscuous'),
  link_state: z
    .enum(['auto', 'enable', 'disable'])
    .optional()
    .describe('link that it sees: as that of the card, or always up or down'),
  min_tx_rate: int({ min: 0 }).optional().describe('Mbit/s that it is sure of, 0 for none'),
  max_tx_rate: int({ min: 0 }).optional().describe('Mbit/s that it may send, 0 for no limit'),
  driver: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, { error: 'a driver is a name: vfio-pci' })
    .optional()
    .describe('driver that it is bound to: vfio-pci, iavf, …'),
  mtu: mtu().optional().describe('MTU in bytes of its own interface'),
});

export const Sriov = z
  .strictObject({
    pf: z.union([pciAddress(), ifname()]).describe('physical function: its interface, or its PCI address'),
    num_vfs: int({ min: 0, max: 256, what: 'a number of virtual functions' })
      .optional()
      .describe('how many virtual functions there are'),
    drivers_autoprobe: bool().optional().describe('whether the kernel binds new ones to their driver by itself'),
    eswitch_mode: z.enum(['legacy', 'switchdev']).optional().describe('how the card switches between them'),
    mtu: mtu().optional().describe('MTU in bytes of the physical function'),
    vfs: z.array(Vf).default([]).describe('settings of single virtual functions; what is not named stays'),
    allow_disruptive: bool()
      .default(false)
      .describe('another number destroys all of them first: do that even where some are in use'),
    externally_managed: bool().default(false).describe('somebody else makes them; only settings are made'),
    required_by: z
      .array(
        z.string().regex(/^[A-Za-z0-9@_.:-]+\.(service|target)$/, { error: 'a systemd unit: nova-compute.service' }),
      )
      .default([])
      .describe('further systemd units that may start only once they are there'),
  })
  .superRefine((p, context) => {
    const complain = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const seen = new Set<number>();
    for (const [i, vf] of p.vfs.entries()) {
      if ((vf.id === undefined) === (vf.range === undefined)) {
        complain(['vfs', i], 'give id or range');
        continue;
      }
      const ids = vfIds(vf);
      if (ids.length === 0) complain(['vfs', i, 'range'], `${vf.range} is no range`);
      if (ids.length > 1 && vf.mac !== undefined)
        complain(['vfs', i, 'mac'], 'several virtual functions cannot have one MAC address');
      for (const id of ids) {
        if (seen.has(id)) complain(['vfs', i], `virtual function ${id} is there twice`);
        seen.add(id);
        if (p.num_vfs !== undefined && id >= p.num_vfs) {
          complain(['vfs', i], `there is no virtual function ${id}: they are numbered from 0 to ${p.num_vfs - 1}`);
        }
      }
      if (vf.mtu !== undefined && p.mtu !== undefined && vf.mtu > p.mtu)
        complain(['vfs', i, 'mtu'], `above the MTU ${p.mtu} of the physical function`);
      if ((vf.min_tx_rate ?? 0) > (vf.max_tx_rate ?? Number.POSITIVE_INFINITY) && vf.max_tx_rate !== 0) {
        complain(['vfs', i, 'min_tx_rate'], `above max_tx_rate ${vf.max_tx_rate}`);
      }
      if (vf.qos !== undefined && vf.qos > 0 && (vf.vlan === undefined || vf.vlan === 0))
        complain(['vfs', i, 'qos'], 'a VLAN priority needs a vlan');
    }
    if (p.externally_managed && p.num_vfs !== undefined)
      complain(['num_vfs'], 'somebody else decides about it: leave it out');
  });
export type Sriov = z.output<typeof Sriov>;
export type VfParams = z.output<typeof Vf>;

export function vfIds(vf: Pick<VfParams, 'id' | 'range'>): readonly number[] {
  if (vf.id !== undefined) return [vf.id];
  const [, from, to] = rangePattern.exec(vf.range ?? '') ?? [];
  const [first, last] = [Number(from), Number(to)];
  return last >= first ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
}

/** The folder of the physical function in sysfs. */
export const deviceFolder = (p: Pick<Sriov, 'pf'>): string =>
  p.pf.includes(':') ? `/sys/bus/pci/devices/${p.pf}` : `/sys/class/net/${p.pf}/device`;
