import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { grub } from './index.ts';

// update-grub and grubby are stand-ins that treat the files as the real ones do; the real ones run in a virtual machine.
const updateGrub = `#!/bin/sh
set -e
. /etc/default/grub
for f in /etc/default/grub.d/*.cfg; do [ ! -e "$f" ] || . "$f"; done
{
  echo '### BEGIN /etc/grub.d/10_linux ###'
  for k in 6.1.0-40-amd64 6.1.0-39-amd64; do
    echo "	linux	/boot/vmlinuz-$k root=UUID=1-2 ro $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"
    echo "	linux	/boot/vmlinuz-$k root=UUID=1-2 ro single $GRUB_CMDLINE_LINUX"
  done
  echo '### END /etc/grub.d/10_linux ###'
  echo '### BEGIN /etc/grub.d/30_os-prober ###'; echo '	linux	/boot/other root=/dev/sdb1'; echo '### END /etc/grub.d/30_os-prober ###'
} >/boot/grub/grub.cfg
echo ran >>/run/update-grub.log
`;
const grubby = `#!/usr/bin/env python3
import json, shlex, sys
path = '/run/entries.json'
entries = json.load(open(path))
options = dict(word[2:].split('=', 1) for word in sys.argv[1:] if '=' in word)
if options.get('info') == 'ALL':
    for i, (kernel, args) in enumerate(entries.items()):
        print(f'index={i}\\nkernel="{kernel}"\\nargs="{args}"\\nroot="UUID=1-2"\\ninitrd="/boot/initramfs"\\ntitle="RHEL"\\nid="x"')
elif '--default-kernel' in sys.argv:
    print(list(entries)[0])
else:
    which = options['update-kernel']
    for kernel in entries:
        if which not in ('ALL', kernel) and not (which == 'DEFAULT' and kernel == list(entries)[0]): continue
        words = entries[kernel].split()
        gone = options.get('remove-args', '').split()
        words = [w for w in words if w not in gone and w.split('=')[0] not in gone]
        entries[kernel] = ' '.join(words + options.get('args', '').split())
    json.dump(entries, open(path, 'w'))
`;
import { itWhere } from '../../src/sdk/testing/it-where.ts';
const put = (path: string, text: string, mode = '0644'): string =>
  `mkdir -p "$(dirname ${path})"; cat >${path} <<'KVMNET_END'\n${text}KVMNET_END\nchmod ${mode} ${path}`;

