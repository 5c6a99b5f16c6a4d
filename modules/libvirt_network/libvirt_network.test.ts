import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diffState } from '../../src/sdk/diff.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { libvirtNetwork } from './index.ts';
import { LibvirtNetwork } from './params.ts';
import { sourcesProbe, type SourceKind } from './probe.ts';
import { addressOf, readNetwork, type Network, type State } from './read.ts';
import { networkSteps, stale } from './steps.ts';
import { networkXml } from './xml.ts';
import { formatXml, parseXml, type ProbeOutput, type Step } from '../../src/sdk/index.ts';

// Recorded from libvirt 9.0.
const recorded = (name: string): string => readFileSync(new URL(`cases/${name}.txt`, import.meta.url), 'utf8');
const output = (stdout: string, code = 0, stderr = ''): ProbeOutput => ({
  stdout,
  stderr,
  code,
  bytes: Buffer.from(stdout),
});

function readWith(
  params: Parameters<typeof LibvirtNetwork.parse>[0],
  answer: ProbeOutput,
  kinds: Record<string, SourceKind> = {},
) {
  const p = LibvirtNetwork.parse(params);
  const seen = { network: libvirtNetwork.probes(p).network.parse(answer), sources: new Map(Object.entries(kinds)) };
  const now = libvirtNetwork.state(seen, p);
  const want = (): ReturnType<typeof libvirtNetwork.want> => libvirtNetwork.want(p, now, seen);
  const pending = () => libvirtNetwork.pending?.(now, want(), p) ?? [];
  const steps = (from: State | null, to: State | null): readonly string[] =>
    libvirtNetwork.steps(from, to, p, seen).map((step) => {
      if (step.kind !== 'exec') throw new Error('another step');
      return [...step.argv.slice(4), step.stdin ?? ''].join(' ').trim();
    });
  const diff = () => diffState(now, want(), libvirtNetwork.compare);
  return { p, seen, now, want, pending, steps, diff };
}
const stateOf = (name: string): State => {
  const { now } = readWith({ name, state: 'absent' }, output(recorded(name)));
  if (now === null) throw new Error(`${name} is not there`);
  return now;
};

