import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { sriov } from './index.ts';
import { Sriov } from './params.ts';
import { parsePf } from './read.ts';
import { freshVf, type State } from './state.ts';

const output = (stdout: string, code = 0) => ({ stdout, stderr: '', code, bytes: new Uint8Array() });
const link = JSON.stringify([
  {
    ifindex: 2,
    ifname: 'enp5s0f0',
    flags: ['UP'],
    mtu: 1500,
    vfinfo_list: [
      {
        vf: 0,
        address: '52:54:00:6d:90:02',
        vlan_list: [{ vlan: 100, qos: 3 }],
        rate: { max_tx: 1000, min_tx: 0 },
        spoofchk: true,
        link_state: 'auto',
        trust: false,
      },
      {
        vf: 1,
        address: '00:00:00:00:00:00',
        vlan_list: [],
        rate: {},
        spoofchk: true,
        link_state: 'auto',
        trust: false,
      },
    ],
  },
]);
// As the script prints it, for a card of Mellanox whose firmware was told of more.
const card = `pf 0000:05:00.0 enp5s0f0
vendor 0x15b3
total 2
count 2
autoprobe 1
vf 0 0000:05:00.2 driver=mlx5_core group=41 override= dev=enp5s0f0v0 mtu=1500 master=
vf 1 0000:05:00.3 driver=vfio-pci group=42 override=vfio-pci dev= mtu= master=
firmware SRIOV_EN True(1)
firmware NUM_OF_VFS 8
devlink {"dev":{"pci/0000:05:00.0":{"mode":"switchdev","inline-mode":"none","encap-mode":"basic"}}}
link ${link}
addresses []
`;
const judge = (params: unknown, text = card) => {
  const p = Sriov.parse(params);
  const seen = { pf: parsePf(output(text)) };
  const now = sriov.state(seen, p);
  const want = sriov.want(p, now, seen);
  const pending = sriov.pending?.(now, want, p) ?? [];
  const changes = diffState(now, want, sriov.compare).filter(({ path }) => !pending.some((item) => item.path === path));
  return { p, seen, now, want, pending, changes };
};

it('reads a card', () => {
  const { now } = judge({ pf: 'enp5s0f0' });
  expect(now).toEqual({
    num_vfs: 2,
    total_vfs: 2,
    dev: 'enp5s0f0',
    drivers_autoprobe: true,
    eswitch_mode: 'switchdev',
    mtu: 1500,
    up: true,
    vfs: [
      {
        id: 0,
        mac: '52:54:00:6d:90:02',
        vlan: 100,
        qos: 3,
        vlan_proto: '802.1q',
        spoof_check: true,
        trust: false,
        link_state: 'auto',
        min_tx_rate: 0,
        max_tx_rate: 1000,
        driver: 'mlx5_core',
        override: null,
        mtu: 1500,
        dev: 'enp5s0f0v0',
      },
      { ...freshVf(1), spoof_check: true, trust: false, driver: 'vfio-pci', override: 'vfio-pci' },
    ],
  });
});

it('has nothing to do where all is as wanted', () => {
  const params = {
    pf: 'enp5s0f0',
    num_vfs: 2,
    eswitch_mode: 'switchdev',
    vfs: [
      { id: 0, mac: '5254.006d.9002', vlan: 100, qos: 3 },
      { id: 1, driver: 'vfio-pci' },
    ],
  };
  expect(judge(params)).toMatchObject({ changes: [], pending: [] });
});

it('waits for a reboot where the firmware has been told already', () => {
  expect(judge({ pf: 'enp5s0f0', num_vfs: 8 })).toMatchObject({
    changes: [],
    pending: [
      {
        path: 'total_vfs',
        until: 'reboot',
        reason: 'the firmware of enp5s0f0 offers 8 virtual functions from the next boot on, now 2',
      },
    ],
  });
  const off = card.replace('True(1)', 'False(0)');
  expect(() => judge({ pf: 'enp5s0f0', num_vfs: 8 }, off)).toThrow(
    'enp5s0f0 can have 2 virtual functions at most, not 8',
  );
});

