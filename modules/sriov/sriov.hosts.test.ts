import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { sriov } from './index.ts';
import { Sriov } from './params.ts';
import type { Goal, State } from './state.ts';
import { sriovSteps } from './steps.ts';

const vf = (id: number, fields = 'dev=eth0v0 mtu=1500 master='): string =>
  `vf ${id} 0000:05:10.${id} driver=ixgbevf group=4${id} override= ${fields}`;
const linkLine = (fields: object = {}): string =>
  `link ${JSON.stringify([{ ifindex: 2, ifname: 'eth0', flags: ['UP'], mtu: 1500, ...fields }])}`;
const host = (...lines: readonly string[]) => ({ pf: { stdout: [...lines, ''] } });
const said = (params: object, outputs: ReturnType<typeof host>) =>
  replay(sriov, { params: { pf: 'eth0', ...params } }, outputs);
const named = ['pf 0000:05:00.0 eth0', 'total 8', 'autoprobe 1'];
// Bound to a driver that is none of networks.
const bare = ['pf 0000:05:00.0 ', 'total 8', 'count 0', 'autoprobe 1'];

describe('a card', () => {
  it('whose driver tells nothing of its functions has them as they are made', () => {
    expect(said({}, host(...named, 'count 1', vf(0), linkLine(), 'addresses []')).state).toMatchObject({
      num_vfs: 1,
      vfs: [{ id: 0, mac: '00:00:00:00:00:00', vlan: 0, spoof_check: null, driver: 'ixgbevf', dev: 'eth0v0' }],
    });
  });
  it('whose driver tells no number has none', () => {
    expect(said({}, host(...named, linkLine())).state).toMatchObject({ num_vfs: 0, up: true, mtu: 1500 });
  });
  it.each([[{ vfs: [{ id: 0, vlan: 5 }] }], [{ mtu: 9000 }]])('without an interface cannot have %j', (params) => {
    expect(said({ pf: '05:00.0', ...params }, host(...bare)).refused).toBe('0000:05:00.0 has no network interface');
  });
  it('without an interface can have virtual functions', () => {
    expect(said({ pf: '05:00.0', num_vfs: 2 }, host(...bare))).toMatchObject({
      state: { dev: '', mtu: 0, up: false, num_vfs: 0 },
      touches: { links: ['0000:05:00.0'], effect: 'flap' },
    });
  });
  it('is not asked for more than it has, nor than its firmware was told of', () => {
    const told = ['firmware SRIOV_EN True(1)', 'firmware NUM_OF_VFS 16'];
    const outputs = host(...named, 'count 0', 'vendor 0x15b3', ...told, linkLine());
    expect(said({ num_vfs: 16 }, outputs).pending).toHaveLength(1);
    expect(said({ num_vfs: 17 }, outputs)).toMatchObject({
      refused: 'eth0 can have 8 virtual functions at most, not 17',
      hint: 'set SRIOV_EN and NUM_OF_VFS with mstconfig, then reboot',
    });
    expect(said({ num_vfs: 9 }, host(...named, 'count 0', 'firmware SRIOV_EN', linkLine())).hint).toBe('ask for fewer');
  });
  it('whose function is in a guest, in words that leave out what is 0', () => {
    const outputs = host(
      'pf 0000:05:00.0 eth0',
      'total 8',
      'count 1',
      'vf 0 0000:05:10.0 driver=vfio-pci group=40 override= dev= mtu= master=',
      "guest web1 <address domain='0x0000' bus='0x05' slot='0x10'/>",
      linkLine(),
      'addresses []',
    );
    expect(said({ num_vfs: 0 }, outputs).refused).toContain('0 is in the virtual machine web1');
  });
  it('takes a priority away with its VLAN', () => {
    const vfinfo_list = [
      {
        vf: 0,
        address: '02:00:00:00:00:05',
        vlan_list: [{ vlan: 7, qos: 3, protocol: '802.1ad' }],
        link_state: 'auto',
      },
    ];
    const outputs = host(...named, 'count 1', vf(0), linkLine({ vfinfo_list }), 'addresses []');
    expect(said({ vfs: [{ id: 0, vlan: 0, vlan_proto: '802.1q' }] }, outputs)).toMatchObject({
      changes: ['vfs[0].vlan: 7 -> 0', 'vfs[0].vlan_proto: "802.1ad" -> "802.1q"', 'vfs[0].qos: 3 -> 0'],
      steps: [expect.stringContaining('0 vlan 0 qos 0 proto 802.1Q')],
      undo: [expect.stringContaining('0 vlan 7 qos 3 proto 802.1ad')],
    });
  });
});

