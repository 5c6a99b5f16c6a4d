import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import { formatXml, parseXml, type ProbeOutput } from '../../src/sdk/index.ts';
import { folderFiles } from '../../src/sdk/testing/folder-files.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { libvirtDomain } from './index.ts';
import { facts, mergeXml } from './match.ts';
import { LibvirtDomain } from './params.ts';
import type { State } from './read.ts';
import { domainSteps } from './steps.ts';
import { wantedXml } from './wanted.ts';

const output = (stdout: string, code = 0, stderr = ''): ProbeOutput => ({
  stdout,
  stderr,
  code,
  bytes: Buffer.from(stdout),
});
// Recorded from libvirt 9.0: it runs with 64 MiB and is kept with 96, a CD and a screen.
const web1 = output(readFileSync(new URL('cases/web1.txt', import.meta.url), 'utf8'));
const stopped = output(web1.stdout.replace(/^State:.*$/m, 'State:          shut off'));
const none = output('', 1, "error: failed to get domain 'web1'");

function readWith(params: object, answer: ProbeOutput) {
  const p = LibvirtDomain.parse({ name: 'web1', ...params });
  const seen = { guest: libvirtDomain.probes(p).guest.parse(answer) };
  const now = libvirtDomain.state(seen, p);
  const want = libvirtDomain.want(p, now, seen);
  const pending = libvirtDomain.pending?.(now, want, p) ?? [];
  const after = overlayState(now, want) as State | null;
  const waiting = new Set(pending.map(({ path }) => path));
  const changes = diffState(now, want)
    .filter(({ path }) => !waiting.has(path))
    .map(({ path }) => path);
  const words = (from: State | null, to: State | null): readonly string[] =>
    libvirtDomain
      .steps(from, to, p, seen)
      .map((step) => (step.kind === 'exec' ? step.argv.slice(4).join(' ') : step.kind));
  const defined = (from: State | null, to: State | null): string => {
    const step = libvirtDomain
      .steps(from, to, p, seen)
      .find((each) => each.kind === 'exec' && each.argv.includes('define'));
    return step?.kind === 'exec' ? (step.stdin ?? '') : '';
  };
  return { p, seen, now, want, pending, changes, after, words, defined };
}

const [, xmlExample, pinExample] = libvirtDomain.examples.map(({ params }) => params);
const xml = (xmlExample?.xml ?? '').replace('64', '96');

