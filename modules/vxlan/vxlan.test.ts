import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { vxlan } from './index.ts';
import { carriedMtu } from './mtu.ts';
import type { State } from './read.ts';
import { vxlanSteps } from './steps.ts';

const parse = (params: object) => vxlan.params.parse({ name: 'vx', vni: 1, ...params });

describe('parameters', () => {
  it.each(vxlan.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(vxlan.params.safeParse(params).error).toBeUndefined();
  });
  it('become canonical', () => {
    expect(parse({ vni: '100', local: '2001:DB8::0:1', learning: 'off', ttl: 'auto', mtu: '1400' })).toMatchObject({
      vni: 100,
      local: '2001:db8::1',
      learning: false,
      ttl: 0,
      mtu: 1400,
      dstport: 4789,
    });
  });
  it.each([
    [{ vni: 16_777_216 }, 'expected a VNI: a whole number from 0 to 16777215'],
    [{ vni: undefined }, 'a VXLAN needs a vni'],
    [{ name: 'vxlan-of-tenant-1' }, '"vxlan-of-tenant-1" has 17 bytes, an interface name has at most 15: shorten it'],
    [{ group: '10.0.0.1', dev: 'eth0' }, '10.0.0.1 is no multicast address: give it as one of remotes'],
    [{ group: '239.1.1.1' }, 'a multicast group needs dev: the link on which it is joined'],
    [{ group: '239.1.1.1', dev: 'eth0', remotes: ['10.0.0.2'] }, 'give group or remotes, not both'],
    [{ remotes: ['239.1.1.1'] }, '239.1.1.1 is a multicast address: give it as group'],
    [{ remote: '10.0.0.1', remotes: ['10.0.0.2'] }, 'give remote or remotes, not both'],
    [
      { local: '10.0.0.1', remotes: ['10.0.0.2', '10.0.0.1'] },
      '10.0.0.1 is this host itself (local): leave it out of remotes',
    ],
    [{ local: '10.0.0.1', remotes: ['fd00::1'] }, 'IPv4 and IPv6 ends are mixed: a VXLAN has one family'],
    [{ bridge: 'br0', addresses: ['10.0.0.1/24'] }, 'a port of a bridge has no addresses: give them to br0'],
    [{ bridge: 'vx' }, 'vx cannot lie on itself'],
    [
      { fdb: [{ mac: '01:00:5e:00:00:01', dst: '10.0.0.1' }] },
      '"01:00:5e:00:00:01" is a multicast address, an interface needs a unicast one: make the first byte even',
    ],
  ])('refuses %j', (params, message) => {
    expect(messageOf(vxlan.params, { name: 'vx', vni: 1, ...params })).toBe(message);
  });
});

describe('MTU', () => {
  const mtus = new Map([
    ['eth0', 1500],
    ['eth1', 9000],
    ['lo', 65_536],
  ]);
  it.each([
    [{}, ['eth0', 'eth1'], 1450],
    [{ local: 'fd00::1' }, ['eth1'], 8930],
    [{ dev: 'eth1' }, ['eth0'], 8950],
    [{}, ['lo'], undefined],
    [{}, [], undefined],
    [{ dev: 'gone' }, [], undefined],
  ])('%j over %j: %s', (params, links, expected) => {
    expect(carriedMtu(parse(params), links, mtus)).toBe(expected);
  });
});