describe('libvirt_network reads', () => {
  it('a network with DHCP, whose running form lags behind what is kept', () => {
    expect(stateOf('mgmt')).toMatchObject({
      active: true,
      autostart: true,
      persistent: true,
      config: {
        forward: 'nat',
        bridge: 'virbr-mgmt',
        stp: true,
        delay: 0,
        mtu: 1400,
        addresses: ['10.77.0.1/24'],
        dhcp_ranges: [{ start: '10.77.0.100', end: '10.77.0.200' }],
        dhcp_hosts: [{ ip: '10.77.0.10', mac: '52:54:00:6d:90:02', name: 'web1' }],
      },
      live: { mtu: null, forward: 'nat' },
    });
  });

  it('port groups with VLANs and trunks', () => {
    expect(stateOf('tenants').live).toMatchObject({
      virtualport: 'openvswitch',
      portgroups: [
        { name: 'blue', default: true, virtualport: null, vlan: [100] },
        { name: 'uplink', default: false, virtualport: null, vlan: [100, 200] },
      ],
    });
  });

  // No VFs on the machine it was recorded on, and libvirt takes no others: the form is that of its documentation.
  it('VFs by PCI address, hexadecimal or decimal, or by their card', () => {
    const functions =
      "<address type='pci' domain='0' bus='5' slot='16' function='1'/><address type='pci' domain='0x0000' bus='0x05' slot='0x10' function='0x3'/>";
    const pool = (inner: string) =>
      readNetwork(
        parseXml(`<network><name>vfs</name><forward mode='hostdev' managed='yes'>${inner}</forward></network>`, 'x'),
      );
    expect(pool(functions)).toMatchObject({ forward: 'hostdev', pf: null, vfs: ['0000:05:10.1', '0000:05:10.3'] });
    // Once it runs, libvirt lists the functions of the card too.
    expect(pool(`<pf dev='eth0'/>${functions}`)).toMatchObject({ pf: 'eth0', vfs: [] });
  });

  it.each([
    ["<ip address='10.1.2.3' netmask='255.255.240.0'/>", '10.1.2.3/20'],
    ["<ip address='192.168.1.1'/>", '192.168.1.1/24'],
    ["<ip address='172.16.0.1'/>", '172.16.0.1/16'],
    ["<ip address='10.0.0.1'/>", '10.0.0.1/8'],
    ["<ip family='ipv6' address='fd00:0::1' prefix='64'/>", 'fd00::1/64'],
    ["<ip family='ipv6' address='fd00::1'/>", 'fd00::1/64'],
  ])('%s as %s', (text, address) => {
    expect(addressOf(parseXml(text, 'x'))).toBe(address);
  });

  it.each(['nat', 'route', 'open'] as const)('one without an address, which forward: %s needs', (forward) => {
    const asked = (params: object) => (): unknown =>
      readWith({ name: 'lab', forward, ...params }, output(recorded('lab'))).want();
    expect(asked({})).toThrow(`forward: ${forward} needs an address, and lab has none`);
    expect(asked({ addresses: ['10.0.0.1/24'] })).not.toThrow();
  });

  it('one that does not run as one without a running form', () => {
    const { now } = readWith(
      { name: 'lab', state: 'absent' },
      output(recorded('lab').replace(/^Active:.*$/m, 'Active: no')),
    );
    expect(now).toMatchObject({
      active: false,
      autostart: true,
      config: { bridge: 'virbr-lab', mtu: 9000 },
      live: null,
    });
  });

  it.each<[string, Partial<Network>]>([
    ["<forward/><bridge name='b'/>", { forward: 'nat', bridge: 'b', stp: true, delay: 0 }],
    [
      "<ip address='10.0.0.1' prefix='24'><dhcp><host name='web1' ip='10.0.0.5'/><host mac='52:54:00:00:00:0A' ip='10.0.0.6'/></dhcp></ip>",
      {
        forward: 'none',
        dhcp_hosts: [
          { ip: '10.0.0.5', mac: null, name: 'web1' },
          { ip: '10.0.0.6', mac: '52:54:00:00:00:0a', name: null },
        ],
      },
    ],
  ])('%s', (inner, expected) => {
    expect(readNetwork(parseXml(`<network>${inner}</network>`, 'x'))).toMatchObject(expected);
  });

  it('of sources what is said of them; nothing said is nothing there', () => {
    const p = LibvirtNetwork.parse({ name: 'x', forward: 'bridge', bridge: 'br0', vfs: [] });
    const kinds = (text: string) => [...libvirtNetwork.probes(p).sources.parse(output(text))];
    expect(kinds('bridge\n')).toEqual([['br0', 'bridge']]);
    expect([...sourcesProbe(['br0'], ['0000:05:10.1']).parse(output('link\n'))]).toEqual([
      ['br0', 'link'],
      ['0000:05:10.1', 'none'],
    ]);
  });

  it('that there is none, no virsh, or nobody who answers', () => {
    const none = output(
      '',
      1,
      "error: failed to get network 'x'\nerror: Network not found: no network with matching name 'x'",
    );
    expect(readWith({ name: 'x' }, none).now).toBeNull();
    expect(() => readWith({ name: 'x' }, output('', 127))).toThrow('virsh is not installed');
    const dead = output('', 1, 'error: failed to connect to the hypervisor\nerror: Failed to connect socket');
    expect(() => readWith({ name: 'x' }, dead)).toThrow('libvirt does not answer');
    expect(() => readWith({ name: 'x' }, output('', 1, 'error: access denied'))).toThrow('access denied');
  });
});

describe('libvirt_network writes', () => {
  it.each<[string, string, Partial<Network>, string]>([
    ['no MTU of its own', "<mtu size='9000'/>", { mtu: null }, ''],
    ['a domain', '', { domain: 'lan' }, "<domain name='lan'/>"],
    ['no domain', "<domain name='lan' localOnly='yes'/>", { domain: null }, ''],
    [
      'another domain, the rest of it kept',
      "<domain name='lan' localOnly='yes'/>",
      { domain: 'wan' },
      "<domain name='wan' localOnly='yes'/>",
    ],
    [
      'another link of NAT, its ports kept',
      "<forward mode='nat' dev='eth0'><nat><port start='1024' end='65535'/></nat><interface dev='eth0'/></forward>",
      { dev: 'eth1' },
      "<forward mode='nat' dev='eth1'><nat><port start='1024' end='65535'/></nat></forward>",
    ],
    [
      'another way out, without the ports of NAT',
      "<forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>",
      { forward: 'route' },
      "<forward mode='route'/>",
    ],
    [
      'a link that guests share',
      '',
      { forward: 'private', dev: 'eth0' },
      "<forward mode='private' dev='eth0'><interface dev='eth0'/></forward>",
    ],
    [
      'VFs by address in place of their card',
      "<forward mode='hostdev' managed='yes'><driver name='vfio'/><pf dev='eth0'/></forward>",
      { pf: null, vfs: ['0000:05:10.1'] },
      "<forward mode='hostdev' managed='yes'><driver name='vfio'/><address type='pci' domain='0x0000' bus='0x05' slot='0x10' function='0x1'/></forward>",
    ],
    [
      'DHCP in the first subnet of each family',
      '',
      {
        addresses: ['10.0.0.1/24', '10.0.1.1/24', 'fd00::1/64'],
        dhcp_ranges: [{ start: '10.0.0.5', end: '10.0.0.9' }],
        dhcp_hosts: [{ ip: 'fd00::5', mac: null, name: 'web1' }],
      },
      "<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.5' end='10.0.0.9'/></dhcp></ip><ip address='10.0.1.1' prefix='24'/><ip family='ipv6' address='fd00::1' prefix='64'><dhcp><host name='web1' ip='fd00::5'/></dhcp></ip>",
    ],
  ])('%s', (_, inner, to, expected) => {
    const written = networkXml(parseXml(`<network><name>x</name>${inner}</network>`, 'x'), to);
    expect(formatXml(written).replaceAll(/\n\s*/g, '').trim()).toBe(`<network><name>x</name>${expected}</network>`);
    expect(readNetwork(written)).toMatchObject(to);
  });
});