describe.each([['sh'], ['bash'], ['busybox sh']])('grub on Debian, with a recorded update-grub, under %s', (shell) => {
  // The other shells prove the snippets, not all of the module once more.
  const all = shell === 'sh';
  let host: Sandbox;
  const defaults = `# If you change this file, run 'update-grub' afterwards
GRUB_DEFAULT=0
GRUB_DISTRIBUTOR=\`echo Debian\`
GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=off"  # ours
GRUB_CMDLINE_LINUX='net.ifnames=0 console=tty0'
`;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' ') });
    host.look(`${put('/usr/sbin/update-grub', updateGrub, '0755')}; echo >/run/cmdline; mount --bind /run/cmdline /proc/cmdline
mount -t tmpfs t /sys/firmware 2>/dev/null && mkdir -p /sys/firmware/acpi/tables && touch /sys/firmware/acpi/tables/DMAR || :
echo 'vendor_id	: GenuineIntel' >/run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo`);
  });
  afterAll(() => host.close());
  beforeEach(() => {
    host.look(`rm -rf /etc/default/grub.d; ${put('/etc/default/grub', defaults)}; mkdir -p /boot/grub; update-grub; rm /run/update-grub.log
sed -n 's/^.*vmlinuz/BOOT_IMAGE=vmlinuz/p' /boot/grub/grub.cfg | head -1 >/run/cmdline`);
  });
  const everything = (): string =>
    host.look('cat /etc/default/grub /etc/default/grub.d/* /boot/grub/grub.cfg 2>/dev/null || :');
  // A new kernel gets what grub.cfg says; the clock of the host says that it was booted since.
  const reboot = (): void => {
    host.look(`sed -n 's/^.*vmlinuz/BOOT_IMAGE=vmlinuz/p' /boot/grub/grub.cfg | head -1 >/run/cmdline`);
  };

  it('configures passthrough: in a drop-in, and where the offending token lives; pending until the reboot', () => {
    const before = everything();
    const done = apply(grub, { iommu: 'pt' }, host);
    expect(done.changes).toEqual([
      { path: 'args', from: ['intel_iommu=off'], to: ['intel_iommu=on', 'iommu=pt'] },
      { path: 'entries', from: ['intel_iommu=off'], to: ['intel_iommu=on', 'iommu=pt'] },
    ]);
    expect(done.left).toEqual([]);
    expect(host.look('cat /etc/default/grub.d/99-kvmnet.cfg')).toBe(
      '# managed by kvmnet: kernel arguments\nGRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX intel_iommu=on iommu=pt"\n',
    );
    expect(host.look('cat /etc/default/grub')).toBe(defaults.replace('quiet intel_iommu=off', 'quiet'));
    expect(host.look('grep -c "intel_iommu=on iommu=pt" /boot/grub/grub.cfg')).toBe('4\n');
    expect(host.look('cat /run/update-grub.log')).toBe('ran\n');
    const again = apply(grub, { iommu: 'pt' }, host);
    expect(again.steps).toEqual([]);
    expect(grub.pending?.(again.now as never, again.want as never, grub.params.parse({ iommu: 'pt' }))).toMatchObject([
      { path: 'running', until: 'reboot', reason: expect.stringContaining('(intel_iommu=off)') as string },
    ]);
    reboot();
    expect(read(grub, { iommu: 'pt' }, host)).toMatchObject({
      changes: [],
      now: { running: ['intel_iommu=on', 'iommu=pt'] },
    });
    done.undo();
    expect(everything()).toBe(before);
  });

  itWhere(all)('compares whole arguments, not parts: iommu=pt is not in amd_iommu=pt', () => {
    host.look(`echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX amd_iommu=pt xiommu=pt"' >>/etc/default/grub`);
    expect(read(grub, { args: { iommu: 'pt' } }, host).changes[0]).toEqual({
      path: 'args',
      from: [],
      to: ['iommu=pt'],
    });
  });

  itWhere(all)('keeps the order of consoles and of pairs of page sizes, and takes - for _', () => {
    const params = {
      args: [
        'console=tty0',
        'console=ttyS0,115200',
        'hugepagesz=1G',
        'hugepages=4',
        'hugepagesz=2M',
        'hugepages=512',
        'mitigations=off',
        'some-module.a-b=1',
      ],
    };
    const done = apply(grub, params, host);
    expect(done.left).toEqual([]);
    expect(host.look('cat /boot/grub/grub.cfg')).toContain(
      'ro net.ifnames=0 console=tty0 console=ttyS0,115200 hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512 mitigations=off some-module.a-b=1 quiet',
    );
    const map = { args: { hugepages: [4, 512], hugepagesz: ['1G', '2M'], some_module: true } };
    expect(read(grub, map, host).changes[0]).toMatchObject({
      from: ['hugepagesz=1G', 'hugepages=4', 'hugepagesz=2M', 'hugepages=512'],
    });
    expect(read(grub, { args: ['some_module.a_b=1'] }, host).changes).toEqual([]);
    const less = apply(grub, { args: ['hugepages', 'hugepagesz', 'mitigations', 'quiet'], state: 'absent' }, host);
    expect(less.left).toEqual([]);
    expect(host.look('cat /boot/grub/grub.cfg')).toContain(
      'ro net.ifnames=0 console=tty0 console=ttyS0,115200 some-module.a-b=1 intel_iommu=off',
    );
    less.undo();
    done.undo();
    expect(host.look('cat /etc/default/grub')).toBe(defaults);
  });

  it('passes values with spaces through the shell and GRUB', () => {
    const done = apply(grub, { args: { dyndbg: 'file drivers/x.c +p' } }, host);
    expect(done.left).toEqual([]);
    expect(host.look('cat /boot/grub/grub.cfg')).toContain('dyndbg="file drivers/x.c +p"');
    done.undo();
  });

  itWhere(all)('takes everything else out with replace, but what finds the root', () => {
    const done = apply(grub, { args: { console: 'ttyS0' }, replace: 'yes' }, host);
    expect(done.left).toEqual([]);
    expect(host.look('head -2 /boot/grub/grub.cfg | tail -1')).toMatch(/root=UUID=1-2 ro {2}console=ttyS0\s*$/);
    done.undo();
    expect(host.look('cat /etc/default/grub')).toBe(defaults);
  });

  itWhere(all)('runs update-grub where only that is missing', () => {
    host.look(`sed -i 's/quiet intel_iommu=off/quiet nosmt/' /etc/default/grub`);
    const done = apply(grub, { args: { nosmt: true } }, host);
    expect([done.changes, done.left]).toEqual([[{ path: 'entries', from: [], to: ['nosmt'] }], []]);
    expect(done.steps).toHaveLength(1);
  });

  itWhere(all)('says so where a boot did not bring what is configured', () => {
    expect(apply(grub, { args: { nosmt: true } }, host).left).toEqual([]);
    host.look('touch -d "2001-01-01" /boot/grub/grub.cfg');
    expect(() => read(grub, { args: { nosmt: true } }, host)).toThrow(
      'the arguments nosmt are configured but not effective: the kernel was started without them',
    );
  });

  itWhere(all)('refuses what it cannot do', () => {
    expect(() => read(grub, { args: { a: 1 }, kernel: 'default' }, host)).toThrow(
      'kernel: default needs grubby, which this host has not',
    );
    expect(() => read(grub, { args: { a: 'x'.repeat(2048) } }, host)).toThrow('bytes, the kernel takes 2047');
    // With that of the kernel's path, which GRUB puts before them, and what stands there.
    const [image = ''] = /BOOT_IMAGE=\S+/.exec(host.look('cat /proc/cmdline')) ?? [];
    const [, others = ''] = /linux\s+\S+ (.*)/.exec(host.look('cat /boot/grub/grub.cfg')) ?? [];
    const room = 2047 - `${image} ${others.trim().replaceAll(/\s+/g, ' ')} a=`.length;
    expect(image).not.toBe('');
    expect(() => read(grub, { args: { a: 'x'.repeat(room + 1) } }, host)).toThrow(
      'would have 2048 bytes, the kernel takes 2047',
    );
    expect(read(grub, { args: { a: 'x'.repeat(room) } }, host).changes).not.toEqual([]);
    host.look(`echo 'X=nosmt; GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX $X"' >>/etc/default/grub; update-grub`);
    expect(() => read(grub, { args: ['nosmt'], state: 'absent' }, host)).toThrow(
      'nosmt stands in the files of /etc/default in a way that cannot be edited',
    );
    host.look('mv /usr/sbin/update-grub /root/');
    expect(() => read(grub, { args: { a: 1 } }, host)).toThrow('no GRUB was found on this host');
    host.look('mv /root/update-grub /usr/sbin/; mv /boot/grub/grub.cfg /boot/grub/x');
    expect(() => read(grub, { args: { a: 1 } }, host)).toThrow('no boot entry was found');
    host.look('touch /run/ostree-booted');
    expect(() => read(grub, { args: { a: 1 } }, host)).toThrow('this host is made of ostree images');
    host.look('rm /run/ostree-booted');
  });
});

