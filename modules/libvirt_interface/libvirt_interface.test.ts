import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import { formatXml, parseXml, type ProbeOutput, type XmlElement } from '../../src/sdk/index.ts';
import { libvirtInterface } from './index.ts';
import { LibvirtInterface } from './params.ts';
import type { SourceKind } from './probe.ts';
import { readInterface, readLive, type Interface, type State } from './read.ts';
import { interfaceSteps, liveDifferences, type Found } from './steps.ts';
import { interfaceXml } from './xml.ts';

// Recorded from libvirt 9.0: web1 runs, fw1 is shut off.
const recorded = (name: string): string => readFileSync(new URL(`cases/${name}.txt`, import.meta.url), 'utf8');
const output = (stdout: string, code = 0, stderr = ''): ProbeOutput => ({
  stdout,
  stderr,
  code,
  bytes: Buffer.from(stdout),
});
const running = output(recorded('running'));
const off = output(recorded('off'));

function readWith(params: unknown, answer: ProbeOutput, source?: SourceKind) {
  const p = LibvirtInterface.parse(params);
  const seen = { domain: libvirtInterface.probes(p).domain.parse(answer), source };
  const now = libvirtInterface.state(seen, p);
  const want = libvirtInterface.want(p, now, seen);
  const pending = libvirtInterface.pending?.(now, want, p) ?? [];
  const after = overlayState(now, want) as State | null;
  const words = (from: State | null, to: State | null): readonly string[] =>
    libvirtInterface.steps(from, to, p, seen).map((step) => {
      if (step.kind !== 'exec') return step.kind;
      return [...step.argv.slice(4), step.stdin ?? ''].join(' ').replaceAll(/\n\s*/g, '').trim();
    });
  const there = new Set(pending.map(({ path }) => path));
  const changes = diffState(now, want).filter(({ path }) => !there.has(path));
  return { p, seen, now, want, pending, changes, after, words };
}

const plain = { domain: 'web1', mac: '52:54:00:6d:90:10' };
const [onSwitch, inNetwork, vhostuser, vf] = libvirtInterface.examples.map(({ params }) => params);

describe('libvirt_interface reads', () => {
  it('what runs and what comes next apart, without what libvirt makes up', () => {
    const { now } = readWith(plain, running);
    const same = {
      mac: plain.mac,
      type: 'bridge',
      source: 'br0',
      model: 'virtio',
      target: null,
      link: 'up',
      virtualport: null,
    };
    expect(now?.config).toMatchObject({ ...same, queues: 1, driver: 'qemu', mtu: 1300 });
    expect(now?.live).toMatchObject({ ...same, queues: 2, driver: null, mtu: 1400 });
  });

  it('bandwidth, VLAN and port of Open vSwitch', () => {
    expect(readWith(onSwitch, running, 'link').now?.live).toMatchObject({
      virtualport: 'openvswitch',
      inbound: 'average=1000 peak=5000 burst=1024',
      outbound: 'average=500',
      vlan: [100],
      queues: 2,
      driver: 'vhost',
    });
  });

  it('sockets, macvtap and VFs', () => {
    expect(readWith(vhostuser, off).now?.config).toMatchObject({
      type: 'vhostuser',
      source: '/run/openvswitch/vhu-fw1',
      mode: 'server',
      queues: 2,
    });
    const at = (mac: string) => readWith({ domain: 'fw1', mac, state: 'absent' }, off).now?.config;
    expect(at('52:54:00:6d:90:05')).toMatchObject({ type: 'direct', source: 'eth2', mode: 'vepa' });
    expect(at('52:54:00:6d:90:08')).toMatchObject({
      type: 'hostdev',
      source: '0000:05:10.2',
      managed: true,
      vlan: [4],
    });
  });

  it('of a network on a bridge its own name, not what the network made of it', () => {
    const live = parseXml(
      "<interface type='bridge'><source network='tenants' portgroup='blue' portid='1' bridge='ovs-br0'/><virtualport type='openvswitch'/></interface>",
      'x',
    );
    const config = readInterface(
      parseXml("<interface type='network'><source network='tenants' portgroup='blue'/></interface>", 'x'),
    );
    expect(readLive(live, config)).toEqual(config);
    const vfOfPool = parseXml(
      "<interface type='hostdev' managed='yes'><source><address type='pci' domain='0x0' bus='0x05' slot='0x10' function='0x2'/></source></interface>",
      'x',
    );
    expect(readLive(vfOfPool, { ...config, portgroup: null })).toEqual({ ...config, portgroup: null });
  });

  it.each([
    [
      "<interface type='bridge'><source bridge='b'/><mac address='52:54:00:6D:90:01'/></interface>",
      "<interface type='bridge'>\n <mac address='52:54:00:6d:90:01'/><target dev='vnet7'/>\n<alias name='net0'/><source bridge='b'/><address type='pci' bus='0x05'/></interface>",
    ],
    [
      "<interface type='hostdev' managed='yes'><source><address domain='0x0000' bus='0x05' slot='0x10' function='0x2'/></source></interface>",
      "<interface managed='yes' type='hostdev'><source><address function='2' slot='16' bus='5' domain='0'/></source></interface>",
    ],
    [
      "<interface type='bridge'><driver queues='1'/></interface>",
      "<interface type='bridge'><bandwidth/><link state='up'/></interface>",
    ],
  ])('%s as the same as %s', (one, other) => {
    expect(readInterface(parseXml(one, 'x'))).toEqual(readInterface(parseXml(other, 'x')));
  });
});