describe('libvirt_network, of a goal that does not name all,', () => {
  const mgmt = stateOf('mgmt');
  const verbs = (steps: readonly Step[]): readonly string[] =>
    steps.map((step) =>
      step.kind === 'exec' ? [...step.argv.slice(4), step.stdin ?? ''].join(' ').trim() : step.kind,
    );

  it('leaves running what runs, and off what is not there', () => {
    const config = { ...mgmt.config, domain: 'lan' };
    expect(verbs(networkSteps('mgmt', mgmt, { config }, false, undefined))).toEqual([
      expect.stringMatching(/^net-define [^]*<domain name='lan'\/>/),
    ]);
    expect(verbs(networkSteps('mgmt', null, { config }, false, undefined))).toEqual([
      expect.stringMatching(/^net-define [^]*<domain name='lan'\/>/),
    ]);
  });

  it('makes one of nothing but its name', () => {
    const [define = '', ...rest] = verbs(networkSteps('x', null, { active: true }, false, null));
    expect(define.replaceAll(/\n\s*/g, '').trim()).toBe(
      'net-define --file /dev/stdin <network><name>x</name></network>',
    );
    expect(rest).toEqual(['net-start --network x']);
  });

  it('needs a restart only for what differs from what runs', () => {
    expect(stale(mgmt, {})).toBe(false);
    expect(stale(mgmt, { config: mgmt.config })).toBe(true);
    expect(stale({ ...mgmt, live: null }, { config: mgmt.config })).toBe(false);
    expect(stale({ ...mgmt, live: null }, { config: { ...mgmt.config, mtu: 9000 } })).toBe(true);
  });
});

