import { describe, expect, it } from 'vitest';
import { ovsAnswer } from '../../src/sdk/testing/ovs-answer.ts';
import { recordedReading, replay } from '../../src/sdk/testing/recorded.ts';
import { ovsPort } from './index.ts';
import type { State } from './read.ts';

const own = { br0: { interfaces: { br0: { ofport: 65_534, type: 'internal' } } } };
const port = (
  name: string,
  columns: Parameters<typeof ovsAnswer>[0][string]['ports'][string]['interfaces'][string] = {},
) => ({
  [name]: { interfaces: { [name]: { ofport: 3, ...columns } } },
});
const host = (ports: Parameters<typeof ovsAnswer>[0][string]['ports'], types: readonly string[] = []) => ({
  ovs: { stdout: ovsAnswer({ br0: { ports: { ...own, ...ports } }, br1: { ports: {} } }, types) },
});
const said = (params: object, outputs: ReturnType<typeof host>) =>
  replay(ovsPort, { params: { bridge: 'br0', name: 'p0', ...params } }, outputs);

describe('a host is refused', () => {
  it.each<[string, object, ReturnType<typeof host>, string]>([
    [
      'that does not know the type',
      { type: 'afxdp' },
      host({}, ['internal', 'vxlan']),
      'Open vSwitch on this host has no ports of type afxdp',
    ],
    [
      'whose DPDK is not there yet',
      { type: 'dpdk' },
      host({}, ['internal']),
      'Open vSwitch on this host has no ports of type dpdk',
    ],
    ['whose bridge has lost its own port', { bridge: 'br1', name: 'br1' }, host({}), 'br1 cannot be a port of itself'],
    [
      'whose port has an interface of another name',
      {},
      host({ p0: { interfaces: { eth1: {} } } }),
      'p0 is a bond of eth1',
    ],
    [
      'where another asks for the number',
      { ofport_request: 7 },
      host(port('p7', { ofport_request: 7 })),
      'p7 already asks for the OpenFlow port 7',
    ],
  ])('%s', (_name, params, outputs, message) => {
    expect(said(params, outputs).refused).toBe(message);
  });
  it('with what it has in place of the type', () => {
    expect(said({ type: 'afxdp' }, host({}, ['vxlan', 'internal'])).hint).toBe('it has vxlan, internal');
    expect(said({ type: 'dpdk' }, host({}, ['internal'])).hint).toBe('initialise DPDK first: ovs_dpdk: { init: true }');
  });
});

describe('a host is taken as it is', () => {
  it.each<[string, object, ReturnType<typeof host>, object]>([
    [
      'that does not say which types it knows',
      { type: 'geneve', options: { remote_ip: '10.0.0.2' } },
      host({}),
      { state: null, touches: 'none' },
    ],
    [
      'whose port of no type is not named',
      {},
      host(port('p0', { type: 'system' })),
      { state: { type: null, bridge: 'br0' }, changes: [] },
    ],
    [
      'whose port is on another bridge than the one that goes',
      { bridge: 'br1', state: 'absent' },
      host(port('p0')),
      { state: null, changes: [], steps: [] },
    ],
    [
      'whose patch waits for its peer',
      {},
      host(
        port('p0', {
          type: 'patch',
          options: ['map', [['peer', 'p1']]],
          error: "No usable peer 'p1' exists in 'system' datapath.",
        }),
      ),
      { changes: [], warnings: ['p0 carries nothing until its peer p1 is there'] },
    ],
  ])('%s', (_name, params, outputs, expected) => {
    expect(said(params, outputs)).toMatchObject(expected);
  });
  it('warns of no peer that has no name', () => {
    const broken = port('p0', { type: 'patch', error: "No usable peer 'p1' exists in 'system' datapath." });
    expect(said({}, host(broken))).not.toHaveProperty('warnings');
  });
  it('tells the number of a port, where there is one', () => {
    const { p, now } = recordedReading(ovsPort, { params: { bridge: 'br0', name: 'p0' }, outputs: host(port('p0')) });
    expect(ovsPort.returns?.(p as never, now as State | null)).toEqual({ ofport: 3 });
    expect(ovsPort.returns?.(p as never, null)).toEqual({ ofport: null });
  });
  it('warns of no loop on a bridge that is not there', () => {
    const seen = {
      ovs: { bridges: [], interfaceTypes: [] },
      around: { addresses: ['10.0.0.1/24'], devices: ['p0'] },
      files: [],
    };
    expect(ovsPort.warnings?.(ovsPort.params.parse({ bridge: 'br9', name: 'p0' }), null, seen)).toEqual([
      'p0 has 10.0.0.1/24: addresses on a port do not work, give them to br9 with link',
    ]);
  });
});
