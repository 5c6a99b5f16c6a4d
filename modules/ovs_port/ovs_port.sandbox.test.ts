import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createOvsSandbox, ovsSnapshot, type OvsSandbox } from '../../src/sdk/testing/ovs.ts';
import { ovsPort } from './index.ts';

/** Without what is left alone. */
const given = (want: unknown): object => JSON.parse(JSON.stringify(want ?? {})) as object;
const bridges = ['ovs-br0', 'br1'];
const makeBridges = bridges
  .map((name) => `ovs-vsctl add-br ${name} -- set Bridge ${name} datapath_type=netdev`)
  .join('; ');
const clear = `for b in ${bridges.join(' ')}; do for p in $(ovs-vsctl list-ports $b); do ovs-vsctl del-port $p; done; done`;

describe.each([['dash'], ['busybox sh']])('ovs_port under %s', (shell) => {
  let host: OvsSandbox;
  beforeAll(async () => {
    host = await createOvsSandbox({ shell: shell.split(' ') });
    host.look(`ip link add eth1 type veth peer name far1; ip link add eth2 type veth peer name far2; ${makeBridges}`);
  }, 30_000);
  afterAll(() => host.close());
  afterEach(() => void host.look(clear));
  const get = (what: string): string => host.look(`ovs-vsctl get ${what}`).trim();

  it.each(ovsPort.examples.map((example) => [example.title, example.params]))('example: %s', (_, params) => {
    const before = ovsSnapshot(host);
    const done = apply(ovsPort, params, host);
    expect(done.left).toEqual([]);
    const again = apply(ovsPort, params, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    expect(again.now ?? {}).toMatchObject(given(again.want));
    done.undo();
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('gives numbers and MTU that stay, and sees what others changed', () => {
    const params = { bridge: 'ovs-br0', name: 'i0', type: 'internal', ofport_request: 77, mtu_request: 1300, tag: 0 };
    expect(apply(ovsPort, params, host).left).toEqual([]);
    expect(host.look('cat /sys/class/net/i0/mtu')).toBe('1300\n');
    expect([get('Interface i0 ofport'), get('Port i0 tag')]).toEqual(['77', '0']);
    host.stopSwitch();
    host.startSwitch();
    expect(get('Interface i0 ofport')).toBe('77');
    expect(apply(ovsPort, params, host).changes).toEqual([]);
    host.look('ovs-vsctl set Port i0 tag=7 -- set Interface i0 mtu_request=1200 ofport_request=5');
    const done = apply(ovsPort, params, host);
    expect(done.changes.map(({ path }) => path).toSorted()).toEqual([
      'mtu',
      'mtu_request',
      'ofport',
      'ofport_request',
      'tag',
    ]);
    expect(done.left).toEqual([]);
  });

  it('gives an internal port its MAC address', () => {
    const params = { bridge: 'ovs-br0', name: 'i0', type: 'internal', mac: '02-00-00-00-00-0A' };
    expect(apply(ovsPort, params, host).left).toEqual([]);
    expect(host.look('cat /sys/class/net/i0/address')).toBe('02:00:00:00:00:0a\n');
    expect(apply(ovsPort, { ...params, mac: '02:00:00:00:00:0b' }, host).left).toEqual([]);
    expect(host.look('cat /sys/class/net/i0/address')).toBe('02:00:00:00:00:0b\n');
    expect(read(ovsPort, { ...params, mac: '02:00:00:00:00:0B' }, host).changes).toEqual([]);
  });

  it('[obs] no tag and tag 0 are two things; one trunk is a bare number, several a set', () => {
    apply(ovsPort, { bridge: 'ovs-br0', name: 'eth1', trunks: [10] }, host);
    expect(host.look('ovs-vsctl --format=json --columns=trunks,tag list Port eth1')).toContain('[[10,["set",[]]]]');
    expect(read(ovsPort, { bridge: 'ovs-br0', name: 'eth1', trunks: ['10-10'] }, host).changes).toEqual([]);
    expect(read(ovsPort, { bridge: 'ovs-br0', name: 'eth1', tag: 0 }, host).changes).toEqual([
      { path: 'tag', from: null, to: 0 },
    ]);
    apply(ovsPort, { bridge: 'ovs-br0', name: 'eth1', trunks: ['10-11'] }, host);
    expect(host.look('ovs-vsctl --format=json --columns=trunks list Port eth1')).toContain('["set",[10,11]]');
    expect(apply(ovsPort, { bridge: 'ovs-br0', name: 'eth1', trunks: null, tag: null }, host).left).toEqual([]);
    expect(get('Port eth1 trunks')).toBe('[]');
  });

  it('[obs] reads maps whose values hold what text would be cut at, and rows by their id', () => {
    const marks = { 'vm uuid': 'a=b, c="d"', n: '1' };
    const params = { bridge: 'ovs-br0', name: 'eth1', external_ids: marks };
    expect(apply(ovsPort, params, host).left).toEqual([]);
    expect(host.look('ovs-vsctl --format=json --columns=external_ids,interfaces list Port eth1')).toMatch(
      /\[\["map",\[\["n","1"\],\["vm uuid","a=b, c=\\"d\\""\]\]\],\["uuid","[0-9a-f-]{36}"\]\]/,
    );
    expect(read(ovsPort, params, host).now).toMatchObject({ external_ids: marks });
    expect(read(ovsPort, params, host).changes).toEqual([]);
  });

  it('[obs] moves a port in one transaction, which --may-exist add-port does not', () => {
    const params = { bridge: 'br1', name: 'eth1', tag: 5 };
    host.look(
      'ovs-vsctl add-port ovs-br0 eth1 -- set Interface eth1 external_ids:iface-id=x ingress_policing_rate=100',
    );
    expect(host.run('ovs-vsctl --may-exist add-port br1 eth1').stderr).toContain(
      'is actually attached to bridge ovs-br0',
    );
    const before = ovsSnapshot(host);
    const done = apply(ovsPort, params, host);
    expect(done.changes.map(({ path }) => path)).toEqual(['bridge', 'tag']);
    expect(done.steps.filter(({ kind }) => kind === 'exec')).toHaveLength(1);
    expect(done.left).toEqual([]);
    expect([host.look('ovs-vsctl port-to-br eth1'), get('Interface eth1 external_ids')]).toEqual([
      'br1\n',
      '{iface-id=x}',
    ]);
    expect(read(ovsPort, { ...params, bridge: 'ovs-br0', state: 'absent' }, host).changes).toEqual([]);
    done.undo();
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('[obs] a transaction is all or nothing', () => {
    const before = ovsSnapshot(host);
    expect(host.run('ovs-vsctl add-port br1 i5 -- set Interface i5 type=internal -- set Port i5 nonsense=1').code).toBe(
      1,
    );
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('[obs] takes back what ovs-vsctl calls a success although the port does not work', () => {
    const plain = host.run('ovs-vsctl add-port ovs-br0 nic9');
    expect([plain.code, plain.stderr.includes("Error detected while setting up 'nic9'")]).toEqual([0, true]);
    expect([get('Interface nic9 ofport'), host.look('ovs-vsctl list-ports ovs-br0')]).toEqual(['-1', 'nic9\n']);
    const seen = read(ovsPort, { bridge: 'ovs-br0', name: 'nic9' }, host);
    expect(seen.changes).toEqual([
      { path: 'error', from: 'could not open network device nic9 (No such device)', to: null },
    ]);
    host.look('ovs-vsctl del-port nic9');
    expect(() => apply(ovsPort, { bridge: 'ovs-br0', name: 'nic9' }, host)).toThrow(
      'Open vSwitch cannot set up nic9: "could not open network device nic9 (No such device)"',
    );
    expect(host.look('ovs-vsctl list-ports ovs-br0')).toBe('');
    // A change of a port that worked is taken back to what it was.
    const worked = { bridge: 'ovs-br0', name: 'eth1', tag: 3 };
    apply(ovsPort, worked, host);
    const before = ovsSnapshot(host);
    expect(() => apply(ovsPort, { ...worked, type: 'internal', tag: 4 }, host)).toThrow('cannot set up eth1');
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('waits for no peer of a patch, and says so', () => {
    const one = { bridge: 'ovs-br0', name: 'pa', type: 'patch', options: { peer: 'pb' } };
    expect(apply(ovsPort, one, host).left).toEqual([]);
    const { now, seen } = read(ovsPort, one, host);
    const warnings = (): readonly string[] =>
      ovsPort.warnings?.(ovsPort.params.parse(one), now as never, seen as never) ?? [];
    expect(warnings()).toEqual(['pa carries nothing until its peer pb is there']);
    apply(ovsPort, { bridge: 'br1', name: 'pb', type: 'patch', options: { peer: 'pa' } }, host);
    expect(get('Interface pa error')).toBe('[]');
  });

  it('says what is lost when a link becomes a port', () => {
    host.look('ip addr add 10.7.0.1/24 dev eth1');
    const params = { bridge: 'ovs-br0', name: 'eth1' };
    const { now, seen } = read(ovsPort, params, host);
    expect(ovsPort.warnings?.(ovsPort.params.parse(params), now as never, seen as never)).toEqual([
      'eth1 has 10.7.0.1/24: addresses on a port do not work, give them to ovs-br0 with link',
    ]);
    host.look('ip addr flush dev eth1');
  });

  it('puts the own port of a bridge into a VLAN, and refuses what is in the way', () => {
    const done = apply(ovsPort, { bridge: 'br1', name: 'br1', tag: 9 }, host);
    expect(done.left).toEqual([]);
    expect(get('Port br1 tag')).toBe('9');
    done.undo();
    expect(get('Port br1 tag')).toBe('[]');
    const failing = (params: object) => () => read(ovsPort, { bridge: 'ovs-br0', name: 'eth1', ...params }, host);
    host.look(
      'ovs-vsctl add-bond ovs-br0 bond0 eth1 eth2 -- add-port ovs-br0 i1 -- set Interface i1 type=internal ofport_request=5',
    );
    expect(failing({ bridge: 'br1', name: 'br1', state: 'absent' })).toThrow("br1 is the bridge's own port");
    expect(failing({ name: 'br1' })).toThrow('br1 is a bridge, not a port');
    expect(failing({})).toThrow('eth1 is a member of the bond bond0');
    expect(failing({ name: 'bond0' })).toThrow('bond0 is a bond of eth1, eth2');
    expect(failing({ bridge: 'br9' })).toThrow('the bridge br9 does not exist in Open vSwitch');
    expect(failing({ name: 'd0', type: 'dpdk' })).toThrow('Open vSwitch on this host has no ports of type dpdk');
    expect(failing({ name: 'far1', ofport_request: 5 })).toThrow('i1 already asks for the OpenFlow port 5');
    host.look('ovs-vsctl set Port i1 tag=5');
    expect(failing({ name: 'i1', type: 'internal', vlan_mode: 'trunk' })).toThrow(
      'i1: a tag has no meaning with vlan_mode trunk',
    );
    expect(apply(ovsPort, { bridge: 'ovs-br0', name: 'i1', vlan_mode: 'trunk', tag: null }, host).left).toEqual([]);
  });

  it('[obs] Open vSwitch itself takes VLAN 4095, and a tag with vlan_mode trunk', () => {
    expect(host.run('ovs-vsctl add-port ovs-br0 eth1 tag=4095 vlan_mode=trunk').code).toBe(0);
    const asking = (params: object) => () => read(ovsPort, { bridge: 'ovs-br0', name: 'eth1', ...params }, host);
    expect(asking({ tag: 4095 })).toThrow('4094');
    expect(asking({ tag: 4, vlan_mode: 'trunk' })).toThrow('a tag has no meaning with vlan_mode trunk');
    expect(apply(ovsPort, { bridge: 'ovs-br0', name: 'eth1', tag: 4, vlan_mode: null }, host).left).toEqual([]);
  });
});

describe('any parameters', () => {
  it('are there after they were applied, and gone after undo', async () => {
    const host = await createOvsSandbox({ setup: 'ip link add eth1 type veth peer name far1' });
    try {
      host.look(makeBridges);
      const text = fc.oneof(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).filter((word) => !word.includes('\0')),
        fc.constantFrom(`'"\\$(touch /pwned)\``, 'a\nb', '{}', '--', '@p', '1'),
      );
      const map = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean()), { maxKeys: 3 });
      const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
      const vlans = fc.oneof(
        fc.record({
          tag: maybe(fc.integer({ min: 0, max: 4094 })),
          vlan_mode: fc.constantFrom('native-tagged', 'native-untagged', null),
        }),
        fc.record({
          trunks: maybe(fc.array(fc.integer({ min: 0, max: 4094 }), { maxLength: 4 })),
          vlan_mode: fc.constant('trunk'),
          tag: fc.constant(null),
        }),
      );
      const kind = fc.constantFrom(
        { name: 'eth1', type: 'system' },
        { name: 'i0', type: 'internal' },
        { name: 'vx-to-another-hypervisor', type: 'vxlan', options: { remote_ip: '10.0.0.9', key: 'flow' } },
      );
      const rest = fc
        .record({
          bridge: fc.constantFrom(...bridges),
          external_ids: maybe(map),
          other_config: maybe(map),
          interface_external_ids: maybe(map),
          ofport_request: maybe(fc.integer({ min: 1, max: 65_279 })),
          lacp: maybe(fc.constantFrom('active', 'passive', 'off', null)),
          replace: fc.boolean(),
        })
        .chain((one) => vlans.map((two) => ({ ...one, ...two })));
      const params = fc.tuple(rest, kind).map(([one, two]) => ({ ...one, ...two }));
      fc.assert(
        fc.property(params, rest, (first, second) => {
          const before = ovsSnapshot(host);
          const done = apply(ovsPort, first, host);
          expect(done.left).toEqual([]);
          expect(read(ovsPort, first, host).changes).toEqual([]);
          const then = apply(ovsPort, { ...first, trunks: null, ...second }, host);
          expect(then.left).toEqual([]);
          then.undo();
          done.undo();
          expect(ovsSnapshot(host)).toBe(before);
        }),
        { numRuns: 12, endOnFailure: true },
      );
      expect(host.run('ls /pwned').code).not.toBe(0);
    } finally {
      host.close();
    }
  }, 60_000);
});
