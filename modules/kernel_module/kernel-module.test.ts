import { describe, expect, it } from 'vitest';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import { kernelModule } from './index.ts';
import { parseLook, type Look } from './look.ts';
import { KernelModule } from './params.ts';

const none: Look = {
  kernel: '6.1.0-18-amd64',
  loaded: false,
  builtin: false,
  references: 0,
  users: [],
  interfaces: [],
  available: true,
  otherKernels: [],
  bare: false,
  modprobe: true,
  params: {},
  modprobe_d: [],
  loadedBy: [],
};
const loaded: Look = { ...none, loaded: true, available: false };
const kept = (name: string, ...lines: string[]): Partial<Look> => ({
  modprobe_d: lines.map((line) => ({ file: `/etc/modprobe.d/kvmnet-${name}.conf`, line })),
  loadedBy: [`/etc/modules-load.d/kvmnet-${name}.conf`],
});
const param = (value: string | null, writable = false) => ({ value, writable });

function plan(params: object, look: Look) {
  const p = KernelModule.parse(params);
  const now = kernelModule.state({ look }, p);
  const want = kernelModule.want(p, now, { look });
  const pending = kernelModule.pending?.(now, want, p) ?? [];
  const after = overlayState(now, want) as typeof now;
  const words = (steps: ReturnType<typeof kernelModule.steps>): string[] =>
    steps.map((step) => {
      if (step.kind === 'write')
        return `${step.path}: ${(typeof step.content === 'string' ? step.content : '').replace('# managed by kvmnet\n', '').trimEnd()}`;
      if (step.kind === 'snippet')
        return step.script.includes('update-initramfs') ? 'initramfs' : `modprobe ${step.args.join(' ')}`;
      if (step.kind === 'poke') return `${step.path} = ${step.value}`;
      return step.kind === 'remove' ? `rm ${step.path}` : step.kind;
    });
  return {
    changes: diffState(now, want).filter(({ path }) => !pending.some((item) => item.path === path)),
    pending: pending.map(({ path, reason }) => `${path}: ${reason}`),
    forth: words(kernelModule.steps(now, after, p)),
    back: words(kernelModule.steps(after, now, p)),
    warnings: kernelModule.warnings?.(p, now, { look }),
  };
}
const LOAD = (name: string) => `/etc/modules-load.d/kvmnet-${name}.conf`;
const OPTIONS = (name: string) => `/etc/modprobe.d/kvmnet-${name}.conf`;

describe('kernel_module parameters', () => {
  it.each([
    [
      { name: 'kvm-intel', params: { nested: 'Y', b: '0x10', c: [1, true], d: 'off' } },
      { name: 'kvm_intel', params: { nested: '1', b: '16', c: '1,1', d: '0' } },
    ],
    [{ name: 'tun' }, { name: 'tun', state: 'present', persist: true }],
  ])('reads %j', (given, expected) => {
    expect(KernelModule.parse(given)).toMatchObject(expected);
  });

  it.each([
    [{ name: 'x.ko' }, 'expected the name of a kernel module, without .ko'],
    [{ name: 'a b' }, 'expected the name of a kernel module, without .ko'],
    [{ name: 'x', params: { a: 'b c' } }, 'a parameter of a module holds no space, quote or backslash'],
    [{ name: 'x', params: { a: '"b"' } }, 'a parameter of a module holds no space, quote or backslash'],
    [{ name: 'x', params: { a: {} } }, 'expected a value, or a list of them'],
    [{ name: 'x', state: 'absent', params: { a: 1 } }, 'a module that is absent has no parameters'],
  ])('refuses %j', (given, message) => {
    expect(KernelModule.safeParse(given).error?.issues[0]?.message).toBe(message);
  });
});

