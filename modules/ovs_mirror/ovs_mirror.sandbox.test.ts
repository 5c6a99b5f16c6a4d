import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createOvsSandbox, ovsSnapshot, type OvsSandbox } from '../../src/sdk/testing/ovs.ts';
import { ovsMirror } from './index.ts';

const ports = ['vnet0', 'vnet1', 'ids0', 'ids1'];

describe.each([['bash'], ['busybox sh']])('ovs_mirror under %s', (shell) => {
  let host: OvsSandbox;
  beforeAll(async () => {
    host = await createOvsSandbox({ shell: shell.split(' ') });
    host.look(`for b in ovs-br0 br1; do ovs-vsctl add-br $b -- set Bridge $b datapath_type=netdev; done
for p in ${ports.join(' ')}; do ovs-vsctl add-port ovs-br0 $p -- set Interface $p type=internal; done`);
  });
  afterAll(() => host.close());
  afterEach(() => void host.look('for b in ovs-br0 br1; do ovs-vsctl clear Bridge $b mirrors; done'));
  // The mirror with the names of its ports.
  const looks = (): string =>
    `${ovsSnapshot(host)}${host.look('for c in select_src_port select_dst_port output_port; do for u in $(ovs-vsctl --bare --columns=$c list Mirror); do ovs-vsctl get Port $u name; done; done')}`;

  it.each(ovsMirror.examples.map((example) => [example.title, example.params]))('example: %s', (_, params) => {
    const before = looks();
    const done = apply(ovsMirror, params, host);
    expect(done.left).toEqual([]);
    const again = apply(ovsMirror, params, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    expect(again.now ?? {}).toMatchObject(JSON.parse(JSON.stringify(again.want ?? {})) as object);
    done.undo();
    expect(looks()).toBe(before);
  });

  it('copies frames', () => {
    const params = { bridge: 'ovs-br0', name: 'm0', select_src_port: ['vnet0'], output_port: 'ids0' };
    expect(apply(ovsMirror, params, host).left).toEqual([]);
    host.look(`for p in ${ports.join(' ')}; do ip link set $p up; done; ip addr add 10.5.0.1/24 dev vnet0`);
    host.run('ping -c 2 -W 1 -I vnet0 10.5.0.2');
    const copied = host.look('ovs-vsctl get Mirror m0 statistics:tx_packets; ovs-ofctl dump-ports ovs-br0 ids0');
    expect(copied).toMatch(/tx pkts=[1-9]/);
    host.look('ip addr flush dev vnet0');
  });

  it('replaces stale mirrors of the same name, on this bridge only, and brings them back', () => {
    host.look(`ovs-vsctl -- --id=@o get Port ids0 -- --id=@m create Mirror name=m0 select_all=true output_port=@o external_ids:a=b -- add Bridge ovs-br0 mirrors @m
ovs-vsctl -- --id=@o get Port ids1 -- --id=@m create Mirror name=m0 select_all=true output_port=@o snaplen=99 -- add Bridge ovs-br0 mirrors @m
ovs-vsctl -- --id=@m create Mirror name=m0 select_all=true output_vlan=7 -- add Bridge br1 mirrors @m
ovs-vsctl -- --id=@m create Mirror name=other select_all=true output_vlan=8 -- add Bridge ovs-br0 mirrors @m`);
    const before = looks();
    const done = apply(
      ovsMirror,
      { bridge: 'ovs-br0', name: 'm0', select_dst_port: ['vnet1'], output_port: 'ids1' },
      host,
    );
    expect(done.left).toEqual([]);
    expect(host.look('ovs-vsctl --bare --columns=name list Mirror | sort | uniq -c')).toMatch(/2 m0\s+1 other/);
    done.undo();
    expect(looks().split('\n').toSorted()).toEqual(before.split('\n').toSorted());
    apply(ovsMirror, { bridge: 'ovs-br0', name: 'm0', state: 'absent' }, host);
    expect(host.look('ovs-vsctl --bare --columns=name,output_vlan list Mirror | grep -c .')).toBe('4\n');
  });

  it('sees a port that went away, and refuses what cannot be', () => {
    host.look('ovs-vsctl add-port ovs-br0 gone -- set Interface gone type=internal');
    const params = { bridge: 'ovs-br0', name: 'm0', select_src_port: ['vnet0', 'gone'], output_port: 'ids0' };
    apply(ovsMirror, params, host);
    host.look('ovs-vsctl del-port gone');
    expect(() => read(ovsMirror, params, host)).toThrow('gone is no port of ovs-br0');
    expect(read(ovsMirror, { ...params, select_src_port: ['vnet0'] }, host).changes).toEqual([]);
    expect(() =>
      read(ovsMirror, { bridge: 'ovs-br0', name: 'm1', select_src_port: ['ids0'], output_port: 'ids1' }, host),
    ).toThrow('ids0 gets the copies of the mirror m0, and carries nothing else');
    expect(() => read(ovsMirror, { ...params, bridge: 'br7' }, host)).toThrow('the bridge br7 does not exist');
    expect(read(ovsMirror, { bridge: 'br7', name: 'm0', state: 'absent' }, host).changes).toEqual([]);
  });

  it('keeps any text, and is there after it was applied', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((word) => !word.includes('\0')),
      fc.constantFrom(`'"\\$(touch /pwned)\``, 'a\nb', '--', '@m', '*'),
    );
    const params = fc.record({
      name: text,
      select_src_port: fc.subarray(['vnet0', 'vnet1'], { minLength: 1 }),
      select_dst_port: fc.subarray(['vnet0', 'vnet1']),
      output_port: fc.constantFrom('ids0', 'ids1'),
      select_vlan: fc.array(fc.integer({ min: 0, max: 4094 }), { maxLength: 3 }),
      external_ids: fc.dictionary(text, text, { maxKeys: 2 }),
    });
    fc.assert(
      fc.property(params, (given) => {
        const before = looks();
        const done = apply(ovsMirror, { bridge: 'ovs-br0', ...given }, host);
        expect(done.left).toEqual([]);
        expect(read(ovsMirror, { bridge: 'ovs-br0', ...given }, host).changes).toEqual([]);
        done.undo();
        expect(looks()).toBe(before);
      }),
      { numRuns: 6, endOnFailure: true },
    );
    expect(host.run('ls /pwned').code).not.toBe(0);
  });
});