describe('steps', () => {
  const state: State = {
    vni: 1,
    dstport: 4789,
    local: '10.0.0.1',
    group: null,
    dev: null,
    learning: true,
    ttl: 0,
    tos: 0,
    df: 'unset',
    ageing: 300,
    mtu: 1450,
    up: true,
    bridge: null,
    remotes: ['10.0.0.2', '10.0.0.3'],
    fdb: [],
    addresses: [],
  };
  const lines = (from: Partial<State> | null, to: Partial<State> | null) =>
    vxlanSteps('vx', from, to).map((step) =>
      step.kind === 'exec'
        ? [...step.argv, ...(step.stdin === undefined ? [] : ['<', step.stdin])].join(' ')
        : step.kind,
    );
  it.each<[string, Partial<State> | null, Partial<State> | null, string[]]>([
    ['nothing', state, state, []],
    ['nothing of nothing', null, null, []],
    ['removal', state, null, ['ip link del dev vx']],
    [
      'new',
      null,
      { vni: 1, dstport: 4789, up: true },
      ['ip link add name vx type vxlan id 1 dstport 4789', 'ip link set dev vx up'],
    ],
    [
      'all options at once',
      state,
      { ...state, ttl: 8, learning: false, local: null },
      ['ip link set dev vx type vxlan local 0.0.0.0 ttl 8 nolearning'],
    ],
    [
      'other ends in two programs, whatever their number',
      { ...state, dev: 'eth0' },
      { ...state, dev: 'eth0', remotes: ['10.0.0.3', '10.0.0.4', '10.0.0.5'] },
      [
        'bridge -force -batch - < fdb del 00:00:00:00:00:00 dev vx dst 10.0.0.2 self\nfdb del 00:00:00:00:00:00 dev vx dst 10.0.0.2 via eth0 self\n',
        'bridge -batch - < fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.4 self permanent\nfdb append 00:00:00:00:00:00 dev vx dst 10.0.0.5 self permanent\n',
      ],
    ],
    [
      'no longer bound to a link',
      { ...state, dev: 'eth0', remotes: [] },
      { vni: 1, dstport: 4789, dev: null },
      ['ip link del dev vx', 'ip link add name vx type vxlan id 1 dstport 4789'],
    ],
    [
      'no end of its own any more, for IPv6',
      { ...state, local: 'fd00::1', remotes: ['fd00::2'] },
      { local: null, remotes: ['fd00::2'] },
      ['ip link set dev vx type vxlan local ::'],
    ],
    ['what is half known', { vni: 1 }, { mtu: 1400 }, ['ip link set dev vx mtu 1400']],
    [
      'what is half known, with ends',
      { fdb: [] },
      { remotes: ['10.0.0.9'] },
      ['bridge -batch - < fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.9 self permanent\n'],
    ],
    ['out of a bridge', { ...state, bridge: 'br0' }, state, ['ip link set dev vx nomaster', 'snippet']],
  ])('%s', (_name, from, to, expected) => {
    expect(lines(from, to)).toEqual(expected);
  });
  it('says what it passes over', () => {
    const p = parse({});
    expect(vxlan.touches?.(null, { ...state }, p)).toBe('none');
    expect(vxlan.touches?.(null, { ...state, bridge: 'br0' }, p)).toEqual({
      links: ['br0'],
      routes: [],
      effect: 'flap',
    });
    expect(vxlan.touches?.(null, { ...state, addresses: ['10.9.0.1/24'] }, p)).toMatchObject({
      routes: ['10.9.0.0/24'],
    });
    expect(vxlan.touches?.({ ...state, addresses: ['10.9.0.1/24'] }, null, p)).toEqual({
      links: ['vx'],
      addresses: ['10.9.0.1/24'],
    });
    // Of what was made a moment ago not all is known.
    const made = { vni: 1, up: true } as State;
    expect(vxlan.touches?.(made, null, p)).toEqual({ links: ['vx'], addresses: [] });
    expect(vxlan.touches?.(made, { ...made, addresses: ['10.9.0.1/24'] }, p)).toEqual({
      links: ['vx'],
      addresses: [],
      routes: ['10.9.0.0/24'],
    });
    expect(vxlan.touches?.(made, made, p)).toEqual({ links: ['vx'], addresses: [], routes: [] });
    expect(vxlan.touches?.(state, { ...state, vni: 2 }, p)).toMatchObject({ links: ['vx'], effect: 'flap' });
  });
  it('comes back at boot with its link', () => {
    expect(vxlan.boot?.(parse({ dev: 'eth1' }))).toMatchObject({ id: 'vx', state: null, anchor: { device: 'eth1' } });
    expect(vxlan.boot?.(parse({ state: 'absent' }))).toMatchObject({ id: 'vx' });
  });
});