it.each<[unknown, string, string]>([
  [
    { pf: 'e', num_vfs: 4, externally_managed: true },
    card.replaceAll('total 2', 'total 8'),
    'e has 2 virtual functions, not 4, and others make them',
  ],
  [{ pf: 'e', vfs: [{ id: 0, mtu: 9000 }] }, card, 'an MTU of 9000 is above that of e, 1500'],
  [
    { pf: 'e', vfs: [{ id: 0, driver: 'vfio-pci' }] },
    card.replace(/group=\d+/g, 'group='),
    'vfio-pci needs an IOMMU, and the kernel has none',
  ],
  [{ pf: 'e', num_vfs: 1 }, card.replace('vendor', 'isvf\nvendor'), 'e is itself a virtual function'],
  [
    { pf: 'e', num_vfs: 2 },
    `rival /etc/netplan/01.yaml\n${card}`.replace(/^(rival .*\n)(pf .*\n)/, '$2$1'),
    '/etc/netplan/01.yaml sets the number of virtual functions too',
  ],
])('refuses %j', (params, text, message) => {
  expect(() => judge(params, text)).toThrow(message);
});

it('needs ip', () => {
  expect(() => parsePf(output('', 127))).toThrow('ip is not installed');
});

describe('steps', () => {
  const stdins = (from: State | null, to: State | null, pf = 'eth0') =>
    sriov
      .steps(from, to, Sriov.parse({ pf }))
      .map((step) =>
        'args' in step
          ? [...step.args.slice(1), 'stdin' in step ? step.stdin : undefined].filter((word) => word !== undefined)
          : step,
      );
  const base: State = {
    num_vfs: 0,
    total_vfs: 64,
    dev: 'eth0',
    drivers_autoprobe: true,
    eswitch_mode: null,
    mtu: 1500,
    up: true,
    vfs: [],
  };

  it('gives many more time, and autoprobe before the number', () => {
    expect(stdins(base, { ...base, num_vfs: 64, drivers_autoprobe: false })).toEqual([['64', '300', '0']]);
  });
  it('raises the MTU first and lowers it last', () => {
    const vfs = (mtu: number) => [{ ...freshVf(0), mtu }];
    const [small, large] = [
      { ...base, num_vfs: 1, vfs: vfs(1500) },
      { ...base, num_vfs: 1, mtu: 9000, vfs: vfs(9000) },
    ];
    expect(stdins(small, large)).toEqual([['9000', ''], ['0 9000\n']]);
    expect(stdins(large, small)).toEqual([['0 1500\n'], ['1500', '']]);
  });
  it('sets everything of functions that are made anew', () => {
    const vfs = [{ ...freshVf(0), mac: '02:00:00:00:00:01', vlan: 5 }];
    const from = { ...base, num_vfs: 1, vfs };
    expect(stdins(from, { ...base, num_vfs: 2, vfs: [...vfs, freshVf(1)] })).toEqual([
      ['2', '120', ''],
      ['0 mac 02:00:00:00:00:01 vlan 5 qos 0\n'],
    ]);
  });
  it('goes through legacy mode to another number', () => {
    const from: State = { ...base, num_vfs: 1, eswitch_mode: 'switchdev', vfs: [freshVf(0)] };
    expect(stdins(from, { ...from, num_vfs: 2, vfs: [freshVf(0), freshVf(1)] })).toEqual([
      ['legacy'],
      ['2', '120', ''],
      ['switchdev'],
    ]);
    expect(stdins(from, { ...from, eswitch_mode: 'legacy' })).toEqual([['legacy']]);
    expect(stdins({ ...base, eswitch_mode: 'legacy' }, { ...base, eswitch_mode: 'switchdev' })).toEqual([
      ['switchdev'],
    ]);
  });
  it('needs none from a state to itself, and reaches every state from every other', () => {
    const vf = fc.record({
      vlan: fc.constantFrom(0, 7),
      qos: fc.constant(0),
      trust: fc.boolean(),
      mac: fc.constantFrom('02:00:00:00:00:01', '00:00:00:00:00:00'),
    });
    const states = fc.array(vf, { maxLength: 3 }).map((list): State => ({
      ...base,
      num_vfs: list.length,
      vfs: list.map((fields, id) => ({ ...freshVf(id), ...fields })),
    }));
    fc.assert(
      fc.property(states, states, (a, b) => {
        expect(stdins(a, a)).toEqual([]);
        expect(stdins(a, b).length === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

it('passes over the interfaces that go', () => {
  const { now, p } = judge({ pf: 'enp5s0f0' });
  expect(sriov.touches?.(now, null, p)).toEqual({ links: ['enp5s0f0', 'enp5s0f0v0'] });
  const { want } = judge({ pf: 'enp5s0f0', vfs: [{ id: 1, vlan: 5 }] });
  expect(sriov.touches?.(now, overlayState(now, want, sriov.compare) as State, p)).toEqual({
    links: ['enp5s0f0'],
    effect: 'flap',
  });
});

it('leaves functions that stand at boot alone', () => {
  const boot = sriov.boot?.(Sriov.parse({ pf: 'eth0', num_vfs: 4, required_by: ['nova-compute.service'] }));
  expect(boot).toMatchObject({ id: 'eth0', anchor: { unit: 'multi-user.target' }, guard: { args: ['eth0', ''] } });
  expect(boot?.before).toContain('nova-compute.service');
  expect(boot?.after).toContain('sys-subsystem-net-devices-eth0.device');
});

it.each<[unknown, string]>([
  [{ pf: 'eth0', num_vfs: -1 }, 'expected a number of virtual functions: a whole number from 0 to 65535'],
  [{ pf: 'eth0', num_vfs: 2, vfs: [{ id: 2, vlan: 1 }] }, 'there is no virtual function 2: 2 have the numbers 0 to 1'],
  [{ pf: 'eth0', vfs: [{ id: 1 }, { range: '0-2' }] }, 'virtual function 1 is named twice'],
  [
    { pf: 'eth0', vfs: [{ id: 0, mac: '01:00:5e:00:00:01' }] },
    '"01:00:5e:00:00:01" is a multicast address, an interface needs a unicast one: make the first byte even',
  ],
  [
    { pf: 'eth0', vfs: [{ range: '0-1', mac: '02:00:00:00:00:01' }] },
    'a MAC address belongs to one virtual function: give id in place of range',
  ],
  [
    {
      pf: 'eth0',
      vfs: [
        { id: 0, mac: '02:00:00:00:00:01' },
        { id: 1, mac: '02-00-00-00-00-01' },
      ],
    },
    '02:00:00:00:00:01 is given twice',
  ],
  [{ pf: 'eth0', vfs: [{ id: 0, vlan: 4095 }] }, 'expected a VLAN id: a whole number from 0 to 4094'],
  [{ pf: 'eth0', vfs: [{ id: 0, qos: 8, vlan: 1 }] }, 'expected a priority: a whole number from 0 to 7'],
  [{ pf: 'eth0', vfs: [{ id: 0, qos: 3 }] }, 'a priority needs a vlan'],
  [{ pf: 'eth0', vfs: [{ vlan: 3 }] }, 'give id or range, one of them'],
  [{ pf: 'eth0', vfs: [{ range: '3-1' }] }, 'the range ends before it begins'],
  [{ pf: 'eth0', vfs: [{ id: 0, max_tx_rate: 10, min_tx_rate: 20 }] }, 'min_tx_rate is above max_tx_rate'],
  [
    { pf: 'eth0', mtu: 1500, vfs: [{ id: 0, mtu: 9000 }] },
    'an MTU of 9000 is above that of the physical function, 1500',
  ],
  [{ pf: 'eth0', state: 'absent', num_vfs: 2 }, 'state: absent is num_vfs: 0, leave num_vfs and vfs out'],
])('refuses %j before anything connects', (params, message) => {
  expect(messageOf(Sriov, params)).toBe(message);
});