describe('libvirt_network wants', () => {
  const [tenants, lab, mgmt] = libvirtNetwork.examples.map(({ params }) => params);

  it('nothing more where it stands', () => {
    expect(readWith(tenants, output(recorded('tenants')), { 'ovs-br0': 'link' }).diff()).toEqual([]);
    expect(readWith(lab, output(recorded('lab'))).diff()).toEqual([]);
    expect(readWith(mgmt, output(recorded('mgmt'))).diff()).toEqual([]);
  });

  it('what a restart alone brings: pending, unless it may restart', () => {
    const never = readWith({ ...mgmt, mtu: 1400 }, output(recorded('mgmt')));
    expect(never.diff()).toEqual([{ path: 'live.mtu', from: null, to: 1400 }]);
    expect(never.pending()).toEqual([
      {
        path: 'live.mtu',
        reason:
          'the network mgmt runs with its old mtu until it is restarted, which cuts its guests off (restart: if_required)',
        until: 'restart',
      },
    ]);
    const may = readWith({ ...mgmt, mtu: 1400, restart: 'if_required' }, output(recorded('mgmt')));
    expect(may.pending()).toEqual([]);
    const { now } = may;
    if (!now?.live) throw new Error('it runs');
    const after = { ...now, live: { ...now.live, mtu: 1400 } };
    expect(may.steps(now, after)).toEqual(['net-destroy --network mgmt', 'net-start --network mgmt']);
    expect(libvirtNetwork.touches?.(now, after, may.p)).toEqual({ links: ['virbr-mgmt'], effect: 'cut' });
    expect(libvirtNetwork.touches?.(now, after, never.p)).toBe('none');
    expect(libvirtNetwork.touches?.(now, null, never.p)).toEqual({ links: ['virbr-mgmt'], effect: 'cut' });
    expect(libvirtNetwork.warnings?.(may.p, now, may.seen)[0]).toContain('mgmt is restarted for mtu');
  });

  it('no word of a restart that is not needed', () => {
    const { p, now, seen } = readWith({ ...lab, restart: 'if_required' }, output(recorded('lab')));
    expect(libvirtNetwork.warnings?.(p, now, seen)).toEqual([]);
  });

  it('of what is left out what libvirt has where it is not said', () => {
    const none = output('', 1, "error: failed to get network 'x'");
    const config = (params: object, kinds?: Record<string, SourceKind>) =>
      readWith({ name: 'x', ...params }, none, kinds).want()?.config;
    const dhcp_hosts = [
      { ip: '10.0.0.5', name: 'web1' },
      { ip: '10.0.0.6', mac: '52:54:00:00:00:0a' },
    ];
    expect(config({ addresses: ['10.0.0.1/24'], dhcp_hosts })?.dhcp_hosts).toEqual([
      { ip: '10.0.0.5', mac: null, name: 'web1' },
      { ip: '10.0.0.6', mac: '52:54:00:00:00:0a', name: null },
    ]);
    expect(config({ portgroups: [{ name: 'blue' }] })?.portgroups).toEqual([
      { name: 'blue', default: false, virtualport: null, vlan: [] },
    ]);
    // VFs by address are no card, and the other way round.
    expect(config({ forward: 'hostdev', vfs: ['05:10.1'] }, { '0000:05:10.1': 'vf' })).toMatchObject({
      pf: null,
      vfs: ['0000:05:10.1'],
    });
    expect(config({ forward: 'hostdev', pf: 'eth0' })).toMatchObject({ pf: 'eth0', vfs: [] });
  });

  it('what can be changed while it runs: kept and running form, the rest of the XML untouched', () => {
    const { now, steps } = readWith(mgmt, output(recorded('mgmt')));
    if (!now?.live) throw new Error('it runs');
    const dhcp_hosts = [{ ip: '10.77.0.11', mac: '52:54:00:6d:90:03', name: null }];
    const all = steps(now, { ...now, config: { ...now.config, dhcp_hosts }, live: { ...now.live, dhcp_hosts } });
    expect(all[0]).toMatch(/^net-define --file \/dev\/stdin <network>/);
    expect(all[0]).toContain('<uuid>');
    expect(all[0]).toContain("<host mac='52:54:00:6d:90:03' ip='10.77.0.11'/>");
    expect(all.slice(1)).toEqual([
      "net-update --network mgmt delete ip-dhcp-host --xml <host mac='52:54:00:6d:90:02' name='web1' ip='10.77.0.10'/> --live",
      "net-update --network mgmt add-last ip-dhcp-host --xml <host mac='52:54:00:6d:90:03' ip='10.77.0.11'/> --live",
    ]);
  });

  it('goes both ways between absent, inactive and active', () => {
    const { now, steps, seen } = readWith(mgmt, output(recorded('mgmt')));
    if (now === null) throw new Error('it is there');
    expect(steps(now, null)).toEqual(['net-destroy --network mgmt', 'net-undefine --network mgmt']);
    expect(steps({ ...now, active: false, live: null }, null)).toEqual(['net-undefine --network mgmt']);
    expect(steps({ ...now, persistent: false }, null)).toEqual(['net-destroy --network mgmt']);
    expect(steps(now, { ...now, active: false, live: null })).toEqual(['net-destroy --network mgmt']);
    expect(steps(now, { ...now, autostart: false })).toEqual(['net-autostart --network mgmt --disable']);
    const [define, ...rest] = steps(null, now);
    expect(define).toContain(seen.network?.config.children.length === 0 ? '' : '<uuid>');
    expect(rest).toEqual(['net-start --network mgmt', 'net-autostart --network mgmt']);
    expect(steps(now, { ...now, persistent: false })).toEqual(['net-undefine --network mgmt']);
    expect(steps(null, null)).toEqual([]);
    expect(steps(now, now)).toEqual([]);
  });

  it('moves the default from one port group to another', () => {
    const { now, steps } = readWith(tenants, output(recorded('tenants')), { 'ovs-br0': 'link' });
    if (!now?.live) throw new Error('it runs');
    const portgroups = [
      { name: 'uplink', default: true, virtualport: null, vlan: [100, 200] },
      { name: 'blue', default: false, virtualport: null, vlan: [100] },
    ];
    const verbs = steps(now, { ...now, live: { ...now.live, portgroups } }).map(
      (line) => /modify.*name='\w+'/.exec(line)?.[0],
    );
    expect(verbs).toEqual([
      "modify portgroup --xml <portgroup name='blue'",
      "modify portgroup --xml <portgroup name='uplink'",
    ]);
  });

  it.each<[object, Record<string, SourceKind>, string]>([
    [{ forward: 'bridge', bridge: 'br9' }, { br9: 'none' }, 'the bridge br9 does not exist'],
    [{ forward: 'bridge', bridge: 'br9' }, { br9: 'link' }, 'br9 is no Linux bridge'],
    [
      { forward: 'bridge', bridge: 'br9', virtualport: 'openvswitch' },
      { br9: 'bridge' },
      'br9 is a Linux bridge, none of Open vSwitch',
    ],
    [{ forward: 'hostdev', vfs: ['05:00.0'] }, { '0000:05:00.0': 'pf' }, '0000:05:00.0 is no virtual function'],
    [{ forward: 'hostdev', vfs: ['05:00.0'] }, { '0000:05:00.0': 'none' }, 'there is no PCI device 0000:05:00.0'],
  ])('refuses %j', (params, kinds, message) => {
    const none = output('', 1, "error: failed to get network 'x'");
    expect(() => readWith({ name: 'x', ...params }, none, kinds).want()).toThrow(message);
  });
});

