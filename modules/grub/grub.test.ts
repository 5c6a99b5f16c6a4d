import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { recordedReading, replay } from '../../src/sdk/testing/recorded.ts';
import { readDropIn, withoutGroups, withTokens, writeDropIn } from './default-files.ts';
import { grub } from './index.ts';
import { iommuArgs } from './iommu.ts';
import { tokensOf } from './params.ts';
import { grubProbe, type Seen } from './read.ts';
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
    // The last size has the count that the kernel gives it.
    [{ hugepagesz: ['1G', '2M'], hugepages: 4 }, ['hugepagesz=1G', 'hugepages=4', 'hugepagesz=2M']],
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
    expect(withTokens(text, [])).toBe(text);
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
    ['on', 'arm', 'iommu.passthrough=0'],
  ] as const)('%s on %s: %s', (mode, kind, expected) => {
    expect([...iommuArgs(mode, kind).values()].flat().map(tokenText).join(' ')).toBe(expected);
  });
  it('refuses what has no argument', () => {
    expect(() => iommuArgs('off', 'arm')).toThrow('an ARM machine has no kernel argument that switches its IOMMU off');
    expect(() => iommuArgs('pt', 'unknown')).toThrow('this processor is neither of Intel, AMD nor ARM');
  });
});

interface Said {
  readonly running?: string;
  readonly machine?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly entries?: readonly string[];
}

/** What a host answers to the probe. */
const said = ({ running = 'ro', machine = [], files = {}, value = '', entries = [] }: Said) => [
  `\n#kvmnet running\n${running}`,
  `\n#kvmnet machine\n${machine.join('\n')}`,
  ...Object.entries(files).map(([path, text]) => `\n#kvmnet file ${path}\n${text.trimEnd()}`),
  `\n#kvmnet defaults\n\n#kvmnet value\n${value}`,
  `\n#kvmnet entries\n${entries.join('\n')}`,
];
const seenOn = (host: Said, code = 0): Seen =>
  grubProbe().parse({ code, stdout: said(host).join('\n'), stderr: 'no', bytes: new Uint8Array() });
const on = (host: Said, params: object) => replay(grub, { params }, { boot: { stdout: said(host) } });
const textsOn = (host: Said, params: object) => {
  const { p, seen } = recordedReading(grub, { params, outputs: { boot: { stdout: said(host) } } });
  return grub.texts?.(seen as never, p as never);
};

describe('a machine', () => {
  it.each([
    [['DMAR', 'GenuineIntel'], 'intel'],
    [['GenuineIntel'], 'intel'],
    // The firmware knows better.
    [['IVRS', 'GenuineIntel'], 'amd'],
    [['IVRS'], 'amd'],
    [['AuthenticAMD'], 'amd'],
    [['HygonGenuine'], 'amd'],
    [['CPU :'], 'arm'],
    [['folder'], 'unknown'],
  ])('of %j has an IOMMU of %s', (machine, kind) => {
    expect(seenOn({ machine }).iommu).toBe(kind);
  });
  it.each([
    [['made 100', 'btime 106'], true],
    [['made 100', 'btime 105'], false],
    [['made 100'], false],
    [['btime 106'], false],
  ])('with %j was started with its entries: %s', (machine, since) => {
    expect(seenOn({ machine }).bootedSince).toBe(since);
  });
  it('whose entries cannot be read is no machine without entries', () => {
    expect(() => seenOn({ machine: ['tool grubby'] }, 2)).toThrow('grubby --info=ALL');
  });
  it('may have an entry without arguments', () => {
    const entries = ['index=0', 'kernel="/boot/vmlinuz-2"', 'title="x"', 'index=1', 'non linux entry'];
    expect(seenOn({ machine: ['tool grubby'], entries }).entries).toEqual([{ kernel: '/boot/vmlinuz-2', tokens: [] }]);
  });
});