/** A guest that is off, written by hand: `inner` beside its devices. */
const guest = (devices: string, inner = '<vcpu>2</vcpu>'): ProbeOutput => {
  const xml = `<domain type='qemu'><name>web1</name>${inner}<devices>${devices}</devices></domain>`;
  return output(['shut off\n', xml, xml].join('\u001E'));
};
const flat = (xml: XmlElement): string => formatXml(xml).replaceAll(/\n\s*/g, '').trim();

describe('libvirt_interface reads what is left out', () => {
  it.each<[string, Partial<Interface>]>([
    ["<interface type='direct'><source dev='eth2'/></interface>", { mode: 'vepa', source: 'eth2' }],
    ["<interface type='vhostuser'><source type='unix' path='/v'/></interface>", { mode: null, source: '/v' }],
    ["<interface type='user'><link state='down'/></interface>", { type: 'user', source: null, link: 'down' }],
  ])('%s', (text, expected) => {
    expect(readInterface(parseXml(text, 'x'))).toMatchObject(expected);
  });
});

describe('libvirt_interface writes', () => {
  it.each<[string, Partial<Interface>, string]>([
    [
      "<interface type='bridge'><driver name='vhost' queues='4'/></interface>",
      { queues: 1 },
      "<interface type='bridge'><driver name='vhost'/></interface>",
    ],
    [
      "<interface type='bridge'><source bridge='b'/><link state='down'/></interface>",
      { link: 'up' },
      "<interface type='bridge'><source bridge='b'/></interface>",
    ],
    [
      "<interface type='bridge'><source bridge='b'/></interface>",
      { type: 'user', source: null },
      "<interface type='user'/>",
    ],
    ["<interface type='hostdev' managed='yes'/>", { managed: false }, "<interface type='hostdev' managed='no'/>"],
  ])('%s with %j', (base, to, expected) => {
    expect(flat(interfaceXml(parseXml(base, 'x'), to))).toBe(expected);
  });

  it('into the running guest what is found of it, else what it starts with, else the whole of it', () => {
    const { p, now } = readWith(plain, running);
    const network = readWith(inNetwork, running, 'network').now;
    if (!now?.live || !network?.live) throw new Error('both run');
    const told = (live: Interface, found: Found): string => {
      const down: State = { config: live, live: { ...live, link: 'down' } };
      const [step] = interfaceSteps(p, { config: live, live }, down, found);
      return step?.kind === 'exec' ? (step.stdin ?? '').replaceAll(/\n\s*/g, '') : '';
    };
    const config = parseXml("<interface type='bridge'><mtu size='1400'/><kept/></interface>", 'x');
    const live = parseXml("<interface type='bridge'><runs/></interface>", 'x');
    for (const [of, found, mark] of [
      [now.live, { config, live }, '<runs/>'],
      [now.live, { config, live: undefined }, '<kept/>'],
      [network.live, { config, live }, '<kept/>'],
      [network.live, { config: undefined, live }, '<runs/>'],
    ] as const) {
      expect(told(of, found)).toContain(mark);
      expect(told(of, found)).toContain("<link state='down'/>");
    }
    const nothing: Found = { config: undefined, live: undefined };
    expect(told(now.live, nothing)).toBe(
      "<interface type='bridge'><mac address='52:54:00:6d:90:10'/><source bridge='br0'/><model type='virtio'/><driver queues='2'/><mtu size='1400'/><link state='down'/></interface>",
    );
    expect(told(network.live, nothing)).toMatch(
      /^<interface type='network'><mac .*<source network='lab'\/>.*<link state='down'\/>/,
    );
    // What it starts with, that was not there when it was read.
    const [update] = interfaceSteps(p, now, { ...now, config: { ...now.live, mtu: 9000 } }, nothing);
    expect(update).toMatchObject({ argv: expect.arrayContaining(['update-device', '--config']) });
    expect(update?.kind === 'exec' && update.stdin).toMatch(
      /<mac address='52:54:00:6d:90:10'\/>[^]*<mtu size='9000'\/>/,
    );
  });

  it('another source live, wherever libvirt can move it', () => {
    const { live = null } = readWith(plain, running).now ?? {};
    if (live === null) throw new Error('it runs');
    expect(liveDifferences(live, { source: 'br1' })).toEqual(['source']);
    expect(liveDifferences({ ...live, type: 'direct' }, { source: 'eth1' })).toEqual([]);
    expect(liveDifferences(live, { source: 'ovs-br1', virtualport: 'openvswitch' })).toEqual([]);
    const { now, after, words, pending } = readWith({ ...inNetwork, source: 'lab2' }, running, 'network');
    expect(pending).toEqual([]);
    expect(words(now, after)).toEqual([
      expect.stringMatching(/^update-device .* --live .*<source network='lab2'\/>/),
      expect.stringMatching(/^update-device .* --config .*<source network='lab2'\/>/),
    ]);
  });
});

