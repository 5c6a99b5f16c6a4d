import { z } from 'zod';
import { bool, cpuList, int, virtName } from '../../src/sdk/index.ts';

const disk = z.strictObject({
  file: z
    .string()
    .startsWith('/', { error: 'expected the whole path of an image or a device, beginning with /' })
    .describe('image, or a block device below /dev'),
  target: z
    .string()
    .regex(/^[a-z]+[a-z0-9]*$/, { error: 'expected a name as vda' })
    .default('vda')
    .describe('name of the disk, which tells it from the others'),
  bus: z.enum(['virtio', 'scsi', 'sata', 'ide', 'usb']).default('virtio').describe('how the guest sees it'),
  format: z.enum(['qcow2', 'raw']).default('qcow2').describe('format of the image'),
  device: z.enum(['disk', 'cdrom']).default('disk').describe('cdrom for one that is only read'),
  readonly: bool().default(false).describe('whether the guest cannot write to it'),
});

/** A guest in few words; whoever needs more gives its XML. */
const define = z.strictObject({
  type: z.enum(['kvm', 'qemu']).default('kvm').describe('kvm, or qemu where there is no /dev/kvm'),
  memory: int({ min: 1, max: 67_108_864, what: 'an amount of memory in MiB' }).describe('MiB'),
  vcpus: int({ min: 1, max: 4096, what: 'a number of vCPUs' }).default(1).describe('virtual CPUs'),
  arch: z.string().regex(/^\w+$/).default('x86_64').describe('architecture'),
  machine: z
    .string()
    .regex(/^[\w.-]+$/)
    .default('q35')
    .describe('board'),
  cpu: z
    .enum(['host-passthrough', 'host-model', 'maximum'])
    .optional()
    .describe('CPU that the guest sees; default of libvirt for one left out'),
  emulator: z.string().startsWith('/').optional().describe('path of QEMU; default: what libvirt finds'),
  kernel: z.string().startsWith('/').optional().describe('kernel to boot without a boot loader'),
  initrd: z.string().startsWith('/').optional().describe('its initial RAM disk'),
  cmdline: z.string().optional().describe('its arguments'),
  disks: z.array(disk).default([]).describe('disks; others that the guest has stay'),
  ports: int({ min: 0, max: 64, what: 'a number of ports' })
    .default(8)
    .describe('slots for devices that are plugged in while it runs (machine q35)'),
  console: bool().default(true).describe('a serial console, for virsh console'),
});
export type Define = z.output<typeof define>;

export const LibvirtDomain = z
  .strictObject({
    name: virtName('domain').describe('name of the guest'),
    xml: z
      .string()
      .min(1)
      .optional()
      .describe(
        'its XML; what it does not name stays as it is: interfaces of libvirt_interface, addresses, what libvirt adds',
      ),
    template: z.string().min(1).optional().describe('file of the controller with that XML, a template'),
    define: define.optional().describe('the guest in few words, in place of its XML'),
    memory_backing: z
      .strictObject({
        hugepages: bool().optional().describe('memory from the hugepages of the host'),
        shared: bool().optional().describe('memory that others can map, which vhost-user needs'),
      })
      .optional()
      .describe('where the memory of the guest comes from'),
    cpu_pins: z
      .record(z.string().regex(/^\d+$/, { error: 'expected the number of a vCPU' }), cpuList())
      .optional()
      .describe('CPUs of the host for each vCPU: { 0: 2, 1: "3-4" }; changed while it runs'),
    emulator_pin: cpuList()
      .optional()
      .describe('CPUs of the host for everything else of the guest; changed while it runs'),
    autostart: bool().optional().describe('whether it starts with the host'),
    restart: z
      .enum(['never', 'if_required'])
      .default('never')
      .describe('whether to shut down and start a running guest for what cannot be changed in it'),
    shutdown_timeout: int({ min: 1, max: 3600, what: 'seconds' })
      .default(120)
      .describe('seconds that the guest has to shut down'),
    state: z
      .enum(['running', 'shutdown', 'destroyed', 'paused', 'absent'])
      .optional()
      .describe(
        'shutdown asks the guest, destroyed pulls its plug, absent does so and removes it, its disks stay; default: as it is, a new one off',
      ),
  })
  .superRefine((p, context) => {
    const given = (['xml', 'template', 'define'] as const).filter((key) => p[key] !== undefined);
    const [, second] = given;
    if (second !== undefined)
      context.addIssue({ code: 'custom', path: [second], message: `give one of ${given.join(' and ')}` });
    const targets = (p.define?.disks ?? []).map(({ target }) => target);
    const twice = targets.find((target, i) => targets.indexOf(target) !== i);
    if (twice !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['define', 'disks'],
        message: `two disks are called ${twice}: give each a target of its own`,
      });
    }
  });
export type LibvirtDomain = z.output<typeof LibvirtDomain>;