describe('what the host says', () => {
  // The lines of /proc/modules and sysfs are of a Debian 12 host with KVM.
  it('is read', () => {
    const look = parseLook({
      stdout: [
        'kernel 6.1.0-18-amd64',
        'modprobe',
        'loaded kvm_intel 372736 2 - Live 0xffffffffc0a5c000',
        'param nested rw Y',
        'param ept r- N',
        'param mask r- 0x10',
        'param names r- (null)',
        'param secret -w',
        'nic eth0',
        'nic eth1',
        'line /etc/modprobe.d/kvm.conf:options kvm_intel nested=1',
        'line /usr/lib/modprobe.d/x.conf:  blacklist kvm-intel',
        'line /lib/modprobe.d/x.conf:  blacklist kvm-intel',
        'at-boot /etc/modules-load.d/kvmnet-kvm_intel.conf',
        '',
      ].join('\n'),
    });
    expect(look).toEqual({
      ...none,
      loaded: true,
      available: false,
      references: 2,
      interfaces: ['eth0', 'eth1'],
      params: {
        nested: param('1', true),
        ept: param('0'),
        mask: param('16'),
        names: param(''),
        secret: param(null, true),
      },
      modprobe_d: [
        { file: '/etc/modprobe.d/kvm.conf', line: 'options kvm_intel nested=1' },
        { file: '/usr/lib/modprobe.d/x.conf', line: 'blacklist kvm-intel' },
      ],
      loadedBy: ['/etc/modules-load.d/kvmnet-kvm_intel.conf'],
    });
  });

  it.each([
    ['loaded bridge 311296 1 br_netfilter, Live 0x0', { users: ['br_netfilter'], references: 1 }],
    ['builtin', { builtin: true }],
    ['available', { available: true }],
    ['other /lib/modules/6.1.0-20-amd64/modules.dep', { otherKernels: ['6.1.0-20-amd64'] }],
  ])('%s', (line, expected) => {
    expect(parseLook({ stdout: `kernel x\n${line}\n` })).toMatchObject(expected);
  });
});

