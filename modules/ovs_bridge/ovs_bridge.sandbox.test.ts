import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createOvsSandbox, ovsSnapshot, type OvsSandbox } from '../../src/sdk/testing/ovs.ts';
import { createSandbox } from '../../src/sdk/testing/sandbox.ts';
import { ovsBridge } from './index.ts';

/** Without what is left alone. */
const given = (want: unknown): object => JSON.parse(JSON.stringify(want ?? {})) as object;
const base = { name: 'br0', datapath_type: 'netdev' };

describe.each([['dash'], ['busybox sh']])('ovs_bridge under %s', (shell) => {
  let host: OvsSandbox;
  beforeAll(async () => {
    // An uplink with an address, for the example that moves it.
    const setup =
      'ip link add name eth1 type veth peer name far1; ip link set far1 up; ip link set eth1 up; ip address add 10.0.1.1/24 dev eth1';
    host = await createOvsSandbox({ shell: shell.split(' '), setup });
  }, 30_000);
  afterAll(() => host.close());
  afterEach(() => void host.look('for b in $(ovs-vsctl list-br); do ovs-vsctl --if-exists del-br $b; done'));
  const get = (column: string): string => host.look(`ovs-vsctl get Bridge br0 ${column}`).trim();

  it.each(
    ovsBridge.examples.filter(({ needs }) => needs === undefined).map((example) => [example.title, example.params]),
  )('example: %s', (_, params) => {
    const before = ovsSnapshot(host);
    const done = apply(ovsBridge, params, host);
    expect(done.left).toEqual([]);
    const again = apply(ovsBridge, params, host);
    expect([again.changes, again.steps]).toEqual([[], []]);
    expect(again.now ?? {}).toMatchObject(given(again.want));
    done.undo();
    expect(ovsSnapshot(host)).toBe(before);
  });

  it('sees and repairs what others changed, and leaves what they added', () => {
    const params = { ...base, fail_mode: 'secure', other_config: { hwaddr: '02:00:00:00:00:01' }, stp: 'on' };
    apply(ovsBridge, params, host);
    host.look(
      'ovs-vsctl set-fail-mode br0 standalone -- set Bridge br0 stp_enable=false other_config:hwaddr=02:00:00:00:00:02 other_config:mac-table-size=100',
    );
    const done = apply(ovsBridge, params, host);
    expect(done.changes.map(({ path }) => path).toSorted()).toEqual(['fail_mode', 'other_config.hwaddr', 'stp']);
    expect(done.steps).toHaveLength(2);
    expect(done.left).toEqual([]);
    expect(get('other_config')).toBe('{hwaddr="02:00:00:00:00:01", mac-table-size="100"}');
    expect(apply(ovsBridge, { ...params, replace: true }, host).left).toEqual([]);
    expect(get('other_config')).toBe('{hwaddr="02:00:00:00:00:01"}');
    done.undo();
    expect(get('fail_mode')).toBe('standalone');
  });

  it('leaves alone what is not named, and goes back to the default on null', () => {
    apply(ovsBridge, { ...base, fail_mode: 'secure', protocols: ['OpenFlow13'], other_config: { a: 'b' } }, host);
    expect(apply(ovsBridge, base, host).changes).toEqual([]);
    expect(get('fail_mode')).toBe('secure');
    const reset = { ...base, fail_mode: null, protocols: null, controllers: null, other_config: { a: null, c: null } };
    const done = apply(ovsBridge, reset, host);
    expect(done.left).toEqual([]);
    expect([get('fail_mode'), get('protocols'), get('other_config')]).toEqual(['[]', '[]', '{}']);
    done.undo();
    expect([get('fail_mode'), get('protocols'), get('other_config')]).toEqual(['secure', '[OpenFlow13]', '{a=b}']);
  });

  it('[obs] no fail mode and standalone are two things, the order of protocols is none', () => {
    apply(ovsBridge, { ...base, protocols: ['OpenFlow14', 'OpenFlow10'] }, host);
    expect(read(ovsBridge, { ...base, protocols: ['OpenFlow10', 'OpenFlow14'] }, host).changes).toEqual([]);
    expect(read(ovsBridge, { ...base, fail_mode: 'standalone' }, host).changes).toEqual([
      { path: 'fail_mode', from: null, to: 'standalone' },
    ]);
  });

  it('[obs] takes an unset datapath type for system, and writes none', () => {
    host.look('ovs-vsctl --no-wait add-br br0');
    expect(get('datapath_type')).toBe('""');
    // This kernel has no datapath of Open vSwitch: what stands in the database is all there is.
    expect(read(ovsBridge, { name: 'br0', datapath_type: 'system' }, host).changes.map(({ path }) => path)).toEqual([
      'error',
    ]);
  });

  it('changes controllers, keeping what was set on them by others', () => {
    const one = { ...base, controllers: ['tcp:127.0.0.1:6653'] };
    apply(ovsBridge, one, host);
    host.look('ovs-vsctl set Controller br0 other_config:dscp=10 external_ids:who=me');
    const before = ovsSnapshot(host);
    expect(apply(ovsBridge, one, host).changes).toEqual([]);
    const two = {
      ...base,
      controllers: [
        { target: 'tcp:127.0.0.1:6653', inactivity_probe: 5000, connection_mode: 'out-of-band' },
        'ptcp:6690',
      ],
    };
    const done = apply(ovsBridge, two, host);
    expect(done.left).toEqual([]);
    expect(host.look('ovs-vsctl get-controller br0')).toBe('ptcp:6690\ntcp:127.0.0.1:6653\n');
    expect(
      host.look('ovs-vsctl --no-headings --columns=other_config,external_ids find Controller inactivity_probe=5000'),
    ).toContain('{dscp="10"}');
    expect(apply(ovsBridge, two, host).steps).toEqual([]);
    done.undo();
    expect(ovsSnapshot(host)).toBe(before);
    expect(apply(ovsBridge, { ...base, controllers: [] }, host).left).toEqual([]);
    expect(get('controller')).toBe('[]');
    expect(host.look('ovs-vsctl --no-headings list Controller')).toBe('');
  });

  it('brings back a bridge with all that was on it', () => {
    host.look(`ip link add v0 type veth peer name v1; ip link add v2 type veth peer name v3; ip link add v4 type veth peer name v5
ovs-vsctl add-br br0 -- set Bridge br0 datapath_type=netdev other_config:hwaddr=02:00:00:00:00:01 external_ids:'"a b"'='"c\\"d"' \\
 -- set Port br0 tag=5 -- set Interface br0 mtu_request=1400 \\
 -- add-port br0 v0 tag=10 -- set Interface v0 ofport_request=7 external_ids:iface-id=x \\
 -- add-bond br0 bond0 v2 v4 bond_mode=balance-slb -- set Interface v2 other_config:k=v \\
 -- add-port br0 vx -- set Interface vx type=vxlan options:remote_ip=10.0.0.1 options:key=flow \\
 -- --id=@q create QoS type=linux-noop -- set Port v0 qos=@q \\
 -- --id=@a get Port v0 -- --id=@o get Port vx -- --id=@m create Mirror name=m0 select_src_port=@a output_port=@o snaplen=100 -- set Bridge br0 mirrors=@m
ovs-vsctl add-br fake br0 55`);
    const before = ovsSnapshot(host);
    const qos = host.look('ovs-vsctl get Port v0 qos');
    const gone = apply(ovsBridge, { name: 'br0', state: 'absent' }, host);
    expect(gone.left).toEqual([]);
    expect(host.look('ovs-vsctl list-br')).toBe('');
    gone.undo();
    expect(ovsSnapshot(host)).toBe(before);
    expect(host.look('ovs-vsctl get Port v0 qos')).toBe(qos);
    expect(host.look('ovs-vsctl get Interface v0 ofport')).toBe('7\n');
    expect(host.look('ovs-vsctl get Bridge br0 mirrors')).toMatch(/[0-9a-f]{8}/);
    host.look('ovs-vsctl del-br br0 -- --all destroy QoS; for i in 0 2 4; do ip link del v$i; done');
  });

  it('[obs] takes a bridge back that cannot be set up, which ovs-vsctl calls a success', () => {
    const plain = host.run('ovs-vsctl add-br br0; echo $?; ovs-vsctl list-br');
    expect(plain.stdout).toBe('0\nbr0\n');
    expect(plain.stderr).toContain("Error detected while setting up 'br0'");
    host.look('ovs-vsctl del-br br0');
    expect(() => apply(ovsBridge, { name: 'br0' }, host)).toThrow('Open vSwitch cannot set up br0: see the log');
    expect(host.look('ovs-vsctl list-br')).toBe('');
  });

  it('[obs] the change is in the database when ovs-vsctl gives up waiting, so what is read counts', () => {
    host.look('ovs-vsctl add-br br0 -- set Bridge br0 datapath_type=netdev');
    host.stopSwitch();
    try {
      expect(host.run('ovs-vsctl --timeout=1 set Bridge br0 fail_mode=secure').code).toBe(142);
      expect(get('fail_mode')).toBe('secure');
      expect(read(ovsBridge, { ...base, fail_mode: 'secure' }, host).changes).toEqual([]);
    } finally {
      host.startSwitch();
    }
  });

  it('refuses what is in the way', () => {
    host.look(
      'ip link add v0 type veth peer name v1; ovs-vsctl add-br br0 -- set Bridge br0 datapath_type=netdev -- add-port br0 v0; ovs-vsctl add-br fake br0 5',
    );
    const failing = (params: object) => () => read(ovsBridge, params, host);
    expect(failing({ name: 'v0' })).toThrow('v0 is a port of the bridge br0');
    expect(failing({ name: 'v1' })).toThrow('a network interface v1 exists and is none of Open vSwitch');
    expect(failing({ name: 'fake' })).toThrow('fake is a fake bridge: a VLAN of br0');
    host.look('ovs-vsctl set Bridge br0 stp_enable=true');
    expect(failing({ ...base, rstp: true })).toThrow('br0 has stp on, and both exclude each other');
    expect(apply(ovsBridge, { ...base, rstp: true, stp: false }, host).left).toEqual([]);
    host.look('ip link del v0');
  });

  it('keeps any text, whatever is in it', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !text.includes('\0'));
    const nasty = fc.constantFrom(
      `'"\\$(touch /pwned)\`id\``,
      'a\nb\tc',
      '{}',
      '[]',
      '-- del-br br0',
      '@x',
      '"',
      '\u0001',
      'true',
      '1',
    );
    const map = fc.dictionary(fc.oneof(word, nasty), fc.oneof(word, nasty, fc.constant('')), { maxKeys: 4 });
    fc.assert(
      fc.property(map, map, fc.boolean(), (external_ids, other_config, stp) => {
        const params = { ...base, external_ids, other_config, stp, replace: true };
        expect(apply(ovsBridge, params, host).left).toEqual([]);
        expect(read(ovsBridge, params, host).changes).toEqual([]);
      }),
      { numRuns: 8, endOnFailure: true, examples: [[{ __proto__x: '1', a: `'"\\$(x)\n` }, {}, false]] },
    );
    expect(host.run('ls /pwned').code).not.toBe(0);
  });
});

describe('a host without Open vSwitch', () => {
  it('says what is missing, and what is absent is absent', async () => {
    const host = await createSandbox();
    try {
      expect(() => read(ovsBridge, { name: 'br0' }, host)).toThrow('Open vSwitch is not running');
      host.look('rm -f $(command -v ovs-vsctl)');
      expect(() => read(ovsBridge, { name: 'br0' }, host)).toThrow('ovs-vsctl is not installed');
      expect(read(ovsBridge, { name: 'br0', state: 'absent' }, host).changes).toEqual([]);
    } finally {
      host.close();
    }
  });
});
