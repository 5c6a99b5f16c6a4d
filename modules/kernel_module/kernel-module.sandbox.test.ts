import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { kernelModule } from './index.ts';

// Nothing can be loaded here, and there may be no /proc/modules: it and /sys/module are stand-ins, and so is modprobe, which reads modprobe.d as
// the real one does. What they show has the form of a real host's.
const setup = String.raw`
rm -f /etc/modules /etc/modules-load.d/* /etc/modprobe.d/* /usr/lib/modprobe.d/*
mkdir -p /stand-in/proc; mount --rbind /proc /stand-in/proc; mount -t tmpfs tmpfs /proc
for f in self mounts filesystems sys cmdline uptime; do ln -s "/stand-in/proc/$f" "/proc/$f"; done
mkdir -p "/lib/modules/$(uname -r)" /lib/modules/9.9.9 /etc/modules-load.d /etc/modprobe.d /usr/local/sbin
echo 'kernel/net/kn-free.ko.xz: kernel/net/other.ko' >"/lib/modules/$(uname -r)/modules.dep"
echo 'kernel/drivers/kn_used.ko:' >>"/lib/modules/$(uname -r)/modules.dep"
echo 'kernel/drivers/kn_part.ko' >"/lib/modules/$(uname -r)/modules.builtin"
echo 'kernel/drivers/kn_new.ko:' >/lib/modules/9.9.9/modules.dep
echo 'kn_used 16384 3 kn_top,vhost, Live 0x0000000000000000' >/proc/modules
mount -t tmpfs tmpfs /sys/module
mkdir -p /sys/module/kn_used/parameters; echo N >/sys/module/kn_used/parameters/nested
cat >/usr/local/sbin/modprobe <<'X'
#!/bin/sh
r=; [ "$1" = -r ] && { r=1; shift; }; [ "$1" = -- ] && shift
n=$(echo "$1" | tr - _); shift
if [ -n "$r" ]; then o=$(grep -v "^$n " /proc/modules); printf '%s\n' "$o" >/proc/modules; rm -r "/sys/module/$n"; exit; fi
if [ "$n" = kn_bad ]; then echo "modprobe: ERROR: could not insert 'kn_bad': Key was rejected by service" >&2; exit 1; fi
echo "$n 16384 0 - Live 0x0000000000000000" >>/proc/modules
mkdir -p "/sys/module/$n/parameters"
for o in $(sed -n "s/^options $n //p" /etc/modprobe.d/*.conf 2>/dev/null) "$@"; do echo "$(echo "$o" | cut -d= -f2 | tr 10 YN)" >"/sys/module/$n/parameters/$(echo "$o" | cut -d= -f1)"; done
X
chmod +x /usr/local/sbin/modprobe
echo 'kernel/x/kn-bad.ko:' >>"/lib/modules/$(uname -r)/modules.dep"
`;

describe.each<[string, string[]]>([
  ['dash', ['dash']],
  ['bash', ['bash']],
  ['busybox', ['busybox', 'sh']],
])('kernel_module with %s', (_, shell) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ shell, setup });
  });
  afterAll(() => sandbox.close());
  const go = (params: object) => apply(kernelModule, params, sandbox);

  it('loads with parameters, keeps them, is content, repairs, and takes it back', () => {
    const params = { name: 'kn-free', params: { nested: 'yes' }, initramfs: false };
    const first = go(params);
    expect(first.left).toEqual([]);
    expect(sandbox.look('cat /etc/modprobe.d/* /etc/modules-load.d/* /sys/module/kn_free/parameters/nested')).toBe(
      '# managed by kvmnet\noptions kn_free nested=1\n# managed by kvmnet\nkn_free\nY\n',
    );
    expect(go(params)).toMatchObject({ changes: [], steps: [] });
    sandbox.look('rm /etc/modules-load.d/*; modprobe -r kn_free');
    expect(go(params).left).toEqual([]);
    first.undo();
    expect(sandbox.look('ls /etc/modprobe.d /etc/modules-load.d; cat /proc/modules')).not.toContain('kn_free');
  });

  it('changes a parameter of a loaded module in place where it can be written', () => {
    go({ name: 'kn_free', initramfs: false });
    sandbox.look('mkdir -p /sys/module/kn_free/parameters; echo N >/sys/module/kn_free/parameters/a;');
    const changed = go({ name: 'kn_free', params: { a: 1 }, initramfs: false });
    expect(changed.left).toEqual([]);
    expect(sandbox.look('cat /sys/module/kn_free/parameters/a')).toBe('1');
    go({ name: 'kn_free', state: 'absent', initramfs: false });
  });

  it('sees who needs it', () => {
    expect(() => read(kernelModule, { name: 'kn-used', state: 'absent' }, sandbox)).toThrow(
      'kn_used cannot be unloaded: kn_top, vhost need it',
    );
  });

  it('tells parts of the kernel, modules of another kernel, and nothing at all', () => {
    expect(read(kernelModule, { name: 'kn_part' }, sandbox).changes).toEqual([]);
    expect(read(kernelModule, { name: 'kn_new', persist: false }, sandbox).now).toMatchObject({
      later: expect.stringContaining('9.9.9 has'),
    });
    expect(() => read(kernelModule, { name: 'kn_gone' }, sandbox)).toThrow(/^the kernel \S+ has no module kn_gone$/);
    expect(() => read(kernelModule, { name: 'kn.part' }, sandbox)).toThrow('without .ko');
  });

  it('explains what Secure Boot does not let in', () => {
    expect(() => go({ name: 'kn_bad' })).toThrow(
      'Key was rejected by service: it is not signed with a key that this host trusts',
    );
    sandbox.look('rm -f /etc/modules-load.d/*');
  });

  it('builds the initramfs anew only where the module is in it', () => {
    sandbox.look(String.raw`
      mkdir -p /boot; : >"/boot/initrd.img-$(uname -r)"
      printf '#!/bin/sh\necho usr/lib/modules/x/kernel/net/kn-free.ko.xz\n' >/usr/local/sbin/lsinitramfs
      printf '#!/bin/sh\necho "$@" >>/stand-in/log\n' >/usr/local/sbin/update-initramfs
      chmod +x /usr/local/sbin/*`);
    go({ name: 'kn_free', params: { a: 1 } });
    expect(sandbox.look('cat /stand-in/log')).toMatch(/^-u -k \S+\n$/);
    go({ name: 'kn_part', blacklist: true });
    expect(sandbox.look('wc -l </stand-in/log').trim()).toBe('1');
    go({ name: 'kn_part', blacklist: false, initramfs: true });
    expect(sandbox.look('wc -l </stand-in/log').trim()).toBe('2');
  });
});