describe('kernel_module', () => {
  it('loads, and keeps it for the next boot; undo takes both back', () => {
    const { changes, forth, back } = plan({ name: 'br-netfilter' }, none);
    expect(changes).toEqual([
      { path: 'loaded', from: false, to: true },
      { path: 'persist', from: false, to: true },
    ]);
    expect(forth).toEqual([`${LOAD('br_netfilter')}: br_netfilter`, 'modprobe  br_netfilter']);
    expect(back).toEqual([`rm ${LOAD('br_netfilter')}`, 'modprobe br_netfilter']);
  });

  it('writes parameters before it loads', () => {
    const { forth } = plan({ name: 'x', params: { b: 2, a: true }, initramfs: false }, none);
    expect(forth).toEqual([`${OPTIONS('x')}: options x a=1 b=2`, `${LOAD('x')}: x`, 'modprobe  x']);
  });

  it('is content with what is so', () => {
    const look = { ...loaded, params: { nested: param('1') }, ...kept('kvm_intel', 'options kvm-intel nested=Y') };
    expect(plan({ name: 'kvm_intel', params: { nested: 1 } }, look)).toMatchObject({
      changes: [],
      forth: [],
      pending: [],
    });
  });

  it('notices wrong parameters of a loaded module, and loads it anew', () => {
    const { changes, forth, back } = plan(
      { name: 'x', params: { a: 1 } },
      { ...loaded, params: { a: param('0') }, ...kept('x') },
    );
    expect(changes).toEqual([
      { path: 'params.a', from: '0', to: '1' },
      { path: 'options', from: [], to: ['a=1'] },
    ]);
    expect(forth).toEqual([`${OPTIONS('x')}: options x a=1`, 'initramfs', 'modprobe again x a=1']);
    expect(back).toEqual([`rm ${OPTIONS('x')}`, 'initramfs', 'modprobe again x a=0']);
  });

  it('changes a parameter in place where that can be', () => {
    const look = { ...loaded, references: 3, params: { a: param('0', true) }, ...kept('x', 'options x a=1') };
    expect(plan({ name: 'x', params: { a: 1 } }, look)).toMatchObject({
      forth: ['/sys/module/x/parameters/a = 1'],
      pending: [],
    });
  });

  it.each<[string, Partial<Look>, string]>([
    ['in use', { references: 2 }, 'it is in use (2 references)'],
    ['needed', { references: 1, users: ['vhost_net'] }, 'vhost_net needs it'],
    ['driving the network', { interfaces: ['eth0'] }, 'it drives eth0'],
  ])('leaves what is %s to the next reboot', (_, more, why) => {
    const { changes, pending, forth } = plan(
      { name: 'x', params: { a: 1 } },
      { ...loaded, params: { a: param('0') }, ...kept('x', 'options x a=1'), ...more },
    );
    expect(changes).toEqual([]);
    expect(pending).toEqual([`params.a: x has to be loaded anew for a=1, and ${why}`]);
    expect(forth).toEqual([]);
  });

  it('takes out options that are not wanted any more', () => {
    const look = { ...loaded, params: { a: param('1') }, ...kept('x', 'options x a=1 old=2', 'blacklist x') };
    expect(plan({ name: 'x', params: { a: 1 } }, look).forth).toEqual([
      `${OPTIONS('x')}: options x a=1\nblacklist x`,
      'initramfs',
    ]);
  });

  it('unloads, and brings back with its parameters', () => {
    const look = { ...loaded, ...kept('x', 'options x a=1') };
    const { forth, back } = plan({ name: 'x', state: 'absent', blacklist: true, initramfs: false }, look);
    expect(forth).toEqual([`${OPTIONS('x')}: blacklist x`, `rm ${LOAD('x')}`, 'modprobe x']);
    expect(back).toEqual([`${OPTIONS('x')}: options x a=1`, `${LOAD('x')}: x`, 'modprobe  x']);
  });

  it('waits for a reboot with what is blacklisted and in use', () => {
    const { changes, pending } = plan(
      { name: 'x', state: 'absent', blacklist: true },
      { ...loaded, interfaces: ['eth0'] },
    );
    expect(changes).toEqual([{ path: 'blacklist', from: false, to: true }]);
    expect(pending).toEqual(['loaded: x: it drives eth0']);
  });

  it('waits for a reboot where the running kernel has lost its modules', () => {
    const { changes, pending, forth } = plan(
      { name: 'x' },
      { ...none, available: false, otherKernels: ['6.1.0-20-amd64'] },
    );
    expect(changes).toEqual([{ path: 'persist', from: false, to: true }]);
    expect(pending).toEqual([
      'loaded: x: the running kernel 6.1.0-18-amd64 has no files of it, 6.1.0-20-amd64 has: boot into that',
    ]);
    expect(forth).toEqual([`${LOAD('x')}: x`]);
  });

  it('is content with what is part of the kernel, and keeps nothing', () => {
    const look = { ...none, builtin: true, available: false, params: { a: param('1'), w: param('0', true) } };
    expect(plan({ name: 'tun' }, look)).toMatchObject({ changes: [], forth: [] });
    expect(plan({ name: 'tun', params: { a: 1 } }, look)).toMatchObject({ changes: [], forth: [] });
    expect(plan({ name: 'tun', params: { w: 1 } }, look).forth).toEqual(['/sys/module/tun/parameters/w = 1']);
  });

  it('does not load at boot where it is told not to', () => {
    expect(plan({ name: 'x', persist: false }, { ...loaded, ...kept('x') }).forth).toEqual([`rm ${LOAD('x')}`]);
  });

  it.each<[string, object, Look, object]>([
    [
      'a module that no kernel has',
      {},
      { ...none, available: false },
      { code: 'missing', message: 'the kernel 6.1.0-18-amd64 has no module x' },
    ],
    [
      'a kernel without any',
      {},
      { ...none, available: false, bare: true },
      {
        code: 'missing',
        message: 'there are no modules for the kernel that runs: /lib/modules/6.1.0-18-amd64 is not there',
      },
    ],
    [
      'a host without kmod',
      {},
      { ...none, modprobe: false },
      { code: 'missing', message: 'modprobe is not installed', hint: 'install it: package: { name: kmod }' },
    ],
    [
      'what somebody has barred',
      {},
      { ...none, modprobe_d: [{ file: '/etc/modprobe.d/cis.conf', line: 'install x /bin/false' }] },
      { message: 'x is barred by /etc/modprobe.d/cis.conf: install x /bin/false' },
    ],
    [
      'to unload a part of the kernel',
      { state: 'absent' },
      { ...none, builtin: true },
      { message: 'x is part of the kernel and cannot be unloaded' },
    ],
    [
      'to unload what is in use',
      { state: 'absent' },
      { ...loaded, users: ['a', 'b'] },
      { message: 'x cannot be unloaded: a, b need it', hint: 'take away what uses it, or blacklist: true and reboot' },
    ],
    [
      'parameters of a part of the kernel',
      { params: { a: 1 } },
      { ...none, builtin: true, params: { a: param('0') } },
      {
        message: 'x is part of the kernel: its parameter a can be set only when the host boots',
        hint: 'grub: { args: { "x.a": "1" } }',
      },
    ],
  ])('refuses %s', (_, params, look, error) => {
    expect(() => plan({ name: 'x', ...params }, look)).toThrow(expect.objectContaining(error));
  });

  it('says what others have set, and what cannot be seen', () => {
    const look = {
      ...loaded,
      params: { a: param(null) },
      modprobe_d: [{ file: '/etc/modprobe.d/other.conf', line: 'options x a=0' }],
    };
    expect(plan({ name: 'x', params: { a: 1 } }, look).warnings).toEqual([
      '/etc/modprobe.d/other.conf has parameters for it too: options x a=0',
      'x does not show its parameter a: it counts from the next time it is loaded',
    ]);
  });
});