describe('a host', () => {
  const debian = { machine: ['DMAR', 'tool update-grub', 'config /boot/grub/grub.cfg', 'folder'] };
  const dropIn = '/etc/default/grub.d/99-kvmnet.cfg';
  const own = { [dropIn]: writeDropIn(splitCmdline('intel_iommu=on')) ?? '' };
  const withOwn = {
    ...debian,
    files: own,
    value: 'intel_iommu=on',
    entries: ['linux /boot/vmlinuz ro intel_iommu=on'],
  };
  it('loses what it had from us, with the file but not with the folder', () => {
    const params = { args: ['intel_iommu=on'], state: 'absent' };
    expect(on({ ...withOwn, running: 'ro intel_iommu=on' }, params)).toMatchObject({
      changes: ['args: ["intel_iommu=on"] -> []', 'entries: ["intel_iommu=on"] -> []'],
      pending: [expect.stringContaining('(intel_iommu=on) than are configured (none of these)')],
      steps: [`remove ${dropIn}`, 'update-grub'],
    });
    expect(textsOn(withOwn, params)).toEqual([{ path: dropIn, before: own[dropIn], after: '' }]);
    // Another value is not meant.
    expect(on(withOwn, { ...params, args: ['intel_iommu=off'] })).toMatchObject({ changes: [], steps: [] });
  });
  it('gets another value in our own file', () => {
    expect(on(withOwn, { iommu: 'off' })).toMatchObject({
      changes: [
        'args: ["intel_iommu=on"] -> ["intel_iommu=off"]',
        'entries: ["intel_iommu=on"] -> ["intel_iommu=off"]',
      ],
      steps: [expect.stringContaining('intel_iommu=off'), 'update-grub'],
    });
  });
  it('loses an argument from where an undo has put it back, when that undo is undone', () => {
    const defaults = '/etc/default/grub';
    const theirs = (value: string) => `GRUB_CMDLINE_LINUX_DEFAULT="${value}"  # ours\n`;
    // As it was when the undo was made: our own file, and theirs without the argument.
    const before = seenOn({ ...withOwn, files: { ...own, [defaults]: theirs('quiet') } });
    const present = seenOn({ ...debian, files: { [defaults]: theirs('quiet intel_iommu=off') } });
    const state = (value: string) => ({ args: [value], entries: [value], running: [] });
    const p = grub.params.parse({ iommu: 'on' });
    const [off, on] = [state('intel_iommu=off'), state('intel_iommu=on')];
    expect(grub.steps(off, on, p, { boot: before }, { boot: present })).toMatchObject([
      { kind: 'write', path: dropIn, content: own[dropIn] },
      { kind: 'write', path: defaults, content: theirs('quiet') },
      { kind: 'exec', argv: ['update-grub'] },
    ]);
  });
  it('has nothing to wait for where the kernel runs so already', () => {
    const params = { args: ['nosmt'] };
    const told = on({ ...debian, running: 'ro nosmt', entries: ['linux /boot/vmlinuz ro'] }, params);
    expect(told).toMatchObject({ changes: ['args: [] -> ["nosmt"]', 'entries: [] -> ["nosmt"]'] });
    expect(told.pending).toBeUndefined();
  });
  it('has no entry', () => {
    const params = { args: ['nosmt'] };
    expect(on({ machine: ['tool update-grub'] }, params).refused).toBe('no boot entry was found');
    expect(on(debian, params).refused).toBe('no boot entry was found in /boot/grub/grub.cfg');
  });
  it('without a file of defaults gets one', () => {
    const machine = ['tool grub2-mkconfig', 'config /boot/grub2/grub.cfg'];
    const host = { machine, entries: ['linuxefi /vmlinuz ro'] };
    const text = 'GRUB_CMDLINE_LINUX="nosmt"\n';
    expect(on(host, { args: ['nosmt'] }).steps).toEqual([
      `write /etc/default/grub ${JSON.stringify(text)} [null,null,null]`,
      'grub2-mkconfig -o /boot/grub2/grub.cfg',
    ]);
    expect(textsOn(host, { args: ['nosmt'] })).toEqual([{ path: '/etc/default/grub', before: '', after: text }]);
  });
  it('gets arguments for one kernel, and no other text', () => {
    const entries = ['index=0', 'kernel="/boot/vmlinuz-1"', 'args="ro quiet"', 'index=1', 'kernel="/boot/vmlinuz-2"'];
    const host = { machine: ['tool grubby'], value: 'quiet', entries };
    const params = { args: ['nosmt'], kernel: '/boot/vmlinuz-2' };
    expect(on(host, params)).toMatchObject({
      changes: ['entries: [] -> ["nosmt"]'],
      steps: ['grubby --update-kernel=/boot/vmlinuz-2 --remove-args=nosmt --args=nosmt'],
      undo: ['grubby --update-kernel=/boot/vmlinuz-2 --remove-args=nosmt'],
    });
    expect(textsOn(host, params)).toEqual([]);
  });
  it('keeps a file that says so already', () => {
    const entries = ['index=0', 'kernel="/boot/vmlinuz-1"', 'args="ro"'];
    const files = { '/etc/default/grub': 'GRUB_CMDLINE_LINUX=""\n', '/etc/kernel/cmdline': 'ro  nosmt\n' };
    expect(on({ machine: ['tool grubby'], files, entries }, { args: ['nosmt'] }).steps).toEqual([
      'write /etc/default/grub "GRUB_CMDLINE_LINUX=\\"nosmt\\"\\n" [null,null,null]',
      'grubby --update-kernel=ALL --remove-args=nosmt --args=nosmt',
    ]);
  });
  it('that nothing is known of is left alone', () => {
    const p = grub.params.parse({ args: ['nosmt'] });
    const state = { args: [], entries: [], running: [] };
    const other = { ...state, args: ['nosmt'] };
    expect(grub.steps(null, state, p)).toEqual([]);
    expect(grub.steps(state, null, p)).toEqual([]);
    expect(grub.steps(state, other, p)).toEqual([]);
  });
});
