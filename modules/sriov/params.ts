import { z } from 'zod';
import { bool, canonical, ifname, int, mtu, parsePciAddress, unicastMac, vlanId } from '../../src/sdk/index.ts';

const range = /^(\d{1,5})-(\d{1,5})$/;
const rate = () => int({ min: 0, max: 4_294_967_295, what: 'a rate in Mbit/s' });
const number = () => int({ min: 0, max: 65_535, what: 'a number of virtual functions' });

const Vf = z.strictObject({
  id: int({ min: 0, max: 65_534, what: 'the number of a virtual function' })
    .optional()
    .describe('number of the virtual function, from 0'),
  range: z
    .string()
    .regex(range, { error: 'expected a range of virtual functions, "0-3"' })
    .optional()
    .describe('in place of id: several that are set alike, "0-3"'),
  mac: unicastMac().optional().describe('MAC address that the host gives it'),
  vlan: vlanId({ zero: true }).optional().describe('VLAN id that the card adds and takes off; 0: none'),
  qos: int({ min: 0, max: 7, what: 'a priority' }).optional().describe('priority in the VLAN tag, 0 to 7'),
  vlan_proto: z
    .enum(['802.1q', '802.1Q', '802.1ad'])
    .transform((text): '802.1q' | '802.1ad' => (text === '802.1ad' ? '802.1ad' : '802.1q'))
    .optional()
    .describe('kind of the VLAN tag'),
  spoof_check: bool().optional().describe('drop what it sends under another address'),
  trust: bool().optional().describe('let its user change its address and listen to all'),
  link_state: z
    .enum(['auto', 'enable', 'disable'])
    .optional()
    .describe('the link it sees: that of the card, always up, or always down'),
  min_tx_rate: rate().optional().describe('Mbit/s that it is sure of; 0: none'),
  max_tx_rate: rate().optional().describe('Mbit/s that it can send at most; 0: no limit'),
  driver: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, { error: 'expected the name of a driver, vfio-pci say' })
    .optional()
    .describe('driver that it is bound to and stays with: vfio-pci for guests, or one of the kernel'),
  mtu: mtu().optional().describe('MTU in bytes of its interface on this host'),
});

/** A PCI address in canonical form, or the name of an interface. @throws RangeError */
function parsePhysical(text: string): string {
  if (/^[0-9a-f]{2,8}:[0-9a-f:.]+$/i.test(text)) return parsePciAddress(text);
  const problem = ifname().safeParse(text).error?.issues[0]?.message;
  if (problem !== undefined) throw new RangeError(problem);
  return text;
}

export const Sriov = z
  .strictObject({
    pf: canonical(z.string(), parsePhysical).describe('physical function: name of its interface, or its PCI address'),
    num_vfs: number().optional().describe('how many virtual functions it has; another number takes all away first'),
    drivers_autoprobe: bool().optional().describe('whether new ones are given to a driver of the kernel'),
    eswitch_mode: z.enum(['legacy', 'switchdev']).optional().describe('how the card forwards between them'),
    mtu: mtu().optional().describe('MTU in bytes of the physical function'),
    vfs: z.array(Vf).default([]).describe('what single virtual functions may do; what is not named stays as it is'),
    allow_disruptive: bool().default(false).describe('take virtual functions away although some are in use'),
    externally_managed: bool().default(false).describe('others make the virtual functions: they are set, never made'),
    required_by: z
      .array(
        z.string().regex(/^[\w@:.\\-]+\.(service|target|socket)$/, {
          error: 'expected a systemd unit, nova-compute.service say',
        }),
      )
      .default([])
      .describe('systemd units that start after them at boot, beside networks and libvirt'),
    state: z.enum(['present', 'absent']).default('present').describe('absent: no virtual functions at all'),
  })
  .superRefine((p, context) => {
    const complain = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (p.state === 'absent' && (p.num_vfs !== undefined || p.vfs.length > 0)) {
      complain(['state'], 'state: absent is num_vfs: 0, leave num_vfs and vfs out');
    }
    if (p.state === 'absent' && p.externally_managed) {
      complain(['externally_managed'], 'others make the virtual functions, so they take them away: leave state out');
    }
    const ids = new Set<number>();
    const macs = new Set<string>();
    for (const [i, vf] of p.vfs.entries()) {
      const at = ['vfs', i];
      const own = idsOf(vf);
      if ((vf.id === undefined) === (vf.range === undefined)) complain(at, 'give id or range, one of them');
      else if (own.length === 0) complain(at, 'the range ends before it begins');
      const twice = own.find((id) => ids.has(id));
      if (twice !== undefined) complain(at, `virtual function ${twice} is named twice`);
      const count = p.num_vfs ?? Infinity;
      const beyond = own.find((id) => id >= count);
      if (beyond !== undefined) complain(at, noSuchVf(beyond, count));
      if (vf.mac !== undefined && own.length > 1) {
        complain(at, 'a MAC address belongs to one virtual function: give id in place of range');
      }
      if (vf.mac !== undefined && macs.has(vf.mac)) complain(at, `${vf.mac} is given twice`);
      if ((vf.qos ?? 0) > 0 && (vf.vlan ?? 0) === 0) complain(at, 'a priority needs a vlan');
      const { min_tx_rate: least = 0, max_tx_rate: most = 0 } = vf;
      if (most > 0 && least > most) {
        complain(at, 'min_tx_rate is above max_tx_rate');
      }
      if (vf.mtu !== undefined && p.mtu !== undefined && vf.mtu > p.mtu) {
        complain(at, `an MTU of ${vf.mtu} is above that of the physical function, ${p.mtu}`);
      }
      for (const id of own) ids.add(id);
      if (vf.mac !== undefined) macs.add(vf.mac);
    }
  });
export type Sriov = z.output<typeof Sriov>;

const noSuchVf = (id: number, count: number): string =>
  count === 0
    ? `there is no virtual function ${id}: num_vfs is 0`
    : `there is no virtual function ${id}: ${count} have the numbers 0 to ${count - 1}`;

/** The virtual functions that an entry is about; none where its range ends before it begins. */
export function idsOf(vf: {
  readonly id?: number | undefined;
  readonly range?: string | undefined;
}): readonly number[] {
  if (vf.id !== undefined) return [vf.id];
  const [, from, to] = range.exec(vf.range ?? '') ?? [];
  const [first, last] = [Number(from), Number(to)];
  return last >= first ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
}
