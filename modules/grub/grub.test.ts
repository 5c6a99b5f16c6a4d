import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { readDropIn, withoutGroups, withTokens, writeDropIn } from './default-files.ts';
import { grub } from './index.ts';
import { iommuArgs } from './iommu.ts';
import { tokensOf } from './params.ts';
import { pick, readToken, splitCmdline, tokenText, writeToken } from './tokens.ts';

describe('parameters', () => {
  it.each(grub.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(grub.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{}, 'give args or iommu'],
    [{ iommu: true }, 'iommu is "pt", "on" or "off": quote on and off'],
    [{ args: { root: '/dev/sda1' } }, 'root is what the boot hangs on: kvmnet leaves it alone'],
    [{ args: ['ro'], state: 'absent' }, 'ro is what the boot hangs on: kvmnet leaves it alone'],
    [{ args: ['rd.lvm.lv=a/b'] }, 'rd.lvm.lv is what the boot hangs on: kvmnet leaves it alone'],
    [{ args: ['a=b\nc'] }, 'a has "\\n" in its value, which does not pass through GRUB unharmed'],
    [{ args: ['a="b'] }, 'a has "\\"" in its value, which does not pass through GRUB unharmed'],
    [{ args: ['a=$(reboot)'] }, 'a has "$" in its value, which does not pass through GRUB unharmed'],
    [{ args: ['a='] }, 'a= has no value: leave the = out for a flag'],
    [{ args: ['a b'] }, '"a b" is no name of a kernel argument'],
    [{ args: { quiet: false } }, 'quiet: false says nothing: use state: absent, or the value that the kernel knows'],
    [{ args: ['a'], kernel: 'vmlinuz' }, 'kernel is "all", "default" or a path like /boot/vmlinuz-…'],
    [{ args: ['a'], state: 'absent', replace: true }, 'replace says what is to be there, absent what is not'],
    [{ iommu: 'pt', state: 'absent' }, 'iommu: off switches it off; absent goes with args'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(grub.params, params)).toBe(message);
  });
  it.each([
    [{ quiet: true, nr: 4, console: ['tty0', 'ttyS0'] }, ['quiet', 'nr=4', 'console=tty0', 'console=ttyS0']],
    [
      { hugepages: [4, 512], hugepagesz: ['1G', '2M'] },
      ['hugepagesz=1G', 'hugepages=4', 'hugepagesz=2M', 'hugepages=512'],
    ],
    [
      ['dyndbg="file x +p"', 'a=b=c'],
      ['dyndbg=file x +p', 'a=b=c'],
    ],
  ])('reads %j', (args, expected) => {
    expect(tokensOf({ args }).map(tokenText)).toEqual(expected);
  });
});

describe('command lines', () => {
  it('are split as the kernel does', () => {
    const line = 'BOOT_IMAGE=/vmlinuz root=UUID=1 ro  quiet dyndbg="file x +p" "a.b=c d"\tintel-iommu=on';
    expect(splitCmdline(line).map(tokenText)).toEqual([
      'BOOT_IMAGE=/vmlinuz',
      'root=UUID=1',
      'ro',
      'quiet',
      'dyndbg=file x +p',
      'a.b=c d',
      'intel_iommu=on',
    ]);
  });
  const word = fc.stringMatching(/^[a-z][a-z0-9_.]{0,8}(=[A-Za-z0-9,:=@. +-]{1,12})?$/);
  it('come back from what is written', () => {
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const tokens = words.map(readToken);
        expect(splitCmdline(tokens.map(writeToken).join(' ')).map(tokenText)).toEqual(tokens.map(tokenText));
        expect(readDropIn(writeDropIn(tokens) ?? '').map(tokenText)).toEqual(tokens.map(tokenText));
      }),
    );
  });
  it('are put in order by group', () => {
    const tokens = splitCmdline('z=1 hugepagesz=1G b=2 hugepages=4 hugepagesz=2M b=1');
    expect(pick(tokens, new Set(['b', 'hugepages'])).map(tokenText)).toEqual([
      'b=2',
      'b=1',
      'hugepagesz=1G',
      'hugepages=4',
      'hugepagesz=2M',
    ]);
  });
});

describe('files', () => {
  it.each([
    ['GRUB_CMDLINE_LINUX="a b=1 c"', 'GRUB_CMDLINE_LINUX="a c"'],
    ['GRUB_CMDLINE_LINUX_DEFAULT="b=1 c" # b=1', 'GRUB_CMDLINE_LINUX_DEFAULT="c" # b=1'],
    ["export GRUB_CMDLINE_LINUX='b b=2'", "export GRUB_CMDLINE_LINUX=''"],
    ['GRUB_CMDLINE_LINUX=b=1', 'GRUB_CMDLINE_LINUX='],
    ['GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX b=\\"x y\\" bb=1"', 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX bb=1"'],
    ['GRUB_CMDLINE_XEN="b=1"', 'GRUB_CMDLINE_XEN="b=1"'],
    ['# GRUB_CMDLINE_LINUX="b=1"', '# GRUB_CMDLINE_LINUX="b=1"'],
  ])('%s without b', (line, expected) => {
    expect(withoutGroups(`x\n${line}\ny`, new Set(['b']))).toBe(`x\n${expected}\ny`);
  });
  it.each([
    ['', 'GRUB_CMDLINE_LINUX="b=1 c"\n'],
    ['GRUB_CMDLINE_LINUX="a"\nX=1\n', 'GRUB_CMDLINE_LINUX="a b=1 c"\nX=1\n'],
    ["GRUB_CMDLINE_LINUX=''\n", "GRUB_CMDLINE_LINUX='b=1 c'\n"],
    ['GRUB_CMDLINE_LINUX=a\n', 'GRUB_CMDLINE_LINUX="a b=1 c"\n'],
    ['GRUB_CMDLINE_LINUX_DEFAULT="a"', 'GRUB_CMDLINE_LINUX_DEFAULT="a"\nGRUB_CMDLINE_LINUX="b=1 c"\n'],
  ])('%j with b=1 c', (text, expected) => {
    expect(withTokens(text, splitCmdline('b=1 c'))).toBe(expected);
  });
});

describe('iommu', () => {
  it.each([
    ['pt', 'intel', 'intel_iommu=on iommu=pt'],
    ['on', 'intel', 'intel_iommu=on'],
    ['off', 'intel', 'intel_iommu=off'],
    ['pt', 'amd', 'iommu=pt'],
    ['on', 'amd', ''],
    ['off', 'amd', 'amd_iommu=off'],
    ['pt', 'arm', 'iommu.passthrough=1'],
  ] as const)('%s on %s: %s', (mode, kind, expected) => {
    expect([...iommuArgs(mode, kind).values()].flat().map(tokenText).join(' ')).toBe(expected);
  });
  it('refuses what has no argument', () => {
    expect(() => iommuArgs('off', 'arm')).toThrow('an ARM machine has no kernel argument that switches its IOMMU off');
    expect(() => iommuArgs('pt', 'unknown')).toThrow('this processor is neither of Intel, AMD nor ARM');
  });
});
