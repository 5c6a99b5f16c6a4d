import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { bridge } from './index.ts';
import { itWhere } from '../../src/sdk/testing/it-where.ts';

const setup = `
for i in 1 2 3; do ip link add name eth$i type veth peer name far$i; ip link set far$i up; ip link set eth$i up; done
ip link add name vnet0 type veth peer name guest`;

describe.each([['sh'], ['bash'], ['busybox sh']])('bridge under %s', (shell) => {
  // The other shells prove the snippets, not all of the module once more.
  const all = shell === 'sh';
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' '), setup });
  });
  afterAll(() => host.close());
  const everything = (): string =>
    host.look(
      'ls /sys/class/net; ip -br link show | sed "s/@[^ ]*//" | sort; ip -o -4 addr | sed "s/^[0-9]*: //"; ip route',
    );

  it('moves the addresses and routes of the uplink in one go, and back', () => {
    host.look(
      'ip addr add 10.0.0.1/24 dev eth1; ip addr add fd00::1/64 dev eth1 nodad; ip route add default via 10.0.0.254; ip route add 10.8.0.0/16 via 10.0.0.253 metric 7',
    );
    const before = everything();
    const params = { name: 'br0', ports: ['eth1'], move_ip_from: 'eth1', stp: 'no' };
    const done = apply(bridge, params, host);
    expect(done.left).toEqual([]);
    expect(apply(bridge, params, host).steps).toEqual([]);
    expect(host.look('ip route')).toMatch(
      /default via 10\.0\.0\.254 dev br0[^]*10\.8\.0\.0\/16 via 10\.0\.0\.253 dev br0 metric 7/,
    );
    expect(host.look('ip addr show dev eth1')).not.toContain('10.0.0.1');
    expect(host.look('ip addr show dev br0')).toMatch(/10\.0\.0\.1\/24[^]*fd00::1\/64/);
    expect(host.look('cat /sys/class/net/br0/address')).toBe(host.look('cat /sys/class/net/eth1/address'));
    done.undo();
    expect(everything()).toBe(before);
    expect(host.look('ip -6 addr show dev eth1')).toContain('fd00::1/64');
    host.look('ip addr flush dev eth1 scope global');
  });

  it('[obs] a port keeps its address and route otherwise, and is of no use any more', () => {
    host.look('ip addr add 10.0.0.1/24 dev eth1; ip link add name brx type bridge; ip link set eth1 master brx');
    expect(host.look('ip route; ip addr show dev eth1')).toMatch(/10\.0\.0\.0\/24 dev eth1[^]*10\.0\.0\.1\/24/);
    host.look('ip link del brx; ip addr flush dev eth1 scope global');
  });

  it('[obs] reads the hundredths of a second that the tools print as seconds', () => {
    host.look('ip link add name brx type bridge ageing_time 30000 forward_delay 400');
    expect(host.look('ip -d -j link show dev brx')).toMatch(/"forward_delay":400,[^]*"ageing_time":30000,/);
    const { now, changes } = read(bridge, { name: 'brx', ageing_time: 300, forward_delay: 4 }, host);
    expect(now).toMatchObject({ ageing_time: 300, forward_delay: 4 });
    expect(changes.map(({ path }) => path)).toEqual(['up']);
    host.look('ip link del brx');
  });

  itWhere(all)('takes the short ageing of a changing spanning tree for no difference', () => {
    const params = { name: 'brx', ports: ['eth1'], stp: true, forward_delay: 2, ageing_time: 300 };
    apply(bridge, params, host);
    host.look(
      'n=0; until [ $(cat /sys/class/net/brx/bridge/topology_change) = 1 ]; do n=$((n+1)); [ $n -lt 300 ]; sleep 0.1; done',
    );
    expect(host.look('cat /sys/class/net/brx/bridge/ageing_time')).toBe('400\n');
    const { now, changes, seen } = read(bridge, params, host);
    expect(changes).toEqual([]);
    expect(bridge.warnings?.(bridge.params.parse(params), now as never, seen as never)).toEqual([
      'the spanning tree of brx changes, and until it is settled nobody can see its ageing_time: look again in a minute',
    ]);
    // What is written while it changes is written whole.
    const other = apply(bridge, { ...params, ageing_time: 60, forward_delay: 3 }, host);
    expect(other.left).toEqual([]);
    host.look('ip link set brx type bridge stp_state 0');
    expect(host.look('cat /sys/class/net/brx/bridge/ageing_time')).toBe('6000\n');
    apply(bridge, { name: 'brx', state: 'absent' }, host);
  });

  it('makes, changes, repairs and removes', () => {
    const before = everything();
    const params = {
      name: 'br1',
      ports: ['eth1', 'eth2'],
      stp: true,
      forward_delay: 4,
      ageing_time: 60,
      mcast_snooping: false,
      mtu: 1400,
      addresses: ['10.1.0.1/24'],
      mac: '02:00:00:00:00:01',
    };
    const done = apply(bridge, params, host);
    expect(done.left).toEqual([]);
    expect(
      host.look('cd /sys/class/net/br1/bridge; cat stp_state forward_delay ageing_time multicast_snooping'),
    ).toMatch(/^[12]\n400\n6000\n0\n$/);
    host.look('ip link set eth2 nomaster; ip link set br1 down type bridge ageing_time 100');
    const repair = apply(bridge, params, host);
    expect(repair.changes.map((change) => change.path).toSorted()).toEqual(['ageing_time', 'ports', 'up']);
    expect(repair.left).toEqual([]);
    const other = apply(bridge, { name: 'br1', stp: false, forward_delay: 15 }, host);
    expect(other.left).toEqual([]);
    other.undo();
    expect(read(bridge, params, host).changes).toEqual([]);
    const gone = apply(bridge, { name: 'br1', state: 'absent' }, host);
    expect(gone.left).toEqual([]);
    gone.undo();
    expect(read(bridge, params, host).changes).toEqual([]);
    done.undo();
    expect(everything()).toBe(before);
  });

  it('brings its ports up, and undo has those down again that were', () => {
    host.look('ip link set eth1 up; ip link set eth2 down');
    apply(bridge, { name: 'br2', ports: ['eth1', 'eth2'] }, host).undo();
    const up = host.look('ip -o link show up');
    expect(up).toContain(': eth1@');
    expect(up).not.toContain(': eth2@');
    host.look('ip link set eth2 up');
  });

  itWhere(all)('leaves other ports alone, and those of virtual machines even when it purges', () => {
    apply(bridge, { name: 'br2', ports: ['eth2'] }, host);
    host.look('ip link set vnet0 master br2; ip link set eth3 master br2');
    expect(read(bridge, { name: 'br2', ports: ['eth2'] }, host).changes).toEqual([]);
    const purge = apply(bridge, { name: 'br2', ports: ['eth2'], purge_ports: true }, host);
    expect(purge.changes).toEqual([{ path: 'ports', from: ['eth2', 'eth3', 'vnet0'], to: ['eth2', 'vnet0'] }]);
    expect(purge.left).toEqual([]);
    purge.undo();
    expect(host.look('ls /sys/class/net/br2/brif')).toBe('eth2\neth3\nvnet0\n');
    apply(bridge, { name: 'br2', state: 'absent' }, host);
  });

  itWhere(all)('refuses what cannot be', () => {
    host.look('ip link add name brx type bridge; ip link set eth1 master brx');
    const failing = (params: object) => () => read(bridge, params, host);
    expect(failing({ name: 'br0', ports: ['eth1'] })).toThrow('eth1 is a port of brx');
    expect(failing({ name: 'br0', ports: ['eth9'] })).toThrow('the link eth9 (ports) does not exist');
    expect(failing({ name: 'eth2' })).toThrow('eth2 exists and is no Linux bridge');
    host.look('ip link del brx');
  });
});