it.each([
  [{ name: '5' }, 'virsh takes "5" for an id: give the network a name with a letter in it'],
  [
    { name: '39eed010-599f-4031-b7cd-ae29e0b7cc64' },
    '"39eed010-599f-4031-b7cd-ae29e0b7cc64" is a UUID: give the name of the network',
  ],
  [{ name: '--all' }, '"--all" begins with a dash, which virsh takes for an option'],
  [{ name: 'a/b' }, '"a/b" has a "/" or a control character in it'],
  [{ name: 'x', forward: 'hostdev' }, 'forward: hostdev needs pf, or vfs by PCI address'],
  [{ name: 'x', forward: 'hostdev', pf: 'eth0', vfs: ['05:10.1'] }, 'give pf or vfs, not both'],
  [
    { name: 'x', forward: 'hostdev', pf: 'eth0', bandwidth: { inbound: { average: 1 } } },
    'VFs have no bandwidth in libvirt: give max_tx_rate to sriov',
  ],
  [{ name: 'x', pf: 'eth0' }, 'pf and vfs need forward: hostdev'],
  [{ name: 'x', forward: 'bridge' }, 'forward: bridge needs the name of a bridge that is there, or dev'],
  [{ name: 'x', forward: 'vepa', dev: 'eth0', bridge: 'br0' }, 'a network with forward: vepa has no bridge'],
  [
    { name: 'x', forward: 'bridge', bridge: 'br0', addresses: ['10.0.0.1/24'] },
    'addresses needs a bridge that libvirt makes: forward none, nat, route or open',
  ],
  [{ name: 'x', forward: 'nat', addresses: [] }, 'forward: nat needs an address'],
  [{ name: 'x', forward: 'open', addresses: [] }, 'forward: open needs an address'],
  [
    { name: 'x', addresses: ['10.0.0.1/24'], dhcp_ranges: [{ start: '10.0.1.1', end: '10.0.1.9' }] },
    '10.0.1.1 to 10.0.1.9 lies in none of addresses',
  ],
  [{ name: 'x', addresses: ['10.0.0.1/24'], dhcp_hosts: [{ ip: '10.0.0.5' }] }, '10.0.0.5 needs mac or name'],
  [
    { name: 'x', addresses: ['fd00::1/64'], dhcp_hosts: [{ ip: 'fd00::5', mac: '52:54:00:00:00:0a' }] },
    'fd00::5: IPv6 knows guests by name, not by mac',
  ],
  [
    {
      name: 'x',
      addresses: ['10.0.0.1/24'],
      dhcp_hosts: [
        { ip: '10.0.0.5', name: 'a' },
        { ip: '10.0.0.5', name: 'b' },
      ],
    },
    '10.0.0.5 is there twice',
  ],
  [
    {
      name: 'x',
      portgroups: [
        { name: 'a', default: true },
        { name: 'b', default: 'yes' },
      ],
    },
    'only one of them can be the default',
  ],
  [{ name: 'x', bandwidth: { inbound: { average: '10mbit' } } }, undefined],
  [{ name: 'x', state: 'absent', forward: 'hostdev' }, undefined],
])('judges %j', (params, message) => {
  const said = messageOf(LibvirtNetwork, params);
  if (message === undefined && 'bandwidth' in params) expect(said).toContain('a rate in kilobytes');
  else expect(said).toBe(message);
});