describe('a host', () => {
  const link = (data: object, more: object = {}) =>
    JSON.stringify([
      {
        ifindex: 6,
        ifname: 'vx',
        flags: ['BROADCAST', 'MULTICAST', 'UP'],
        mtu: 1450,
        linkinfo: { info_kind: 'vxlan', info_data: { id: 1, port: 4789, learning: true, ttl: 0, ...data } },
        ...more,
      },
    ]);
  const on = (
    params: object,
    { vxlans = '[]', fdb = '[]', ...said }: { vxlans?: string; fdb?: string; around?: string[]; underlay?: string[] },
  ) =>
    replay(
      vxlan,
      { params: { name: 'vx', vni: 1, ...params } },
      {
        vxlans: { stdout: [vxlans] },
        fdb: { stdout: [fdb] },
        addresses: { code: 1, stderr: ['Cannot find device "vx"'] },
        around: { stdout: said.around ?? [] },
        underlay: { stdout: said.underlay ?? [] },
      },
    );
  const route = (dev: string) => JSON.stringify([{ dst: '10.0.0.2', dev, flags: [] }]);
  it('has no such link yet', () => {
    const said = on({ remote: '10.0.0.2', addresses: ['10.9.0.1/24'], tos: 1, mtu: 1400 }, {});
    expect(said.state).toBeNull();
    expect(said.steps).toEqual([
      'ip link add name vx type vxlan id 1 dstport 4789 tos inherit',
      'ip link set dev vx mtu 1400',
      'bridge -batch - < "fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.2 self permanent\\n"',
      'ip addr replace 10.9.0.1/24 dev vx',
      'ip link set dev vx up',
    ]);
  });
  it('has entries of its bridge, two of one machine, and a TTL in words', () => {
    const permanent = (mac: string, dst?: string) => ({
      mac,
      ...(dst === undefined ? {} : { dst }),
      flags: ['self'],
      state: 'permanent',
    });
    const fdb = JSON.stringify([
      permanent('02:00:00:00:00:02', '10.0.0.3'),
      permanent('33:33:00:00:00:01'),
      permanent('02:00:00:00:00:01', '10.0.0.3'),
      permanent('02:00:00:00:00:01', '10.0.0.2'),
    ]);
    const around = ['1450 vx'];
    expect(on({}, { vxlans: link({ ttl: 'auto' }), fdb, around }).state).toMatchObject({
      ttl: 0,
      fdb: [
        { mac: '02:00:00:00:00:01', dst: '10.0.0.2' },
        { mac: '02:00:00:00:00:01', dst: '10.0.0.3' },
        { mac: '02:00:00:00:00:02', dst: '10.0.0.3' },
      ],
    });
    expect(on({}, { vxlans: link({}), around }).state).not.toHaveProperty('mac');
    const mac = '02:00:00:00:00:05';
    expect(on({}, { vxlans: link({}, { address: mac }), around }).state).toMatchObject({ mac });
  });
  it('whose tool says something else is not guessed at', () => {
    expect(on({}, { vxlans: link({ id: 'x' }) }).refused).toMatch(/ip -d -j link show type vxlan/);
    const outputs = { vxlans: { stdout: ['[]'] }, fdb: { stdout: ['[]'] }, underlay: { code: 127 } };
    expect(replay(vxlan, { params: { name: 'vx', vni: 1 } }, outputs).refused).toMatch(/^ip /);
  });
  it('goes over to IPv6 with all its ends', () => {
    const fdb = JSON.stringify([{ mac: '02:00:00:00:00:01', dst: '10.0.0.2', flags: ['self'], state: 'permanent' }]);
    const said = on({ remotes: ['fd00::2'] }, { vxlans: link({ local: '10.0.0.1' }), fdb, around: ['1450 vx'] });
    expect(said.changes).toEqual([
      'local: "10.0.0.1" -> null',
      'remotes: [] -> ["fd00::2"]',
      'fdb: [{"mac":"02:00:00:00:00:01","dst":"10.0.0.2"}] -> []',
    ]);
  });
  it.each<[string, object, object, boolean]>([
    ['the same of IPv4', {}, { local: '10.0.0.2' }, true],
    ['of no address, which is IPv4', {}, {}, true],
    ['of IPv6', {}, { local6: 'fd00::2' }, false],
    ['of a group of IPv6', { remotes: ['10.0.0.2'] }, { group6: 'ff02::9' }, false],
    ['both of IPv6', { local: 'fd00::1' }, { local6: 'fd00::2' }, true],
    [
      'of addresses of one link, on another',
      { local: 'fe80::1', dev: 'eth0' },
      { local6: 'fe80::1', link: 'eth1' },
      false,
    ],
    ['of addresses of one link, on it', { local: 'fe80::1', dev: 'eth0' }, { local6: 'fe80::2', link: 'eth0' }, true],
    ['another VNI', {}, { id: 2 }, false],
    ['another port', {}, { port: 8472 }, false],
  ])('has another one that is %s', (_what, params, data, refused) => {
    const vxlans = link(data).replace('"vx"', '"twin"');
    const said = on(params, { vxlans, around: ['1500 eth0', '1500 eth1', '1450 twin'] });
    expect(said.refused).toBe(refused ? 'twin already has VNI 1 on port 4789' : undefined);
  });
  it.each<[object, string[], string[], string[] | undefined]>([
    [
      { mtu: 1451 },
      [],
      [route('eth0')],
      ['an MTU of 1451 is more than the 1450 that go through the tunnel in one piece'],
    ],
    [{ mtu: 1450 }, [], [route('eth0')], undefined],
    [
      { bridge: 'br0' },
      ['bridge br0', 'port vnet0', 'port vnet1', 'port gone', '1500 vnet0', '1450 vnet1'],
      [route('eth0')],
      ['frames above 1450 bytes of vnet0 are lost in the tunnel: set their MTU to 1450'],
    ],
    // Nothing is known of the way.
    [{ bridge: 'br0' }, ['bridge br0', 'port vnet0', '9000 vnet0'], [], undefined],
  ])('is warned with %j', (params, around, underlay, warnings) => {
    const said = on({ remotes: ['10.0.0.2'], ...params }, { around: ['1500 eth0', '1500 br0', ...around], underlay });
    expect(said.refused).toBeUndefined();
    expect(said.warnings).toEqual(warnings);
  });
});