describe('kernel_module, at its edges,', () => {
  it('passes over what is no path of a kernel, and no line of a file', () => {
    const look = parseLook({
      stdout: [
        'other /lib/modules/6.1.0-9-amd64/modules.dep',
        'other grep: no such file',
        'line /etc/modprobe.d/a.conf:options x a=1',
        'line grep: no such file',
        'param a rw with two  spaces',
      ].join('\n'),
    });
    expect(look).toMatchObject({
      kernel: '',
      otherKernels: ['6.1.0-9-amd64'],
      modprobe_d: [{ file: '/etc/modprobe.d/a.conf', line: 'options x a=1' }],
      params: { a: { value: 'with two  spaces', writable: true } },
    });
  });

  it.each([
    [1, 'x cannot be unloaded: it is in use (1 reference)'],
    [2, 'x cannot be unloaded: it is in use (2 references)'],
  ])('refuses to unload what has %i references', (references, message) => {
    expect(() => plan({ name: 'x', state: 'absent' }, { ...loaded, references })).toThrow(message);
  });

  it.each([
    [true, ['initramfs']],
    [undefined, ['initramfs']],
    [false, []],
  ])('builds the initramfs as it is told: %j', (initramfs, expected) => {
    const params = { name: 'x', params: { a: 1 }, initramfs, persist: false };
    const { forth } = plan(params, { ...loaded, params: { a: param('1') } });
    expect(forth).toEqual([`${OPTIONS('x')}: options x a=1`, ...expected]);
  });

  it('has nothing to do, and nothing that waits, where nothing is known', () => {
    const p = KernelModule.parse({ name: 'x' });
    const now = kernelModule.state({ look: none }, p);
    expect(kernelModule.want(p, null, { look: none })).toEqual(kernelModule.want(p, now, { look: none }));
    expect(kernelModule.steps(null, now, p)).toEqual([]);
    expect(kernelModule.steps(now, null, p)).toEqual([]);
    const waits = { ...none, available: false, otherKernels: ['6.1.0-9-amd64'] };
    const old = kernelModule.state({ look: waits }, p);
    expect(kernelModule.pending?.(old, { loaded: true }, p)).toHaveLength(1);
    expect(kernelModule.pending?.(null, { loaded: true }, p)).toEqual([]);
    expect(kernelModule.pending?.(old, null, p)).toEqual([]);
  });
});