describe('libvirt_domain', () => {
  it('reads what the parameters name, kept and running apart', () => {
    const { now } = readWith({ xml }, web1);
    expect(now).toMatchObject({
      run: 'running',
      autostart: false,
      persistent: true,
      config: { memory: '98304 KiB', vcpu: '2', 'os/type@machine': 'q35', '@type': 'qemu' },
      live: { memory: '65536 KiB' },
    });
    expect(Object.keys(now?.config ?? {})).not.toContain('uuid');
    expect(readWith({ xml }, stopped).now).toMatchObject({ run: 'shut off', live: null });
    expect(readWith({ xml }, none).now).toBeNull();
  });

  it.each([
    ['paused', 'paused'],
    ['crashed', 'shut off'],
    ['in shutdown', 'running'],
  ])('reads the state %j as %s', (state, run) => {
    const { now } = readWith({}, output(web1.stdout.replace(/^State:.*$/m, `State: ${state}`)));
    expect([now?.run, now?.live === null]).toEqual([run, run === 'shut off']);
  });

  it('has nothing to do where it stands, but for what a restart brings', () => {
    const { changes, pending } = readWith({ xml, state: 'running' }, web1);
    expect(changes).toEqual([]);
    expect(pending).toEqual([
      {
        path: 'live.memory',
        reason: 'web1 runs with its old memory until it is shut down and started again (restart: if_required)',
        until: 'restart',
      },
    ]);
    expect(readWith({ ...pinExample }, web1).changes).toEqual([]);
  });

  it('calls what is pending as the differences are called', () => {
    const { now, want, pending } = readWith({ memory_backing: { shared: true } }, web1);
    const paths = diffState(now, want).map(({ path }) => path);
    expect(pending.map(({ path }) => path)).toEqual([
      'live["memoryBacking/source@type"]',
      'live["memoryBacking/access@mode"]',
    ]);
    for (const { path } of pending) expect(paths).toContain(path);
  });

  it('restarts where it may, and waits for the guest to shut down', () => {
    const { now, after, words, changes, pending } = readWith({ xml, restart: 'if_required' }, web1);
    expect([changes, pending]).toEqual([['live.memory'], []]);
    expect(words(now, after)).toEqual(['shutdown --domain web1', 'wait', 'start --domain web1']);
  });

  it('pins CPUs of a guest that runs, and takes the pins away', () => {
    const { now, after, words } = readWith({ cpu_pins: { 0: '0-1', 1: 1 }, emulator_pin: '1' }, web1);
    expect(words(now, after)).toEqual([
      'define --file /dev/stdin',
      'vcpupin --domain web1 --vcpu 0 --cpulist 0-1 --live',
      'emulatorpin --domain web1 --cpulist 1 --live',
    ]);
    if (!now?.live) throw new Error('it runs');
    const free = { ...now.live, 'cputune/vcpupin[0]@cpuset': null };
    expect(words(now, { ...now, live: free })).toEqual(['vcpupin --domain web1 --vcpu 0 --cpulist r --live']);
  });

  it.each([
    ['running', 'shut off', 'shutdown', ['shutdown --domain web1', 'wait']],
    ['paused', 'shut off', 'shutdown', ['resume --domain web1', 'shutdown --domain web1', 'wait']],
    ['running', 'shut off', 'destroyed', ['destroy --domain web1 --graceful']],
    ['running', 'shut off', 'running', ['destroy --domain web1 --graceful']],
    ['running', 'paused', 'paused', ['suspend --domain web1']],
    ['paused', 'running', 'running', ['resume --domain web1']],
    ['shut off', 'paused', 'paused', ['start --domain web1 --paused']],
    ['shut off', 'running', 'running', ['start --domain web1']],
  ] as const)('goes from %s to %s where %s is asked for', (from, to, state, expected) => {
    const { now, words } = readWith({ state }, web1);
    if (now === null) throw new Error('it is there');
    expect(words({ ...now, run: from }, { ...now, run: to })).toEqual(expected);
  });

  it('leaves as it is what a goal does not name', () => {
    const { p, now, seen } = readWith({ xml, restart: 'if_required' }, web1);
    if (now === null) throw new Error('it is there');
    const verbs = (from: State | null, to: Partial<State>) =>
      domainSteps(p, from, to, seen.guest).map((step) =>
        step.kind === 'exec' ? step.argv.slice(4).join(' ') : step.kind,
      );
    expect(verbs(now, { autostart: true })).toEqual(['autostart --domain web1']);
    expect(verbs(null, { config: now.config })).toEqual(['define --file /dev/stdin']);
    // A pin that the running guest has not shown is as one that it has not.
    const pin = 'cputune/emulatorpin@cpuset';
    expect(verbs({ ...now, live: {} }, { live: { [pin]: null } })).toEqual([]);
    expect(verbs({ ...now, live: {} }, { live: { [pin]: '3' } })).toEqual([
      'emulatorpin --domain web1 --cpulist 3 --live',
    ]);
  });

  it('puts pins and backing beside what the XML says of them', () => {
    const { p } = readWith(
      {
        xml: "<domain><cputune>\n<shares>2</shares><vcpupin vcpu='0' cpuset='9'/></cputune><memoryBacking><locked/></memoryBacking></domain>",
        cpu_pins: { 0: 1 },
        memory_backing: { hugepages: true },
      },
      none,
    );
    expect(formatXml(wantedXml(p)).replaceAll(/\n\s*/g, '').trim()).toBe(
      "<domain><cputune><shares>2</shares><vcpupin vcpu='0' cpuset='1'/></cputune><memoryBacking><locked/><hugepages/></memoryBacking><name>web1</name></domain>",
    );
  });

  it('makes and removes it; its disks stay, and what was removed comes back as it was', () => {
    const { words, now, defined } = readWith({ state: 'absent' }, web1);
    expect(words(now, null)).toEqual([
      'destroy --domain web1 --graceful',
      'undefine --domain web1 --managed-save --keep-nvram',
    ]);
    expect(words(null, now)).toEqual(['define --file /dev/stdin', 'start --domain web1']);
    expect(defined(null, now)).toContain("passwd='s3cret'");
    expect(defined(null, now)).toContain('<uuid>');
    expect(words(null, null)).toEqual([]);
    const made = readWith({ xml, autostart: 'yes' }, none);
    expect(made.want).toMatchObject({ run: 'shut off', autostart: true });
    expect(made.words(null, made.after)).toEqual(['define --file /dev/stdin', 'autostart --domain web1']);
    const { now: kept } = readWith({}, stopped);
    if (kept === null) throw new Error('it is there');
    expect(words({ ...kept, persistent: false }, null)).toEqual([]);
    expect(words({ ...kept, autostart: true }, kept)).toEqual(['autostart --domain web1 --disable']);
    expect(words(kept, { ...kept, persistent: false })).toEqual(['undefine --domain web1 --keep-nvram']);
  });

  it('keeps what is not named: UUID, interfaces, addresses, the exact machine', () => {
    const { defined, now, after } = readWith(
      { xml: xml.replace('96', '128'), memory_backing: { hugepages: true } },
      stopped,
    );
    const text = defined(now, after);
    expect(text).toContain("machine='pc-q35-7.2'");
    expect(text).toContain(
      "<address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/>",
    );
    expect(text).toContain("<memory unit='MiB'>128</memory>");
    expect(text).toContain('<hugepages/>');
    expect(text).not.toContain('currentMemory');
    const ports = (part: string): number => part.split("model='pcie-root-port'").length - 1;
    expect(ports(text)).toBe(ports(stopped.stdout.split('\u001E')[1] ?? ''));
  });

  it('takes away what must not be', () => {
    const backed = output(
      stopped.stdout.replaceAll('<vcpu ', "<memoryBacking><hugepages/><access mode='shared'/></memoryBacking><vcpu "),
    );
    const { defined, now, after, changes } = readWith({ memory_backing: { hugepages: 'no', shared: 'no' } }, backed);
    expect(changes).toEqual(['config["memoryBacking/hugepages"]', 'config["memoryBacking/access"]']);
    expect(defined(now, after)).toContain('<memoryBacking/>');
    expect(readWith({ memory_backing: { hugepages: 'no' } }, stopped).changes).toEqual([]);
  });

  it('compares a password without showing it', () => {
    const screen = (passwd: string): string =>
      `<domain><devices><graphics type='vnc' passwd='${passwd}'/></devices></domain>`;
    expect(readWith({ xml: screen('s3cret') }, web1).changes).toEqual([]);
    const other = readWith({ xml: screen('0ther') }, web1);
    expect(other.changes).toEqual(['config["devices/graphics@passwd"]']);
    expect(JSON.stringify([other.now, other.want])).not.toMatch(/s3cret|0ther/);
    expect(other.defined(other.now, other.after)).toContain("passwd='0ther'");
  });

  it('takes its XML from a template', async () => {
    const files = folderFiles((text) => text.replace('{{ memory }}', '96'));
    try {
      files.put('web.xml', '<domain><memory unit="MiB">{{ memory }}</memory></domain>');
      const p = LibvirtDomain.parse({ name: 'web1', template: 'web.xml' });
      expect(wantedXml((await libvirtDomain.prepare?.(p, files)) ?? p).children).toHaveLength(2);
    } finally {
      files.close();
    }
  });

  it.each([
    [{ xml: '<network/>' }, none, 'xml of the domain web1 is <network>'],
    [{ xml: '<domain><name>web2</name></domain>' }, none, 'the XML is of the domain web2, not of web1'],
    [{ xml: '<!DOCTYPE domain><domain/>' }, none, 'a <!DOCTYPE> is not taken'],
    [{ state: 'running' }, none, 'there is no domain web1'],
    [{}, output('', 127), 'virsh is not installed'],
  ])('refuses %j', (params, answer, message) => {
    expect(() => readWith(params, answer)).toThrow(message);
  });
});