describe('parameters', () => {
  it.each([
    ['05:00', '"05:00" is no PCI address: write e.g. "0000:05:00.0" or "05:00.0"'],
    ['a b', '"a b" has white space in it, which an interface name cannot have'],
    ['05:0A.1', undefined],
  ])('pf %j: %s', (pf, message) => {
    expect(messageOf(Sriov, { pf })).toBe(message);
  });
  it('a rate that is sure of, without a limit', () => {
    expect(messageOf(Sriov, { pf: 'eth0', vfs: [{ id: 0, min_tx_rate: 20, max_tx_rate: 0 }] })).toBeUndefined();
    expect(messageOf(Sriov, { pf: 'eth0', num_vfs: 0, vfs: [{ id: 0 }] })).toBe(
      'there is no virtual function 0: num_vfs is 0',
    );
  });
  it('say at boot that others make them', () => {
    const boot = (externally_managed: boolean) => sriov.boot?.(Sriov.parse({ pf: '05:00.0', externally_managed }));
    expect(boot(true)?.guard?.args).toEqual(['0000:05:00.0', 'yes']);
    expect(boot(false)?.guard?.args).toEqual(['0000:05:00.0', '']);
    expect(boot(false)?.after).toEqual(['network-pre.target']);
  });
});

describe('steps from as much as is known', () => {
  const lines = (from: Goal | null, to: Goal | null): readonly string[] =>
    sriovSteps('eth0', from, to).map(
      (step) => ('stdin' in step ? (step.stdin ?? '') : '') || ('args' in step ? step.args.slice(1).join(' ') : ''),
    );
  const one = (fields: object): Goal => ({ num_vfs: 1, vfs: [{ id: 0, ...fields }] });
  it.each<[string, Goal | null, Goal | null, readonly string[]]>([
    ['nothing of nothing', {}, {}, []],
    ['an MTU alone', {}, { mtu: 9000 }, ['9000 ']],
    ['functions of which nothing was known', { num_vfs: 1 }, one({ trust: true }), ['0 trust on\n']],
    ['a priority alone', one({ vlan: 5 }), one({ qos: 3 }), ['0 vlan 5 qos 3\n']],
    ['a kind of VLAN alone', one({}), one({ vlan_proto: '802.1ad' }), ['0 vlan 0 qos 0 proto 802.1ad\n']],
    [
      'checks off',
      one({ spoof_check: true, trust: true }),
      one({ spoof_check: false, trust: false }),
      ['0 spoofchk off trust off\n'],
    ],
    ['a limit alone', one({ min_tx_rate: 10 }), one({ max_tx_rate: 100 }), ['0 max_tx_rate 100 min_tx_rate 10\n']],
    ['a floor alone', one({ max_tx_rate: 100 }), one({ min_tx_rate: 10 }), ['0 max_tx_rate 100 min_tx_rate 10\n']],
    ['rates of which nothing was known', one({}), one({ max_tx_rate: 100 }), ['0 max_tx_rate 100 min_tx_rate 0\n']],
    ['a floor of which nothing was known', one({}), one({ min_tx_rate: 10 }), ['0 max_tx_rate 0 min_tx_rate 10\n']],
    ['no driver', one({ driver: 'ixgbevf', override: 'ixgbevf' }), one({ driver: null, override: null }), ['0 - -\n']],
  ])('%s', (_name, from, to, expected) => {
    expect(lines(from, to)).toEqual(expected);
  });
  it('touch the card alone where its number stays', () => {
    const p = Sriov.parse({ pf: 'eth0' });
    const from = { ...one({ dev: 'eth0v0' }), mtu: 1500 } as State;
    expect(sriov.touches?.(from, { mtu: 9000 } as State, p)).toEqual({ links: ['eth0'], effect: 'flap' });
    expect(sriov.touches?.(from, { num_vfs: 2 } as State, p)).toEqual({ links: ['eth0', 'eth0v0'], effect: 'flap' });
  });
});