describe('grub on RHEL, with a stand-in for grubby', () => {
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox();
    host.look(`${put('/usr/sbin/grubby', grubby, '0755')}
${put('/etc/default/grub', 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="crashkernel=1G rhgb quiet"\nGRUB_ENABLE_BLSCFG=true\n')}
${put('/etc/kernel/cmdline', 'root=UUID=1-2 ro crashkernel=1G rhgb quiet\n')}
${put('/run/entries.json', '{"/boot/vmlinuz-2": "ro crashkernel=1G rhgb quiet $tuned_params", "/boot/vmlinuz-1": "ro rhgb quiet intel_iommu=off"}\n')}
echo 'root=UUID=1-2 ro rhgb quiet' >/run/cmdline; mount --bind /run/cmdline /proc/cmdline`);
  });
  afterAll(() => host.close());
  const everything = (): string => host.look('cat /etc/default/grub /etc/kernel/cmdline /run/entries.json');

  it('changes all entries, and the files that those to come are made from', () => {
    const before = everything();
    const done = apply(grub, { args: { intel_iommu: 'on', iommu: 'pt' } }, host);
    expect(done.left).toEqual([]);
    expect(everything()).toBe(
      'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="crashkernel=1G rhgb quiet intel_iommu=on iommu=pt"\nGRUB_ENABLE_BLSCFG=true\n' +
        'root=UUID=1-2 ro crashkernel=1G rhgb quiet intel_iommu=on iommu=pt\n' +
        '{"/boot/vmlinuz-2": "ro crashkernel=1G rhgb quiet $tuned_params intel_iommu=on iommu=pt", "/boot/vmlinuz-1": "ro rhgb quiet intel_iommu=on iommu=pt"}',
    );
    expect(apply(grub, { args: { intel_iommu: 'on', iommu: 'pt' } }, host).steps).toEqual([]);
    done.undo();
    // Entries that did not agree come back as the first one was.
    expect(host.look('cat /etc/default/grub /etc/kernel/cmdline')).toBe(before.slice(0, before.indexOf('{')));
    expect(host.look('cat /run/entries.json')).not.toContain('iommu=pt');
  });

  it('changes one entry alone, and no file', () => {
    const before = host.look('cat /etc/default/grub /etc/kernel/cmdline');
    const done = apply(grub, { args: { nosmt: true }, kernel: 'default' }, host);
    expect(done.left).toEqual([]);
    expect(host.look('cat /run/entries.json')).toMatch(/tuned_params[^"]* nosmt", "\/boot\/vmlinuz-1": "(?!.*nosmt)/);
    expect(host.look('cat /etc/default/grub /etc/kernel/cmdline')).toBe(before);
    done.undo();
    expect(() => read(grub, { args: { nosmt: true }, kernel: '/boot/none' }, host)).toThrow(
      'there is no boot entry for /boot/none',
    );
  });
});