describe('wanted XML and what is there', () => {
  it.each([
    ["<memory unit='GiB'>1</memory>", "<memory unit='KiB'>1048576</memory>"],
    ['<memory>2048</memory>', "<memory unit='KiB'>2048</memory>"],
    ["<type machine='pc'>hvm</type>", "<type machine='pc-i440fx-7.2'>hvm</type>"],
    ["<vcpupin vcpu='0' cpuset='3,2'/>", "<vcpupin vcpu='0' cpuset='2-3'/>"],
    ["<address bus='0x05' slot='0x10'/>", "<address slot='16' bus='5' function='0'/>"],
    ["<page size='1' unit='G'/>", "<page size='1048576' unit='KiB'/>"],
    ["<mac address='52:54:00:AB:00:01'/>", "<mac address='52:54:00:ab:00:01'/>"],
    [
      "<numa><cell id='1' memory='1'/><cell id='0' memory='2'/></numa>",
      "<numa><cell id='0' memory='2'/><cell id='1' memory='1'/></numa>",
    ],
    [
      "<iothreadpin iothread='2' cpuset='1'/><iothreadpin iothread='1' cpuset='0'/>",
      "<iothreadpin iothread='1' cpuset='0'/><iothreadpin iothread='2' cpuset='1'/>",
    ],
    [
      "<feature name='vmx' policy='require'/><feature name='pcid' policy='disable'/>",
      "<feature policy='disable' name='pcid'/><feature policy='require' name='vmx'/>",
    ],
    [
      "<clock><timer name='hpet' present='no'/><timer name='rtc' tickpolicy='catchup'/></clock>",
      "<clock><timer name='rtc' tickpolicy='catchup'/><timer name='hpet' present='no'/></clock>",
    ],
    ["<serial type='pty'/>", "<serial type='pty'><target type='isa-serial' port='0'/></serial>"],
  ])('%s is %s', (wanted, is) => {
    const differing = facts(parseXml(`<a>${wanted}</a>`, 'x'), parseXml(`<a>${is}</a>`, 'x')).filter(
      ([, want, found]) => want !== found,
    );
    expect(differing).toEqual([]);
    expect(
      formatXml(mergeXml(parseXml(`<a>${is}</a>`, 'x'), parseXml(`<a>${wanted}</a>`, 'x'))).length,
    ).toBeGreaterThan(0);
  });

  it.each([
    [
      'a controller of no model is no other one',
      "<controller type='usb'/>",
      "<controller type='usb' model='nec-xhci'/>",
      "<controller type='usb'/><controller type='usb' model='nec-xhci'/>",
    ],
    [
      'text stays where only attributes are given',
      '<type>hvm</type>',
      "<type arch='x86_64'/>",
      "<type arch='x86_64'>hvm</type>",
    ],
    ['text comes where there was none', '<title/>', '<title>mine</title>', '<title>mine</title>'],
  ])('%s', (_, is, wanted, merged) => {
    const [own, over] = [is, wanted].map((inner) => parseXml(`<a>${inner}</a>`, 'x'));
    if (own === undefined || over === undefined) throw new Error('both are given');
    expect(facts(over, own).some(([, want, found]) => want !== found)).toBe(true);
    expect(formatXml(mergeXml(own, over)).replaceAll(/\n\s*/g, '').trim()).toBe(`<a>${merged}</a>`);
  });

  it('pairs disks by target and interfaces by MAC, in whatever order', () => {
    const own = parseXml(
      "<a><disk><target dev='vda'/><x/></disk><disk><target dev='vdb'/></disk><interface type='bridge'><mac address='52:54:00:00:00:01'/></interface></a>",
      'x',
    );
    const wanted = parseXml(
      "<a><disk><source file='/b'/><target dev='vdb'/></disk><interface type='bridge'><mac address='52:54:00:00:00:02'/></interface></a>",
      'x',
    );
    const merged = mergeXml(own, wanted);
    expect(formatXml(merged).replaceAll(/\n\s*/g, '')).toBe(
      "<a><disk><target dev='vda'/><x/></disk><disk><target dev='vdb'/><source file='/b'/></disk><interface type='bridge'><mac address='52:54:00:00:00:01'/></interface><interface type='bridge'><mac address='52:54:00:00:00:02'/></interface></a>",
    );
    // What has been merged holds all that was wanted, and merging again changes nothing.
    expect(facts(wanted, merged).filter(([, want, is]) => want !== is)).toEqual([]);
    expect(mergeXml(merged, wanted)).toEqual(merged);
  });

  it('writes a guest in few words as XML', () => {
    const p = LibvirtDomain.parse({
      name: 'fw1',
      define: {
        type: 'qemu',
        memory: 64,
        ports: 1,
        emulator: '/usr/bin/q',
        kernel: '/k',
        initrd: '/i',
        cmdline: "a='1' & b",
        disks: [{ file: '/x.iso', target: 'sda', bus: 'sata', device: 'cdrom' }, { file: '/dev/vg/fw1' }],
      },
      memory_backing: { shared: true, hugepages: true },
    });
    expect(formatXml(wantedXml(p)).replaceAll(/\n\s*/g, '')).toBe(
      "<domain type='qemu'><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type><kernel>/k</kernel><initrd>/i</initrd><cmdline>a=&apos;1&apos; &amp; b</cmdline></os><features><acpi/></features><devices><emulator>/usr/bin/q</emulator><disk type='file' device='cdrom'><driver name='qemu' type='qcow2'/><source file='/x.iso'/><target dev='sda' bus='sata'/><readonly/></disk><disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/vg/fw1'/><target dev='vda' bus='virtio'/></disk><controller type='pci' model='pcie-root'/><controller type='pci' model='pcie-root-port'/><serial type='pty'/><console type='pty'/></devices><name>fw1</name><memoryBacking><hugepages/><access mode='shared'/></memoryBacking></domain>",
    );
  });
});

it.each([
  [{ name: '7' }, 'virsh takes "7" for an id: give the domain a name with a letter in it'],
  [{ name: 'a', xml: '<domain/>', define: { memory: 64 } }, 'give one of xml and define'],
  [
    { name: 'a', define: { memory: 64, disks: [{ file: '/a' }, { file: '/b' }] } },
    'two disks are called vda: give each a target of its own',
  ],
  [
    { name: 'a', define: { memory: 64, disks: [{ file: 'a' }] } },
    'expected the whole path of an image or a device, beginning with /',
  ],
  [{ name: 'a', cpu_pins: { first: 1 } }, undefined],
])('judges %j', (params, message) => {
  const said = messageOf(LibvirtDomain, params);
  if (message === undefined) expect(said).toBeDefined();
  else expect(said).toBe(message);
});
