import { z } from 'zod';
import { bool, canonical, int, parsePciAddress } from '../../src/sdk/index.ts';

/** Canonical form: `0000:05:00.0`, or `0000:05:00.0/3` and `eth0/3` for virtual function 3. @throws RangeError */
function parseDevice(text: string): string {
  const [, base = '', vf = ''] = /^([^/]+)(?:\/(\d{1,5}))?$/.exec(text.trim()) ?? [];
  if (base.includes(':')) return parsePciAddress(base) + (vf === '' ? '' : `/${Number(vf)}`);
  if (vf !== '' && /^[^\s:]{1,15}$/.test(base)) return `${base}/${Number(vf)}`;
  throw new RangeError(
    `"${text}" is no device: give a PCI address ("05:00.0"), or a virtual function as "eth0/3"; an interface has no name any more once it is bound to vfio-pci`,
  );
}

const Device = canonical(
  z.string({ error: 'a device is text: "05:00.0", or "eth0/3" for a virtual function' }),
  parseDevice,
);

const Id = z
  .string()
  .regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/i, {
    error: 'expected maker and model in hexadecimal, "8086:10ed", as lspci -n prints them',
  })
  .transform((text) => text.toLowerCase());

export const DriverBind = z
  .strictObject({
    device: Device.optional().describe('PCI address, or virtual function as "eth0/3" or "05:00.0/3"'),
    devices: z.array(Device).optional().describe('several of these'),
    ids: z.array(Id).optional().describe('all devices of these makers and models, "8086:10ed"'),
    driver: z
      .union([z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, { error: 'a driver is a name: vfio-pci' }), z.null()])
      .describe(
        'driver that they are bound to and stay with: vfio-pci, a driver of the kernel, none, or null for the one the kernel takes by itself',
      ),
    force: bool().default(false).describe('also devices that carry addresses or are ports of a bridge'),
    noiommu: bool()
      .default(false)
      .describe('let vfio work without an IOMMU: a guest can then read and write all memory'),
    uid: int({ min: 0, max: 4_294_967_294 }).optional().describe('user who may open the vfio groups of the devices'),
    gid: int({ min: 0, max: 4_294_967_294 }).optional().describe('group that may'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.device !== undefined && p.devices !== undefined) complain('device', 'give device or devices, not both');
    if (devicesOf(p).length === 0 && p.ids === undefined) complain('device', 'give device, devices or ids');
    const vfio = p.driver?.startsWith('vfio') === true;
    if (!vfio && p.noiommu) complain('noiommu', 'only vfio-pci asks for an IOMMU');
    if (!vfio && (p.uid !== undefined || p.gid !== undefined))
      complain('uid', 'only vfio-pci has groups that somebody can open');
  });
export type DriverBind = z.output<typeof DriverBind>;

export const devicesOf = (p: Pick<DriverBind, 'device' | 'devices'>): readonly string[] => [
  ...new Set(p.devices ?? (p.device === undefined ? [] : [p.device])),
];
