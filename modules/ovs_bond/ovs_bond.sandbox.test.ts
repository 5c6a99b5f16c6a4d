import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createOvsSandbox, ovsSnapshot, type OvsSandbox } from '../../src/sdk/testing/ovs.ts';
import { ovsBond } from './index.ts';

const base = { bridge: 'ovs-br0', name: 'bond0', interfaces: ['eth1', 'eth2'] };

describe('ovs_bond', () => {
  let host: OvsSandbox;
  beforeAll(async () => {
    host = await createOvsSandbox();
    host.look(`for i in 1 2 3; do ip link add eth$i type veth peer name far$i; done
for b in ovs-br0 br1; do ovs-vsctl add-br $b -- set Bridge $b datapath_type=netdev; done`);
  });
  afterAll(() => host.close());
  afterEach(
    () =>
      void host.look(
        'for p in $(ovs-vsctl list-ports ovs-br0) $(ovs-vsctl list-ports br1); do ovs-vsctl del-port $p; done',
      ),
  );

  it.each(
    ovsBond.examples.filter(({ needs }) => needs === undefined).map((example) => [example.title, example.params]),
  )('example: %s', (_, params) => {
    const before = ovsSnapshot(host);
    const done = apply(ovsBond, params, host);
    expect(done.left).toEqual([]);
    const again = apply(ovsBond, params, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    expect(again.now ?? {}).toMatchObject(JSON.parse(JSON.stringify(again.want ?? {})) as object);
    done.undo();
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('[obs] changes members in place, which --may-exist add-bond does not', () => {
    host.look(
      'ovs-vsctl add-bond ovs-br0 bond0 eth1 eth2 -- set Interface eth1 external_ids:who=me ingress_policing_rate=5',
    );
    expect(host.run('ovs-vsctl --may-exist add-bond ovs-br0 bond0 eth1 eth3').code).toBe(1);
    const before = ovsSnapshot(host);
    const id = host.look('ovs-vsctl get Port bond0 _uuid');
    const done = apply(ovsBond, { ...base, interfaces: ['eth2', 'eth3'] }, host);
    expect(done.changes.map(({ path }) => path)).toEqual(['interfaces[eth1]', 'interfaces[eth3]']);
    expect(done.left).toEqual([]);
    expect(host.look('ovs-vsctl get Port bond0 _uuid')).toBe(id);
    expect(host.look('ovs-appctl bond/show bond0 | grep -c "^member eth[23]"')).toBe('2\n');
    done.undo();
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('takes unset for the default, sees what others changed, and moves', () => {
    apply(ovsBond, base, host);
    expect(read(ovsBond, { ...base, bond_mode: 'active-backup', lacp: 'off', bond_updelay: 0 }, host).changes).toEqual(
      [],
    );
    host.look('ovs-vsctl set Port bond0 bond_mode=balance-slb lacp=active');
    const done = apply(
      ovsBond,
      { ...base, bond_mode: 'active-backup', lacp: null, interfaces: ['eth1', { name: 'eth2', mtu_request: 1400 }] },
      host,
    );
    expect(done.changes.map(({ path }) => path).toSorted()).toEqual([
      'bond_mode',
      'interfaces[eth2].mtu_request',
      'lacp',
    ]);
    expect(done.left).toEqual([]);
    const before = ovsSnapshot(host);
    const moved = apply(ovsBond, { ...base, bridge: 'br1' }, host);
    expect(moved.left).toEqual([]);
    expect(host.look('ovs-vsctl list-ports br1')).toBe('bond0\n');
    expect(read(ovsBond, { ...base, state: 'absent' }, host).changes).toEqual([]);
    moved.undo();
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('takes a bond back whose member does not come up', () => {
    expect(() => apply(ovsBond, { ...base, interfaces: ['eth1', 'nic9'] }, host)).toThrow('cannot set up nic9');
    expect(
      host.look('ovs-vsctl list-ports ovs-br0; ovs-vsctl --no-headings --columns=name find Interface name=nic9'),
    ).toBe('');
    apply(ovsBond, base, host);
    const before = ovsSnapshot(host);
    expect(() => apply(ovsBond, { ...base, interfaces: ['eth1', 'nic9'] }, host)).toThrow('cannot set up nic9');
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('refuses what is in the way', () => {
    const failing = (params: object) => () => read(ovsBond, { ...base, ...params }, host);
    host.look('ovs-vsctl add-port ovs-br0 eth3 -- add-bond br1 bond1 eth1 far1');
    expect(failing({ name: 'eth3' })).toThrow('eth3 is a port with one interface, no bond');
    expect(failing({ interfaces: ['eth2', 'eth3'] })).toThrow('eth3 is a port on ovs-br0');
    expect(failing({})).toThrow('eth1 is a member of bond1 on br1');
    expect(failing({ bridge: 'br7' })).toThrow('the bridge br7 does not exist in Open vSwitch');
    expect(failing({ interfaces: ['eth2', { name: 'd0', type: 'dpdk' }] })).toThrow('has no interfaces of type dpdk');
    expect(failing({ interfaces: ['eth2', 'far2'], bond_mode: 'balance-tcp' })).toThrow('works with LACP only');
  });

  it('is there after it was applied, and gone after undo, whatever the parameters', () => {
    const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
    const params = fc.record({
      bridge: fc.constantFrom('ovs-br0', 'br1'),
      interfaces: fc.shuffledSubarray(['eth1', 'eth2', 'eth3'], { minLength: 2 }),
      bond_mode: maybe(fc.constantFrom('active-backup', 'balance-slb', null)),
      lacp: maybe(fc.constantFrom('active', 'passive', 'off', null)),
      bond_updelay: maybe(fc.nat(5000)),
      trunks: maybe(fc.array(fc.integer({ min: 0, max: 4094 }), { maxLength: 3 })),
      other_config: maybe(
        fc.dictionary(
          fc.string({ minLength: 1, maxLength: 5 }),
          fc.string({ unit: 'grapheme', maxLength: 5 }).filter((text) => !text.includes('\0')),
        ),
      ),
      replace: fc.boolean(),
    });
    fc.assert(
      fc.property(params, params, (first, second) => {
        const before = ovsSnapshot(host);
        const one = apply(ovsBond, { name: 'bond0', ...first }, host);
        const two = apply(ovsBond, { name: 'bond0', ...second }, host);
        expect([one.left, two.left]).toEqual([[], []]);
        expect(read(ovsBond, { name: 'bond0', ...second }, host).changes).toEqual([]);
        two.undo();
        one.undo();
        expect(ovsSnapshot(host)).toBe(before);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
