import { describe, expect, it } from 'vitest';
import { ovsAnswer } from '../../src/sdk/testing/ovs-answer.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { ovsDpdk } from './index.ts';

type Ports = Parameters<typeof ovsAnswer>[0][string]['ports'];
type Json = Ports[string]['interfaces'][string][string];

const machine = {
  stdout: ['pid 77', 'version DPDK 22.11.4', 'online 0-7', 'node 0 0-7', 'free 0 1048576 4', 'iommu'].concat(
    'pci 0000:05:00.0 vfio-pci 0',
    '',
  ),
};
const settingsOf = (rows: readonly (readonly Json[])[]) => ({
  stdout: [JSON.stringify({ headings: ['other_config', 'external_ids', 'dpdk_initialized'], data: rows }), ''],
});
const map = (values: Readonly<Record<string, string>>): Json => ['map', Object.entries(values)];
const on = settingsOf([[map({ 'dpdk-init': 'true' }), map({}), true]]);
const off = settingsOf([[map({}), map({}), false]]);
const host = (settings: { readonly stdout: readonly string[] }, ports: Ports = {}) => ({
  settings,
  ovs: { stdout: ovsAnswer({ br0: { columns: { datapath_type: 'netdev' }, ports } }) },
  machine,
});
const said = (params: object, outputs: Parameters<typeof replay>[2]) => replay(ovsDpdk, { params }, outputs);

const port = { bridge: 'br0', name: 'd0', devargs: '05:00.0' };
const ofD0 = (columns: Ports[string]['interfaces'][string] = {}): Ports => ({
  d0: { interfaces: { d0: { ofport: 1, type: 'dpdk', options: map({ 'dpdk-devargs': '0000:05:00.0' }), ...columns } } },
});
const database = 'ovs-vsctl: unix:/run/openvswitch/db.sock: database connection failed (No such file or directory)';

describe('a host', () => {
  it('without Open vSwitch is as it should be where nothing should be there', () => {
    const none = { settings: { code: 127 }, ovs: { code: 127 }, machine };
    expect(said({ state: 'absent' }, none)).toEqual({ state: null, changes: [], steps: [], undo: [] });
    expect(said({ init: true }, none).refused).toBe('ovs-vsctl is not installed');
    const p = ovsDpdk.params.parse({ state: 'absent' });
    expect(ovsDpdk.steps(null, null, p)).toEqual([]);
    expect(ovsDpdk.warnings?.(p, null, {} as never)).toEqual([]);
  });
  it.each([
    [database, 'Open vSwitch is not running'],
    [
      'ovs-vsctl: Open_vSwitch does not contain a column dpdk_initialized',
      'ovs-vsctl --format=json list failed with exit code 1: ovs-vsctl: Open_vSwitch does not contain a column dpdk_initialized',
    ],
  ])('that says %j is refused', (stderr, refused) => {
    const outputs = { settings: { code: 1, stderr: [stderr] }, ovs: { stdout: ovsAnswer({}) }, machine };
    expect(said({ init: true }, outputs).refused).toBe(refused);
  });
  it('whose database has only just been made has no settings', () => {
    const { state, changes } = said({}, host(settingsOf([])));
    expect([state, changes]).toEqual([expect.objectContaining({ init: null, extra: null, initialized: false }), []]);
  });
});

describe('ports', () => {
  it.each<[string, object, ReturnType<typeof host>, readonly string[], string | undefined, string | undefined]>([
    ['one that is there', { ports: [port] }, host(on, ofD0()), [], undefined, undefined],
    [
      'queues as many as the default, polled by whoever',
      { ports: [{ ...port, n_rxq: null, pmd_rxq_affinity: null }] },
      host(
        on,
        ofD0({
          options: map({ 'dpdk-devargs': '0000:05:00.0', n_rxq: '2' }),
          other_config: map({ 'pmd-rxq-affinity': '0:2' }),
        }),
      ),
      ['ports.d0.n_rxq: "2" -> null', 'ports.d0.pmd_rxq_affinity: "0:2" -> null'],
      'remove Interface d0 options "\\"n_rxq\\"" -- remove Interface d0 other_config "\\"pmd-rxq-affinity\\""',
      'set Interface d0 "options:\\"n_rxq\\"=\\"2\\"" "other_config:\\"pmd-rxq-affinity\\"=\\"0:2\\""',
    ],
    [
      'a socket that could not be opened, which nothing but its log tells more of',
      { vhost: [{ bridge: 'br0', name: 'v0', path: '/run/v0' }] },
      host(on, {
        v0: {
          interfaces: {
            v0: { ofport: -1, type: 'dpdkvhostuserclient', options: map({ 'vhost-server-path': '/run/v0' }) },
          },
        },
      }),
      ['ports.v0.error: "ovs-vswitchd could not set it up: see its log" -> null'],
      undefined,
      undefined,
    ],
  ])('%s', (_name, params, outputs, changes, forth, back) => {
    const { changes: found, steps = [], undo = [] } = said(params, outputs);
    const line = (command: string | undefined) =>
      command === undefined ? undefined : `ovs-vsctl --timeout=30 -- ${command}`;
    expect(found).toEqual(changes);
    expect([steps[0], undo[0]]).toEqual([line(forth), line(back)]);
  });
  it('go with DPDK, those that are there', () => {
    const vhost = [{ bridge: 'br0', name: 'v1', mode: 'server' }];
    const { changes, steps } = said({ ports: [port], vhost, state: 'absent' }, host(on, ofD0()));
    expect(changes).toEqual(['init: "true" -> null', expect.stringMatching(/^ports\.d0: .* -> null$/)]);
    expect(steps?.[0]).toBe('ovs-vsctl --timeout=30 -- --if-exists del-port br0 d0');
  });
  it('whose sockets are in the folder of Open vSwitch have no device', () => {
    const v0 = { interfaces: { v0: { ofport: 2, type: 'dpdkvhostuser' } } };
    const vhost = [{ bridge: 'br0', name: 'v0', mode: 'server' }];
    const { state, changes } = said({ vhost }, host(on, { v0 }));
    expect([state?.['ports'], changes]).toEqual([{ v0: expect.objectContaining({ device: null }) }, []]);
  });
  it('are no matter for a task without DPDK', () => {
    const { changes, warnings } = said({ init: false }, host(on));
    expect([changes, warnings]).toEqual([['init: "true" -> null'], undefined]);
  });
  it('are not taken out of a bond', () => {
    const bond0 = { interfaces: { d0: { ofport: 1 }, d1: { ofport: 2 } } };
    expect(said({ ports: [port] }, host(on, { bond0 }))).toEqual({
      refused: 'd0 is a member of the bond bond0',
      hint: 'a bond has its members in ovs_bond',
    });
  });
  it('of virtual devices wait for DPDK, whether the task or the host asks for it', () => {
    const ports = [{ bridge: 'br0', name: 'n0', devargs: 'net_null0' }];
    const asked = settingsOf([[map({ 'dpdk-init': 'true' }), map({}), false]]);
    const waiting = ['n0 will be made once DPDK runs'];
    expect(said({ init: true, ports }, host(off))).toMatchObject({
      changes: ['init: null -> "true"'],
      warnings: waiting,
    });
    expect(said({ ports }, host(asked))).toMatchObject({ changes: [], warnings: waiting });
    expect(said({ ports }, host(off)).refused).toBe('n0 needs DPDK, and Open vSwitch starts without it');
  });
});