describe('libvirt_interface', () => {
  it('is content with no guest at all where it shall have none', () => {
    const { now, want } = readWith({ ...plain, state: 'absent' }, output('', 1, "error: failed to get domain 'web1'"));
    expect([now, want]).toEqual([null, null]);
  });

  it('gives a new one what its type starts with', () => {
    const fresh = { domain: 'fw1', mac: '52:54:00:6d:90:77' };
    const config = (params: object, kind?: SourceKind) => readWith({ ...fresh, ...params }, off, kind).want?.config;
    expect(config({ type: 'direct', source: 'eth2' }, 'link')).toMatchObject({ mode: 'bridge', model: 'virtio' });
    expect(config({ type: 'vhostuser', path: '/v' })).toMatchObject({ mode: 'server', source: '/v' });
    expect(config({ type: 'hostdev', source: '05:10.3' }, 'vf')).toEqual({
      mac: fresh.mac,
      type: 'hostdev',
      source: '0000:05:10.3',
      managed: true,
    });
  });

  it('knows the address of a VF in whatever form, without its type being said again', () => {
    const { changes } = readWith({ domain: 'fw1', mac: '52:54:00:6d:90:08', source: '05:10.2', vlan: 5 }, off);
    expect(changes).toEqual([{ path: 'config.vlan', from: [4], to: [5] }]);
  });

  it('takes memory for shared that each NUMA cell shares, and only then', () => {
    const cells = (...access: readonly string[]): ProbeOutput =>
      guest(
        '',
        `<vcpu>2</vcpu><cpu><numa>${access.map((mode, id) => `<cell id='${id}'${mode}/>`).join('')}</numa></cpu>`,
      );
    const shared = " memAccess='shared'";
    expect(readWith({ ...vhostuser, domain: 'web1' }, cells(shared, shared)).want?.config).toMatchObject({
      type: 'vhostuser',
    });
    for (const others of [cells(shared, ''), cells()]) {
      expect(() => readWith({ ...vhostuser, domain: 'web1' }, others)).toThrow('web1 has no shared memory');
    }
  });

  it.each<[string, ProbeOutput, string]>([
    [
      'a card that is not named',
      guest("<interface type='user'><mac address='52:54:00:6d:90:10'/></interface>"),
      'only virtio has several queues, not the card that libvirt chooses',
    ],
    [
      'one vCPU',
      guest(
        "<interface type='user'><mac address='52:54:00:6d:90:10'/><model type='virtio'/></interface>",
        '<vcpu>1</vcpu>',
      ),
      '2 queues are more than the 1 vCPU of web1',
    ],
    [
      'no word of vCPUs',
      guest("<interface type='user'><mac address='52:54:00:6d:90:10'/><model type='virtio'/></interface>", ''),
      '2 queues are more than the 1 vCPU of web1',
    ],
  ])('refuses queues with %s', (_, answer, message) => {
    expect(() => readWith({ ...plain, driver: { queues: 2 } }, answer)).toThrow(message);
  });

  it('calls one without a MAC address by its alias', () => {
    const one = "<interface type='user'><alias name='ua-x'/></interface>";
    const byAlias = { domain: 'web1', alias: 'ua-x' };
    expect(() => readWith(byAlias, guest(one + one))).toThrow('web1 has several interfaces with ua-x');
    expect(() => readWith(byAlias, guest(''))).toThrow('web1 has no interface ua-x');
  });

  it('has nothing to do where it stands', () => {
    expect(readWith(onSwitch, running, 'link').changes).toEqual([]);
    expect(readWith(inNetwork, running, 'network').changes).toEqual([]);
    expect(readWith(vhostuser, off).changes).toEqual([]);
  });

  it('changes in the running guest what libvirt can, with its port id, and both apart', () => {
    const { now, after, words, pending } = readWith(
      { ...onSwitch, bandwidth: { inbound: { average: 2000 } }, link: 'down' },
      running,
      'link',
    );
    const [live, config, ...rest] = words(now, after);
    expect(live).toMatch(
      /^update-device --domain web1 --file \/dev\/stdin --live .*interfaceid='.*<inbound average='2000'\/><outbound average='500'\/>.*<link state='down'\/>/,
    );
    expect(config).toMatch(/--config .*interfaceid=/);
    expect([pending, rest]).toEqual([[], []]);
    expect(words(after, now)[0]).toContain("<inbound average='1000' peak='5000' burst='1024'/>");
  });

  it('leaves to a restart what libvirt cannot change: type, model, queues, MTU, VLAN, target', () => {
    const more = {
      type: 'network',
      source: 'lab',
      model: 'e1000e',
      driver: { queues: 1 },
      mtu: null,
      vlan: 5,
      target: 'tap-x',
    };
    const { pending, changes, words, now, after } = readWith({ ...plain, ...more }, running, 'network');
    expect(pending.map(({ path }) => path).toSorted()).toEqual(
      ['live.model', 'live.mtu', 'live.queues', 'live.source', 'live.target', 'live.type', 'live.vlan'].toSorted(),
    );
    expect(pending[0]).toMatchObject({
      until: 'restart',
      reason: 'web1 runs with its old type until it is shut down and started again',
    });
    expect(changes.every(({ path }) => path.startsWith('config.'))).toBe(true);
    expect(words(now, after)).toHaveLength(1);
    expect(words(now, after)[0]).toContain('--config');
  });

  it('moves a tap between Linux bridges, not between those of Open vSwitch', () => {
    const moved = readWith({ ...plain, type: 'bridge', source: 'br1' }, running, 'bridge');
    expect(moved.pending).toEqual([]);
    expect(moved.words(moved.now, moved.after)[0]).toMatch(/--live .*<source bridge='br1'\/>/);
    expect(readWith({ ...onSwitch, source: 'ovs-br1' }, running, 'link').pending.map(({ path }) => path)).toEqual([
      'live.source',
    ]);
  });

  it('attaches to both at once, and detaches from what it starts with first', () => {
    const { now, after, words, changes } = readWith(
      { ...inNetwork, mac: '52:54:00:6d:90:77', target: undefined },
      running,
      'network',
    );
    expect(now).toBeNull();
    expect(changes[0]).toEqual({ path: 'state', from: 'absent', to: 'present' });
    expect(words(now, after)).toEqual([
      "attach-device --domain web1 --file /dev/stdin --live --config <interface type='network'><mac address='52:54:00:6d:90:77'/><source network='lab'/><model type='virtio'/></interface>",
    ]);
    const mine = "--file /dev/stdin --config <interface type='user'><mac address='52:54:00:6d:90:77'/></interface>";
    expect(words(after, now)).toEqual([
      `detach-device --domain web1 ${mine}`,
      `detach-device --domain web1 ${mine.replace('config', 'live')}`,
      'wait',
    ]);
  });

  it('brings back what it took away as it was, but for what libvirt numbers', () => {
    const { now, words } = readWith({ ...onSwitch, state: 'absent' }, running);
    const [attach] = words(null, now);
    expect(attach).toMatch(/^attach-device .* --live <interface type='bridge'>.*interfaceid=.*<address type='pci'/);
    expect(attach).not.toMatch(/vnet|alias/);
  });

  it('touches only the side that is asked for', () => {
    const config = readWith({ ...plain, state: 'absent', apply: 'config' }, running);
    expect(config.want).toMatchObject({ config: null });
    expect(config.words(config.now, config.after)).toEqual([expect.stringContaining('--config')]);
    const live = readWith({ ...plain, link: 'down', apply: 'live' }, running);
    expect(live.changes.map(({ path }) => path)).toEqual(['live.link']);
    expect(readWith({ ...plain, state: 'absent' }, running).want).toBeNull();
    expect(
      readWith({ domain: 'fw1', mac: '52:54:00:6d:90:05', link: 'down' }, off).changes.map(({ path }) => path),
    ).toEqual(['config.link']);
  });

  it('tells one by its alias', () => {
    const { now, after, words } = readWith(
      { domain: 'web1', alias: 'ua-x', type: 'network', source: 'lab' },
      running,
      'network',
    );
    expect(words(now, after)[0]).toContain("<interface type='network'><alias name='ua-x'/><source network='lab'/>");
    expect(words(after, now)[0]).toBe('detach-device-alias --domain web1 --alias ua-x --config');
  });

  it('warns of what else has to be done', () => {
    const say = (params: unknown, answer: ProbeOutput, kind?: SourceKind) => {
      const { p, now, seen } = readWith(params, answer, kind);
      return libvirtInterface.warnings?.(p, now, seen);
    };
    expect(say({ ...plain, driver: { queues: 2 } }, running)).toEqual([
      'the guest uses the 2 queues once it has been told to: ethtool -L IF combined 2 inside of it',
    ]);
    expect(say({ ...vf, domain: 'fw1' }, off, 'vf')).toEqual(['fw1 cannot be migrated while it has a VF']);
    expect(say({ ...plain, state: 'absent' }, running)).toEqual([]);
  });

  it.each<[object, ProbeOutput, SourceKind | undefined, string]>([
    [plain, output('', 1, "error: failed to get domain 'web1'"), undefined, 'there is no domain web1'],
    [{ ...plain, mac: '52:54:00:6d:90:99' }, running, undefined, 'web1 has no interface 52:54:00:6d:90:99'],
    [{ domain: 'fw1', mac: '52:54:00:6d:90:09' }, off, undefined, 'fw1 has several interfaces with 52:54:00:6d:90:09'],
    [{ ...plain, driver: { queues: 4 } }, running, undefined, '4 queues are more than the 2 vCPUs of web1'],
    [{ ...plain, type: 'bridge', source: 'br9' }, running, 'none', 'the bridge br9 does not exist'],
    [{ ...plain, type: 'bridge', source: 'br9' }, running, 'link', 'br9 is no Linux bridge'],
    [{ ...onSwitch }, running, 'bridge', 'ovs-br0 is a Linux bridge, none of Open vSwitch'],
    [{ ...plain, type: 'network', source: 'x' }, running, 'none', 'there is no network x in libvirt'],
    [{ ...plain, type: 'direct', source: 'x' }, running, 'none', 'the link x does not exist'],
    [{ ...vf, domain: 'web1' }, running, 'pf', '0000:05:10.1 is no virtual function'],
    [{ ...vf, domain: 'web1' }, running, 'none', 'there is no PCI device 0000:05:10.1'],
    [{ ...vf, domain: 'web1' }, running, 'no-iommu', '0000:05:10.1 is in no IOMMU group, so no guest can have it'],
    [{ ...vhostuser, domain: 'web1' }, running, undefined, 'web1 has no shared memory, which vhostuser needs'],
    [
      { ...plain, domain: 'fw1', apply: 'live', state: 'absent' },
      off,
      undefined,
      'fw1 does not run, so that there is nothing to change live',
    ],
  ])('refuses %j', (params, answer, kind, message) => {
    expect(() => readWith(params, answer, kind)).toThrow(message);
  });

  it('refuses queues where the guest has another card than virtio', () => {
    const twice = recorded('off')
      .replaceAll("'52:54:00:6d:90:05'", "'52:54:00:6d:90:06'")
      .replaceAll("<model type='virtio'/>", "<model type='e1000'/>");
    expect(() => readWith({ domain: 'fw1', mac: '52:54:00:6d:90:06', driver: { queues: 2 } }, output(twice))).toThrow(
      'only virtio has several queues, not e1000',
    );
  });

  it('passes any text through unharmed', () => {
    const text = fc
      .array(fc.constantFrom("'", '"', '<', '&', ']]>', '$(id)', '`', '\n', 'é', ' ', 'a'))
      .map((parts) => `n${parts.join('')}.`);
    const base = parseXml("<interface type='network'/>", 'x');
    fc.assert(
      fc.property(text, text, (source, portgroup) => {
        expect(readInterface(interfaceXml(base, { source, portgroup }))).toMatchObject({ source, portgroup });
      }),
    );
  });
});
